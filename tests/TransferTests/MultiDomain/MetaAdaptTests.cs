// Meta-learning with a domain-adversarial term: its gradient against the two losses that it is made
// of, resuming, and that the domains are told apart less than without it.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public class MetaAdaptTests
{
    private const int Steps = 400;

    [Fact]
    public void TheNetworkLearnsTheTasksAndAgainstTheCritic()
    {
        // What the network lowers is the meta-loss minus the reversal's weight times the critic's
        // loss; the critic lowers its own. Both are confirmed by differences.
        Mlp net = Mlp.Create(
            Key.From(2), [8, 5, 3], Activation.Tanh, DType.Float64);
        Method<Mlp> anil = Anil.Of(Objective.OfImages(net), 2, 0.5).Method;
        DomainEpisodes batch = Batches()(80).Map(
            (Tensor leaf) => leaf.DType == DType.Float32 ? leaf.Cast(DType.Float64) : leaf);
        Mlp critic = Mlp.Create(Key.From(3), [5, 4, 4, 1], Activation.Tanh, DType.Float64);
        const double largest = 0.7;
        Term<Mlp> term = Dann.Term(Key.From(4), 5, weight: largest, type: DType.Float64);
        term = term with { Parameters = critic };
        double weight = largest * Reversal.Ramp(batch.Progress).Item();
        Assert.InRange(weight, 0.3, 0.7);

        Tensor Told(Mlp network, Mlp own)
        {
            Tensor source = network.Features(batch.Tasks.QueryX.Reshape(-1, 8));
            Tensor both = Tensor.Concat([source, network.Features(batch.TargetX)], 0);
            return Critic.Loss(own.Forward(both), source.Shape[0]);
        }
        Tensor OfNetwork(Mlp m) => anil.MetaLoss(m, batch.Tasks) - weight * Told(m, critic);
        Tensor OfCritic(Mlp c) => Told(net, c);

        Tensor losses = MetaAdapt.Losses(net, critic, anil, term, batch);
        Assert.Equal(anil.MetaLoss(net, batch.Tasks).Item(), losses[0].Item(), 12);
        Assert.Equal(Told(net, critic).Item(), losses[1].Item(), 12);
        Both<Mlp, Mlp> gradient = Grad.Of((Both<Mlp, Mlp> m) =>
            MetaAdapt.Losses(m.First, m.Second, anil, term, batch).Sum())(new(net, critic));
        GradCheckResult ofNetwork = GradCheck.Run((Mlp m) => OfNetwork(m), net);
        Assert.True(ofNetwork.Error < 1e-6, ofNetwork.ToString());
        GradCheckResult ofCritic = GradCheck.Run((Mlp c) => OfCritic(c), critic);
        Assert.True(ofCritic.Error < 1e-6, ofCritic.ToString());
        Assert.True(Tree.AllClose(
            Grad.Of((Mlp m) => OfNetwork(m))(net), gradient.First, 1e-9, 1e-12));
        Assert.True(Tree.AllClose(
            Grad.Of((Mlp c) => OfCritic(c))(critic), gradient.Second, 1e-9, 1e-12));

        // Without the derivative through the inner steps it would be another gradient.
        Mlp first = Grad.Of((Mlp m) => MetaAdapt.Losses(
            m, critic, (Anil.Of(Objective.OfImages(net), 2, 0.5) with { FirstOrder = true }).Method,
            term, batch).Sum())(net);
        Assert.False(Tree.AllClose(first, gradient.First, 1e-3, 1e-6));
    }

    [Fact]
    public void AResumedRunHasTheBitsOfAnUninterruptedOne() =>
        Several.AssertResumes(Training(weight: 1), Batches());

    [Fact]
    public void TheDomainsAreToldApartLessThanWithoutTheTerm()
    {
        var (adversarial, told) = Run(weight: 0.3);
        var (control, apart) = Run(weight: 0);
        Assert.True(told > apart + 0.1, $"{told} {apart}; {adversarial} {control}");
        Assert.True(adversarial > control + 0.02, $"{adversarial} {control}; {told} {apart}");
    }

    [Fact]
    public void MethodsWithoutALossAreRefused()
    {
        Mlp net = Shifted.Network();
        Method<Mlp> own = Anil.Of(Objective.OfImages(net), 1, 0.1).Method with
        {
            Direction = (p, _, _) => new(Tensor.Scalar(0.0), p, p),
        };
        Assert.Contains("direction of its own", Fake.Error(() => MetaAdapt.ByTerm(
            net, own, Dann.Term(Key.From(0), 12), Optim.Adam(1e-3))));
        Assert.Contains("the target has no examples", Assert.Throws<ArgumentException>(() =>
            DomainEpisodes.Of(Source, Target.Range(0, 0), 2, 4, 10, 0)).Message);
    }

    private static readonly LabelledSet Target = Set(target: true);

    private static readonly EpisodeSampler Source = new(Set(target: false), 3, 2, 10);

    private static Func<int, DomainEpisodes> Batches() =>
        DomainEpisodes.Of(Source, Target, metaBatch: 2, size: 60, Steps, seed: 1);

    private static Method<Mlp> Learner =>
        Anil.Of(Objective.OfImages(Shifted.Network()), 3, 0.3).Method;

    private static Training<MetaTermState<Mlp, Mlp>, DomainEpisodes> Training(double weight) =>
        MetaAdapt.ByTerm(
            Shifted.Network(), Learner, Dann.Term(Key.From(1), 12, hidden: 32, weight),
            Optim.Adam(2e-3));

    /// <summary>Few-shot accuracy on the target, and the critic's loss at the end.</summary>
    private static (double Accuracy, double Told) Run(double weight)
    {
        var told = new List<double>();
        var state = Training(weight).Run(
            Batches(), Steps, (_, _, losses) => told.Add(losses[1]));
        var target = new EpisodeSampler(Target, 3, 1, 20);
        Evaluation few = Evaluation.Run(
            Learner, state.Network,
            (first, count) => Episode.From(target.Sample(9, first, count)), 100, [3],
            Loss.Accuracy);
        return (few.Final, told[^10..].Average());
    }

    private static LabelledSet Set(bool target)
    {
        var (x, y) = Shifted.Domain(5, 300, target);
        return LabelledSet.FromFloats(
            target ? "target" : "source", [8], x.ToArray<float>(),
            [.. y.ToArray<long>().Select(label => (int)label)], ["a", "b", "c"]);
    }
}
