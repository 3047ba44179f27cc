// Joint training: the sum that it lowers, heads, normalisation, resuming, and what it refuses.
using Engine.Data;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public class JointTrainingTests
{
    private static readonly LabelledSet First = Several.Domain(0), Second = Several.Domain(1);

    /// <summary>The same points, labelled by whether they are of class a.</summary>
    private static readonly LabelledSet IsA = LabelledSet.FromFloats(
        "is a", [Several.Features], Second.All().X.ToArray<float>(),
        [.. Second.Labels.Select(label => label == 0 ? 1 : 0)], ["no", "yes"]);

    [Fact]
    public void EachTaskIsLearntByItsHead()
    {
        var joint = Joint([new(First), new(Second, 0.5), new(IsA, OwnHead: true)]);
        var state = joint.Training.Run(joint.Batches(30, seed: 1), 150);
        Assert.Equal(["domain 0", "domain 1", "is a"], joint.Training.Losses.ToArray());
        foreach (LabelledSet set in new[] { First, Second, IsA })
        {
            Adapted<Mlp> model = joint.Read(state, set.Name);
            Assert.Equal(set.Classes.Length, model.Network.Head.Weight.Shape[0]);
            Assert.True(Several.Accuracy(model, set) > 0.95, set.Name);
            Assert.True(Several.Accuracy(joint.Read(joint.Training.Start, set.Name), set) < 0.8);
        }
    }

    [Fact]
    public void ATaskThatIsOnlyLookedAtSpoilsNothing()
    {
        Tensor Nowhere(Tensor logits, Tensor labels) => 0 * (logits - logits).Sqrt().Sum() / 0.0;
        var alone = Joint([new(First)]);
        var watched = Joint([new(First), new(Second, 0) { Loss = Nowhere }]);
        var batch = new JointBatch(
            [First.Batch(0, 0, 9), Second.Batch(0, 0, 9)], Key.From(0));
        var (after, losses) = watched.Training.Step(watched.Training.Start, batch);
        Assert.True(double.IsNaN(losses.ToDoubles()[1]));
        var (expected, _) = alone.Training.Step(
            alone.Training.Start, batch with { Tasks = batch.Tasks[..1] });
        Assert.True(Tree.AllClose(expected.Model, after.Model, 0, 0));
    }

    [Fact]
    public void AHeadThatIsComputedTakesNoOther()
    {
        var both = new TwoClassifiers<Mlp>(
            Several.Network(), Mlp.Create(Key.From(1), [5, 4, 3]),
            Mlp.Create(Key.From(2), [5, 4, 3]));
        Assert.Contains("not a part of its tree", Fake.Error(
            () => Heads.Replace(both, Linear.Create(Key.From(3), 8, 2))));
        Assert.Contains("not a part of its tree", Fake.Error(() =>
            new JointTraining<TwoClassifiers<Mlp>>(
                both, [new(IsA, OwnHead: true)], Optim.Sgd(0.1), Key.From(1))));
    }

    [Fact]
    public void AStepLowersTheWeightedSum()
    {
        JointTask[] tasks = [new(First, 2), new(Second, 0.5) { Loss = Halved }];
        var joint = new JointTraining<Mlp>(
            Several.Network(), tasks, Optim.Sgd(0.1), Key.From(1));
        var batches = joint.Batches(9, seed: 3);
        JointBatch batch = batches(0);
        Mlp start = Several.Network();
        Tensor LossOn(Mlp net, int i) =>
            Loss.CrossEntropy(net.Forward(batch.Tasks[i].X), batch.Tasks[i].Y);
        Mlp gradient = Grad.Of((Mlp net) => 2 * LossOn(net, 0) + 0.5 * 0.5 * LossOn(net, 1))(start);
        IReadOnlyList<double> told = [];
        var state = joint.Training.Run(batches, 1, (_, _, losses) => told = losses);
        Mlp expected = start.Zip(gradient, (w, g) => w - 0.1 * g);
        Assert.True(Tree.AllClose(expected, state.Model.Network, 1e-5, 1e-6));
        Assert.Equal(LossOn(start, 0).Item(), told[0], 5);
        Assert.Equal(0.5 * LossOn(start, 1).Item(), told[1], 5);

        static Tensor Halved(Tensor logits, Tensor labels) =>
            0.5 * Loss.CrossEntropy(logits, labels);
    }

    [Fact]
    public void ATaskOfNoWeightIsOnlyLookedAt()
    {
        var alone = Joint([new(First)]);
        var watched = Joint([new(First), new(IsA, 0, OwnHead: true)]);
        var state = watched.Training.Run(watched.Batches(9, seed: 1), 4);
        Assert.True(Tree.AllClose(
            alone.Training.Run(alone.Batches(9, seed: 1), 4).Model.Network, state.Model.Network));
        Assert.True(Tree.AllClose(
            watched.Training.Start.Model.Heads[0], state.Model.Heads[0], 0, 0));
    }

    [Fact]
    public void AResumedRunHasTheBitsOfAnUninterruptedOne()
    {
        var joint = Joint([new(First), new(Second, 0.5), new(IsA, OwnHead: true)]);
        Several.AssertResumes(joint.Training, joint.Batches(8, seed: 5));
    }

    [Fact]
    public void EachTaskIsNormalisedByItsPolicy()
    {
        NormPolicy[] policies =
            [NormPolicy.Shared, NormPolicy.PerDomain, NormPolicy.Shared, NormPolicy.Fixed];
        NormalizedLeNet network = NormalizedLeNet.Create(Key.From(0), 3, size: 16, hidden: 8);
        var joint = new JointTraining<NormalizedLeNet>(
            network, policies.Select((norm, i) => new JointTask(Images(i), 1, false, norm)),
            Optim.Adam(1e-3), Key.From(1), NormStatistics.For(network));
        var state = joint.Training.Run(joint.Batches(6, seed: 2), 2);
        NormStatistics[] after = [.. state.Statistics.Tasks];
        NormStatistics start = NormStatistics.For(network);
        Assert.True(Tree.AllClose(after[0], after[2], 0, 0));
        Assert.False(Tree.AllClose(after[0], after[1]));
        Assert.False(Tree.AllClose(start, after[0]));
        Assert.False(Tree.AllClose(start, after[1]));
        Assert.True(Tree.AllClose(start, after[3], 0, 0));
        Assert.True(Tree.AllClose(after[1], joint.Read(state, "images 1").Statistics, 0, 0));

        static LabelledSet Images(int i) => LabelledSet.FromFloats(
            $"images {i}", [1, 16, 16],
            (i + Key.From(i).Normal([9, 1, 16, 16])).ToArray<float>(),
            [0, 1, 2, 0, 1, 2, 0, 1, 2], ["a", "b", "c"]);
    }

    [Fact]
    public void TasksThatDoNotFitAreRefused()
    {
        Assert.Contains("two tasks are called", Refused([new(First), new(First)]));
        Assert.Contains("weighs -1", Refused([new(First, -1)]));
        Assert.Contains("weighs NaN", Refused([new(First, double.NaN)]));
        Assert.Contains("nothing to learn", Refused([new(First, 0)]));
        Assert.Contains("nothing to learn", Refused([]));
        Assert.Contains("'is a' has 2 classes", Refused([new(First), new(IsA)]));
        Assert.Contains("has no examples", Refused([new(First.Rows([]))]));
        LabelledSet other = LabelledSet.FromFloats(
            "other", [Several.Features], new float[12], [0, 2], ["b", "a", "c"]);
        Assert.Contains("order of these differ", Refused([new(First), new(other)]));
        LabelledSet wide = LabelledSet.FromFloats(
            "wide", [7], new float[14], [0, 2], ["a", "b", "c"]);
        Assert.Contains("cannot be normalised together", Refused(
            [new(First, 1, false, NormPolicy.Shared), new(wide, 1, false, NormPolicy.Shared)]));
        var joint = Joint([new(First)]);
        Assert.Contains("there is no task 'x', only [domain 0]", Fake.Error(
            () => joint.Read(joint.Training.Start, "x")));

        static string Refused(JointTask[] tasks) => Fake.Error(() => Joint(tasks));
    }

    private static JointTraining<Mlp> Joint(JointTask[] tasks) =>
        new(Several.Network(), tasks, Optim.Adam(1e-2), Key.From(1));
}
