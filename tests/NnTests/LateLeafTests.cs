// Leaves that are trained for a part of the time: their bias correction counts their own steps, and
// what is never trained has no state.
using Engine.Nn;

namespace Engine.NnTests;

public sealed partial record Pair(Tensor A, Tensor B) : ITree;

public class LateLeafTests
{
    private static readonly Pair Start =
        new(Tensor.From([1.0, -2]).Eval(), Tensor.From([0.5, 3]).Eval());

    public static TheoryData<string> Corrected => ["Adam", "AdamW", "Lamb"];

    private static Optimizer Make(string name) => name switch
    {
        "Adam" => Optim.Adam(1e-3, weightDecay: 0.1),
        "AdamW" => Optim.AdamW(1e-3),
        _ => Optim.Lamb(1e-3, weightDecay: 0.1),
    };

    /// <summary>The gradient of A + B by the leaves that the function accepts.</summary>
    private static Pair Slope(Pair at, Func<string, bool>? where = null) =>
        Grad.Of((Pair p) => (p.A * p.A + p.B.Sin()).Sum(), where ?? (_ => true))(at);

    [Fact]
    public void TheFirstAdamStepOfALateLeafIsOneRate()
    {
        Optimizer adam = Optim.Adam(1e-3);
        var (m, s) = (Start, adam.Init(Start));
        for (int i = 0; i < 200; i++) (m, s) = adam.Step(m, Slope(m, path => path == "A"), s);
        Assert.Same(Start.B, m.B);
        (m, s) = adam.Step(m, Slope(m), s);
        Assert.All(
            (m.B - Start.B).Abs().ToArray<double>(), move => Assert.Equal(1e-3, move, 1e-9));
        Assert.Equal([201L, 1], s.LeafSteps.ToArray<long>());
    }

    [Theory, MemberData(nameof(Corrected))]
    public void ALateLeafMovesAsInARunOfItsOwn(string name)
    {
        Optimizer optimizer = Make(name);
        var (m, s) = (Start, optimizer.Init(Start));
        var (alone, own) = (Start, optimizer.Init(Start));
        // Five steps of A alone, two of both, three of A alone, two of both.
        foreach (bool both in (bool[])[
            false, false, false, false, false, true, true, false, false, false, true, true])
        {
            (m, s) = optimizer.Step(m, Slope(m, path => both || path == "A"), s);
            if (both) (alone, own) = optimizer.Step(alone, Slope(alone), own);
        }
        Assert.Equal(alone.B.ToArray<double>(), m.B.ToArray<double>());
    }

    [Theory, MemberData(nameof(Corrected))]
    public void WithoutLateLeavesTheBitsAreThoseOfOneCount(string name)
    {
        Optimizer optimizer = Make(name);
        var step = Compile.Step(((Pair M, OptimizerState S) at, Tensor none) =>
            (optimizer.Step(at.M, Slope(at.M), at.S), none));
        var compiled = (Start.Copy(), optimizer.Init(Start));
        var (m, s) = (Start, optimizer.Init(Start));
        for (int i = 0; i < 6; i++)
        {
            (compiled, _) = step(compiled, Tensor.Scalar(0f));
            Pair g = Slope(m);
            // The count of all steps in place of each leaf's own.
            OptimizerState one = s with
            {
                LeafSteps = Tensor.Stack([s.Steps, s.Steps]).Eval(),
            };
            Assert.Equal(one.LeafSteps.ToArray<long>(), s.LeafSteps.ToArray<long>());
            (m, s) = optimizer.Step(m, g, one);
        }
        Assert.True(Tree.AllClose(m, compiled.Item1, 0, 0));
    }

    [Fact]
    public void WhatIsNotTrainedHasNoState()
    {
        Optimizer adam = Optim.Adam(1e-3);
        OptimizerState all = adam.Init(Start), some = adam.Init(Start, path => path == "A");
        Assert.Equal(7, all.Leaves().Count);
        Assert.Equal(["Steps", "Rate", "LeafSteps", "Leaves.0.Mean", "Leaves.0.Square"],
            some.Paths());
        Pair g = Slope(Start, path => path == "A");
        Assert.True(Tree.AllClose(adam.Step(Start, g, all).Model, adam.Step(Start, g, some).Model,
            0, 0));
        var step = Compile.Step(((Pair M, OptimizerState S) at, Tensor none) =>
            (adam.Step(at.M, Slope(at.M, path => path == "A"), at.S), none));
        var compiled = (Start.Copy(), some.Copy());
        for (int i = 0; i < 3; i++) (compiled, _) = step(compiled, Tensor.Scalar(0f));
        Assert.Equal([3L, 0], compiled.Item2.LeafSteps.ToArray<long>());
    }

    [Fact]
    public void AGradientWithoutAStateIsAnError()
    {
        Optimizer adam = Optim.Adam(1e-3);
        OptimizerState some = adam.Init(Start, path => path == "A");
        Assert.Equal("Adam: the leaf 'B' has a gradient, but Init left it out. Freeze it in the "
            + "gradient too (Grad.Of(loss, where)), or let Init's `where` accept it.",
            Assert.Throws<EngineException>(() => adam.Step(Start, Slope(Start), some)).Message);
        Assert.Equal("Adam: no leaf was chosen, of [A, B]. Let `where` accept one of these paths.",
            Assert.Throws<EngineException>(() => adam.Init(Start, path => path == "C")).Message);
    }

    [Fact]
    public void ManyModelsAtOnceCountEachForItself()
    {
        Optimizer adam = Optim.Adam(1e-3);
        var many = Vmap.Of((Pair m, OptimizerState s) =>
            adam.Step(m, Slope(m, path => path == "B"), s));
        Pair two = new(Tensor.Stack([Start.A, Start.A]), Tensor.Stack([Start.B, Start.B]));
        OptimizerState one = adam.Init(Start);
        OptimizerState states = one.Map((Tensor t) => Tensor.Stack([t, t]));
        var (moved, after) = many(two, states);
        Assert.Equal([0L, 1, 0, 1], after.LeafSteps.ToArray<long>());
        Pair expected = adam.Step(Start, Slope(Start, path => path == "B"), one).Model;
        Assert.True(Tree.AllClose(expected.B, moved.B[1], 0, 0));
    }
}
