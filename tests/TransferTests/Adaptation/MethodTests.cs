// The methods of domain adaptation: that each beats training on the source alone where it should,
// that runs resume, and that state and policy do what they say.
using Engine.Meta;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public class MethodTests
{
    private const int Steps = 300;
    private static readonly Optimizer Adam = Optim.Adam(2e-3);

    private static readonly Lazy<double> SourceOnly = new(() =>
        Shifted.Accuracy(Adapt.Control(Shifted.Network(), Adam), Steps));

    public static TheoryData<string> Names => [.. Methods.Keys];

    private static Dictionary<string, Func<double>> Methods { get; } = new()
    {
        ["dan"] = () => OfTerm(Mmd.Term(2)),
        ["jan"] = () => OfTerm(Jan.Term(2)),
        ["coral"] = () => OfTerm(Coral.Term()),
        ["dann"] = () => OfTerm(Dann.Term(Key.From(1), 12, 32, 0.3)),
        ["cdan"] = () => OfTerm(Cdan.Term(Key.From(1), 12, 3, byEntropy: false, 32, 0.3)),
        ["cdan+e"] = () => OfTerm(Cdan.Term(Key.From(1), 12, 3, hidden: 32, weight: 0.3)),
        ["mcc"] = () => OfTerm(Mcc.Term()),
        ["im"] = () => OfTerm(InformationMaximisation.Term(1)),
        ["dann+im"] = () => OfTerm(
            Dann.Term(Key.From(1), 12, 32, 0.3).Plus(InformationMaximisation.Term())),
        ["separation"] = () => OfTerm(SeparationNetwork.Term(Key.From(1), 12, 8, hidden: 32)),
        ["mcd"] = () => Shifted.Accuracy(
            Mcd.Create(
                Shifted.Network(), Key.From(1), 3, Optim.Adam(4e-4), hidden: 24, bodySteps: 2),
            Steps),
        ["adda"] = () => Shifted.Accuracy(
            Adda.Create(Trained(), Key.From(1), Optim.Adam(2e-3), hidden: 32), Steps),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void EachBeatsTheSourceAlone(string method)
    {
        double reached = Methods[method]();
        Assert.True(reached > SourceOnly.Value + 0.03, $"{reached} against {SourceOnly.Value}");
    }

    [Fact]
    public void AResumedRunHasTheBitsOfAnUninterruptedOne()
    {
        var method = Adapt.ByTerm(Shifted.Network(), Dann.Term(Key.From(1), 12, 8), Adam);
        TermState<Mlp, Mlp>? half = null;
        var whole = Adapt.Run(method, i => Shifted.Batch(i, 20), 20, (done, state, _) =>
        {
            if (done == 10) half = Tree.Copy(state);
        });
        string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            SafeTensors.Save(file, half!);
            var resumed = Adapt.Run(
                method, i => Shifted.Batch(i, 20), 20,
                resume: (SafeTensors.Load(file, method.Start), 10));
            Assert.True(Tree.AllClose(whole, resumed, 0, 0));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void TheStartIsNotUsedUp()
    {
        Mlp network = Shifted.Network();
        float[] before = network.Layers[0].Weight.ToArray<float>();
        Adapt.Run(Adapt.Control(network, Adam), i => Shifted.Batch(i, 3), 3);
        Assert.Equal(before, network.Layers[0].Weight.ToArray<float>());
    }

    [Fact]
    public void LossesAreToldByName()
    {
        var method = Adapt.ByTerm(
            Shifted.Network(), Mmd.Term().Plus(InformationMaximisation.Term()), Adam);
        Assert.Equal(["task", "discrepancy", "information"], method.Losses.ToArray());
        var told = new List<IReadOnlyList<double>>();
        Adapt.Run(method, i => Shifted.Batch(i, 3), 3, (_, _, losses) => told.Add(losses));
        Assert.Equal([3, 3, 3], told.Select(losses => losses.Count));
    }

    [Fact]
    public void ALossThatIsNotFiniteStopsTheRun()
    {
        var method = Adapt.ByTerm(
            Shifted.Network(), Mmd.Term().Times(p => 1 / (p - p)), Adam);
        var error = Assert.Throws<DivergenceException>(() =>
            Adapt.Run(method, i => Shifted.Batch(i, 3), 3));
        Assert.Equal(1, error.Step);
    }

    // The loss of a step is that before it, so that of the last one tells nothing of the end.
    [Fact]
    public void AStateThatIsNotFiniteInTheEndStopsTheRun()
    {
        var method = Adapt.Control(Shifted.Network(), Optim.Sgd(double.MaxValue));
        var error = Assert.Throws<DivergenceException>(() =>
            Adapt.Run(method, i => Shifted.Batch(i, 1), 1));
        Assert.Equal(1, error.Step);
    }

    [Fact]
    public void WeightsOfTheSourceCount()
    {
        DomainBatch batch = Shifted.Batch(0, 1);
        Tensor logits = Shifted.Network().Forward(batch.SourceX);
        Tensor first = Tensor.Where(Tensor.Arange(60) < 1, Tensor.Scalar(60f), 0f);
        Assert.Equal(
            Loss.CrossEntropy(logits[..1], batch.SourceY[..1]).Item(),
            Adapt.SourceLoss(logits, batch with { SourceWeights = first }).Item(), 5);
    }

    [Fact]
    public void EachDomainHasStatisticsOfItsOwn()
    {
        NormalizedLeNet network = NormalizedLeNet.Create(Key.From(0), 3, size: 16);
        DomainBatch Images(int step) => new(
            Key.From(step).Normal([6, 1, 16, 16]), Tensor.From([0, 1, 2, 0, 1, 2]),
            5 + 2 * Key.From(step + 100).Normal([4, 1, 16, 16]), Tensor.Scalar(0f), Key.From(0));
        foreach (NormPolicy norm in Enum.GetValues<NormPolicy>())
        {
            var method = Adapt.Control(network, Adam, norm, NormStatistics.For(network));
            var state = Adapt.Run(method, Images, 2);
            bool same = Tree.AllClose(state.Source, state.Target);
            Assert.Equal(norm != NormPolicy.PerDomain, same);
            Assert.Equal(
                norm == NormPolicy.Fixed,
                Tree.AllClose(state.Source, NormStatistics.For(network)));
            Assert.True(Tree.AllClose(state.Target, method.Read(state).Statistics));
        }
    }

    [Fact]
    public void TheTargetsEncoderMovesAloneInAdda()
    {
        Adapted<Mlp> source = Trained();
        var method = Adda.Create(source, Key.From(1), Adam, hidden: 8);
        Mlp moved = method.Read(Adapt.Run(method, i => Shifted.Batch(i, 2), 2)).Network;
        Assert.True(Tree.AllClose(source.Network.Head, moved.Head, 0, 0));
        Assert.False(Tree.AllClose(source.Network.Layers[0], moved.Layers[0]));
        Assert.Contains("Choose PerDomain or Fixed", Assert.Throws<EngineException>(() =>
            Adda.Create(source, Key.From(1), Adam, norm: NormPolicy.Shared)).Message);
    }

    [Fact]
    public void AStepOfAddaMovesTheCriticAndThenTheEncoder()
    {
        Adapted<Mlp> source = Trained();
        const double Rate = 0.1;
        var method = Adda.Create(source, Key.From(1), Optim.Sgd(Rate), hidden: 8);
        DomainBatch batch = Shifted.Batch(3, 10);
        var (after, losses) = method.Step(method.Start, batch);

        static Tensor Taken(Mlp critic, Tensor features, double forSource) => Loss.BceWithLogits(
            critic.Forward(features).Squeeze(1), Tensor.Full(60, forSource));
        Mlp network = source.Network;
        Tensor CriticLoss(Mlp critic) => Taken(critic, network.Features(batch.SourceX), 1)
            + Taken(critic, network.Features(batch.TargetX), 0);
        Mlp first = method.Start.Critic;
        Mlp critic = first.Zip(Grad.Of((Mlp c) => CriticLoss(c))(first), (w, g) => w - Rate * g);
        Tensor EncoderLoss(Part own) =>
            Taken(critic, own.In(network).Features(batch.TargetX), 1);
        Part before = method.Start.Encoder;
        Part encoder = before.Zip(
            Grad.Of((Part own) => EncoderLoss(own))(before), (w, g) => w - Rate * g);
        Assert.True(Tree.AllClose(critic, after.Critic, 1e-5, 1e-6));
        Assert.True(Tree.AllClose(encoder, after.Encoder, 1e-5, 1e-6));
        Assert.True(Tree.AllClose(
            Tensor.Stack([CriticLoss(first), EncoderLoss(before)]), losses, 1e-5, 1e-6));
    }

    [Fact]
    public void AStepOfMcdIsThePapersThree()
    {
        const double Rate = 0.1;
        var method = Mcd.Create(
            Shifted.Network(), Key.From(1), 3, Optim.Sgd(Rate), hidden: 6, bodySteps: 1);
        DomainBatch batch = Shifted.Batch(3, 10);
        var (after, _) = method.Step(method.Start, batch);

        Tensor Task(TwoClassifiers<Mlp> n)
        {
            Tensor f = n.Body.Features(batch.SourceX);
            return Loss.CrossEntropy(n.First.Forward(f), batch.SourceY)
                + Loss.CrossEntropy(n.Second.Forward(f), batch.SourceY);
        }
        Tensor Apart(TwoClassifiers<Mlp> n)
        {
            Tensor f = n.Body.Features(batch.TargetX);
            return Mcd.Discrepancy(n.First.Forward(f), n.Second.Forward(f));
        }
        TwoClassifiers<Mlp> Down(
            TwoClassifiers<Mlp> n, Func<TwoClassifiers<Mlp>, Tensor> loss, bool body, bool heads)
        {
            TwoClassifiers<Mlp> g = Grad.Of(loss)(n);
            return n.Zip(g, (path, w, slope) => slope.IsSymbolicZero
                || (path.StartsWith("Body", StringComparison.Ordinal) ? !body : !heads)
                    ? w : w - Rate * slope);
        }
        TwoClassifiers<Mlp> n = Down(method.Start.Network, Task, body: true, heads: true);
        n = Down(n, m => Task(m) - Apart(m), body: false, heads: true);
        n = Down(n, Apart, body: true, heads: false);
        Assert.True(Tree.AllClose(n, after.Network, 1e-5, 1e-6));
    }

    [Fact]
    public void TheScheduleOfMcdCountsStepsOfTheMethod()
    {
        // The rate is 1 in the first step, however often body and classifiers are moved in it.
        Optimizer first = Optim.Sgd(n => (n < 1).Cast(DType.Float64));
        McdState<Mlp> Steps(Optimizer rule, int count)
        {
            var method = Mcd.Create(Shifted.Network(), Key.From(1), 3, rule, hidden: 6);
            return Adapt.Run(method, i => Shifted.Batch(i, 10), count);
        }
        TwoClassifiers<Mlp> one = Steps(Optim.Sgd(1), 1).Network;
        Assert.True(Tree.AllClose(one, Steps(first, 1).Network, 0, 0));
        Assert.True(Tree.AllClose(one, Steps(first, 3).Network, 0, 0));
        Assert.Contains("2 to 4", Fake.Error(() => Mcd.Create(
            Shifted.Network(), Key.From(1), 3, first, bodySteps: 0)));
    }

    [Fact]
    public void StatisticsThatStayMustBeGiven()
    {
        NormalizedLeNet network = NormalizedLeNet.Create(Key.From(0), 3, size: 16, hidden: 8);
        Assert.Contains("none were given", Fake.Error(
            () => Adapt.Control(network, Optim.Sgd(0.1), NormPolicy.Fixed)));
        Assert.Contains("none were given", Fake.Error(() => Mcd.Create(
            network, Key.From(1), 3, Optim.Sgd(0.1), norm: NormPolicy.Fixed)));
        NormStatistics own = NormStatistics.For(network);
        Adapt.Control(network, Optim.Sgd(0.1), NormPolicy.Fixed, own);
        // A network without batch normalisation has nothing to keep.
        Adapt.Control(Shifted.Network(), Optim.Sgd(0.1), NormPolicy.Fixed);
    }

    [Theory]
    [InlineData(NormPolicy.PerDomain)]
    [InlineData(NormPolicy.Shared)]
    [InlineData(NormPolicy.Fixed)]
    public void DropoutDropsInTraining(NormPolicy norm)
    {
        LeNet network = LeNet.Create(Key.From(0), 3, size: 16, dropout: 0.5);
        var (x, y) = Fake.Batch(0);
        DomainBatch Batch(long key) => new(x, y, x, Tensor.Scalar(0f), Key.From(key));
        var method = Adapt.Control(network, Optim.Sgd(0.1), norm);
        Tensor Loss(long key) => method.Step(method.Start, Batch(key)).Losses;
        Assert.Equal(0, Fake.Largest(Loss(1), Loss(1)));
        Assert.True(Fake.Largest(Loss(1), Loss(2)) > 1e-4);
    }

    [Fact]
    public void TermsTakeNetworksOfDoubles()
    {
        DomainBatch batch = Shifted.Batch(0, 10);
        batch = batch with
        {
            SourceX = batch.SourceX.Cast(DType.Float64),
            TargetX = batch.TargetX.Cast(DType.Float64),
        };
        Mlp network = Mlp.Create(Key.From(0), [8, 12, 3], type: DType.Float64);
        void Steps<A>(Term<A> term) where A : ITree
        {
            var method = Adapt.ByTerm(network, term, Optim.Sgd(0.1));
            Assert.All(
                method.Step(method.Start, batch).Losses.ToDoubles(),
                loss => Assert.True(double.IsFinite(loss)));
        }
        Steps(Dann.Term(Key.From(1), 12, type: DType.Float64));
        Steps(Cdan.Term(Key.From(1), 12, 3, type: DType.Float64));
        Steps(Mmd.Term());
        var mcd = Mcd.Create(network, Key.From(1), 3, Optim.Sgd(0.1), hidden: 6);
        Assert.Equal(
            DType.Float64, mcd.Step(mcd.Start, batch).State.Network.Head.Weight.DType);
    }

    [Fact]
    public void TwoClassifiersAreOneNetwork()
    {
        var both = new TwoClassifiers<Mlp>(
            Shifted.Network(), Mlp.Create(Key.From(1), [12, 6, 3]),
            Mlp.Create(Key.From(2), [12, 6, 3]));
        Tensor x = Key.From(3).Normal([4, 8]), features = both.Body.Features(x);
        Assert.True(Tree.AllClose(
            both.First.Forward(features) + both.Second.Forward(features), both.Forward(x),
            1e-5, 1e-6));
    }

    private static double OfTerm<A>(Term<A> term) where A : ITree =>
        Shifted.Accuracy(Adapt.ByTerm(Shifted.Network(), term, Adam), Steps);

    private static Adapted<Mlp> Trained()
    {
        var control = Adapt.Control(Shifted.Network(), Adam);
        return control.Read(Adapt.Run(control, i => Shifted.Batch(i, Steps), Steps));
    }
}
