// Adapters under ANIL and MAML: what the inner loop moves, what the outer loop learns, and that the
// base stays, by views alone.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public class LoraMetaTests
{
    private static readonly Mlp Base =
        Mlp.Create(Key.From(0), [3, 5, 4], Activation.Tanh, DType.Float64);

    private static readonly Both<Lora, Linear> Start = new(
        Lora.Create(Key.From(1), Base, path => path == "Layers.0.Weight", rank: 2, alpha: 3)
            .Map((path, leaf) => leaf + 0.1 * Key.From(path.Length).Normal(leaf.Shape, leaf.DType)),
        Base.Head);

    private static readonly Episode Tasks = MakeTasks();

    /// <summary>The inner loop moves the head, the outer one adapters and head.</summary>
    private static readonly Anil<Both<Lora, Linear>, Linear> HeadMoves = new(
        (p, x) => p.First.Merge(Base).Features(x), p => p.Second,
        new((head, x) => head.Forward(x), (z, y) => Loss.CrossEntropy(z, y), BatchNormMode.None),
        InnerSteps: 2, InnerRate: 0.5);

    /// <summary>The inner loop moves adapters and head.</summary>
    private static readonly Maml<Both<Lora, Linear>> BothMove = new(
        Objective.OfImages(Base).On<Both<Lora, Linear>>(
            p => Heads.Replace(p.First.Merge(Base), p.Second)),
        InnerSteps: 2, InnerRate: 0.5);

    [Fact]
    public void MetaGradientsAreThoseOfDifferences()
    {
        foreach (Method<Both<Lora, Linear>> method in (Method<Both<Lora, Linear>>[])
            [HeadMoves.Method, BothMove.Method, Adapters().Method])
        {
            Assert.Equal(Claim.Exact, method.Claim);
            GradCheckResult check = GradCheck.Run(
                (Both<Lora, Linear> p) => method.MetaLoss(p, Tasks), Start);
            Assert.True(check.Error < 1e-6, check.ToString());
        }
    }

    [Fact]
    public void TheInnerLoopMovesWhatItSays()
    {
        Tensor x = Tasks.SupportX[0], y = Tasks.SupportY[0];
        Both<Lora, Linear> both = BothMove.Adapt(Start, x, y);
        Assert.All(both.Leaves().Zip(Start.Leaves()), leaf =>
            Assert.False(Tree.AllClose(leaf.First, leaf.Second, 1e-9)));
        Both<Lora, Linear> adapters = Adapters().Adapt(Start, x, y);
        Assert.All(adapters.First.Leaves().Zip(Start.First.Leaves()), leaf =>
            Assert.False(Tree.AllClose(leaf.First, leaf.Second, 1e-9)));
        Assert.Same(Start.Second.Weight, adapters.Second.Weight);
        Assert.Same(Start.Second.Bias, adapters.Second.Bias);

        // ANIL on the adapted features is MAML of the head on the same network.
        Maml<Both<Lora, Linear>> head = BothMove with
        {
            Where = path => path.StartsWith("Second.", StringComparison.Ordinal),
        };
        Assert.Same(Start.First.Pairs[0].Up, head.Adapt(Start, x, y).First.Pairs[0].Up);
        Assert.Equal(
            head.Method.MetaLoss(Start, Tasks).Item(),
            HeadMoves.Method.MetaLoss(Start, Tasks).Item(), 12);
        Assert.True(Tree.AllClose(
            Grad.Of((Both<Lora, Linear> p) => head.Method.MetaLoss(p, Tasks))(Start),
            Grad.Of((Both<Lora, Linear> p) => HeadMoves.Method.MetaLoss(p, Tasks))(Start),
            1e-9, 1e-12));
    }

    [Fact]
    public void TrainingLearnsTheAdaptersOfAFrozenBase()
    {
        var training = new MetaTraining<Both<Lora, Linear>>(
            HeadMoves.Method, Optim.Adam(3e-2), (_, _) => Tasks, metaBatch: 2);
        TrainingState<Both<Lora, Linear>> state = training.Start(Start);
        double first = 0, last = 0;
        for (int step = 0; step < 30; step++)
        {
            (state, last) = training.Step(state);
            if (step == 0) first = last;
        }
        Assert.True(last < 0.7 * first, $"{first} to {last}");
        Assert.All(state.Model.Leaves().Zip(Start.Leaves()), leaf =>
            Assert.False(Tree.AllClose(leaf.First, leaf.Second, 1e-6)));
    }

    private static Maml<Both<Lora, Linear>> Adapters() => BothMove with
    {
        Where = path => path.StartsWith("First.", StringComparison.Ordinal),
    };

    private static Episode MakeTasks()
    {
        Key[] keys = Key.From(2).Split(4);
        return new(
            keys[0].Normal([2, 6, 3], DType.Float64).Eval(), keys[1].Integers([2, 6], 0, 4).Eval(),
            keys[2].Normal([2, 6, 3], DType.Float64).Eval(), keys[3].Integers([2, 6], 0, 4).Eval(),
            4);
    }
}
