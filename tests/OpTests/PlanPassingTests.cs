// What a compiled function only passes on is not copied: the result is a tensor of its own in the
// argument's memory, which lives as long as either of the two.
namespace Engine.OpTests;

public class PlanPassingTests
{
    private static readonly Tensor X = Key.From(51).Normal([3, 4], DType.Float64).Eval();

    private static Tensor Numbers(int seed) => Key.From(seed).Normal([6, 100]).Eval();

    private static Explanation.Trace Explained(Delegate compiled) =>
        Assert.Single(Compile.Explain(compiled).Traces);

    private static bool Share(Tensor a, Tensor b) =>
        ReferenceEquals(a.State.Value!.Storage, b.State.Value!.Storage);

    [Fact]
    public void ArgumentsArePassedOnInTheirMemory()
    {
        var compiled = Compile.Of((Tensor x, Tensor y) =>
            (x + 1, y, y.Reshape(100, 6), Twice: (y, y)));
        Tensor y = Numbers(1);
        float[] values = y.ToArray<float>();
        for (int i = 0; i < 3; i++)
        {
            var (sum, same, reshaped, twice) = compiled(X, y);
            Assert.Equal((X + 1).ToArray<double>(), sum.ToArray<double>());
            foreach (Tensor passed in (Tensor[])[same, reshaped, twice.Item1, twice.Item2])
            {
                Assert.True(Share(y, passed));
                Assert.Equal(values, passed.ToArray<float>());
            }
            Assert.Equal([100, 6], (int[])[.. reshaped.Shape]);
        }
        Explanation.Trace trace = Explained(compiled);
        Assert.StartsWith("AddOp", Assert.Single(trace.Steps));
        // Of the sum alone: what is passed on takes none.
        Assert.Equal(128, trace.ResultBytes);
    }

    [Fact]
    public void PartsAndOtherOrdersAreCopied()
    {
        var compiled = Compile.Of((Tensor y) => (y[..3], y[1..], y.Transpose(), y[.., ..50]));
        Tensor y = Numbers(2);
        var (first, rest, transposed, left) = compiled(y);
        foreach (Tensor part in (Tensor[])[first, rest, transposed, left])
            Assert.False(Share(y, part));
        Assert.Equal(y[1..].ToArray<float>(), rest.ToArray<float>());
        Assert.Equal(y.Transpose().ToArray<float>(), transposed.ToArray<float>());
        Assert.Equal(4, Explained(compiled).Steps.Count(
            step => step.StartsWith("Copy", StringComparison.Ordinal)));
    }

    [Fact]
    public void AStepPassesItsFrozenLeavesOn()
    {
        var step = Compile.Step(((Tensor Moving, Tensor Frozen) s, Tensor x) =>
            ((s.Moving + x, s.Frozen), (s.Frozen * x).Sum()));
        Tensor frozen = Numbers(3), x = Numbers(4);
        float[] values = frozen.ToArray<float>();
        float expected = (frozen * x).Sum().Item<float>();
        (Tensor Moving, Tensor Frozen) state = (Numbers(5), frozen);
        for (int i = 0; i < 5; i++)
        {
            Tensor before = state.Frozen;
            (state, Tensor result) = step(state, x);
            Assert.Equal(expected, result.Item<float>(), 1e-3f);
            // The old tensor is gone, its memory is the new one's.
            Assert.Throws<EngineException>(() => before.ToArray<float>());
            // What is given back is used again, and must not be what was passed on.
            for (int other = 0; other < 4; other++) Numbers(100 + other);
            Assert.Equal(values, state.Frozen.ToArray<float>());
        }
        Explanation.Trace trace = Explained(step);
        Assert.DoesNotContain(trace.Steps, s => s.StartsWith("Copy", StringComparison.Ordinal));
    }

    [Fact]
    public void ATensorHeldElsewhereOutlivesAStepThatPassesItOn()
    {
        var pass = Compile.Of((Tensor y) => (y, y.Sum()));
        var step = Compile.Step((Tensor s, Tensor x) => (s + x, x));
        Tensor y = Numbers(6);
        float[] values = y.ToArray<float>();
        var (same, _) = pass(y);
        // The step gives the memory of its state back, which another tensor still has.
        Tensor state = y;
        for (int i = 0; i < 3; i++)
        {
            (state, Tensor x) = step(state, same);
            Assert.Equal(values, x.ToArray<float>());
            Numbers(7);
        }
        Assert.Equal(values, same.ToArray<float>());
    }

    [Fact]
    public void CapturedTensorsArePassedOnAndStay()
    {
        Tensor captured = Numbers(8);
        float[] values = captured.ToArray<float>();
        var step = Compile.Step(((Tensor A, Tensor B) s, Tensor x) =>
            ((s.A + x, captured), s.B + x));
        (Tensor, Tensor B) state = (Numbers(9), Numbers(10));
        for (int i = 0; i < 4; i++)
        {
            (state, _) = step(state, Numbers(11));
            Numbers(12);
            Assert.Equal(values, state.B.ToArray<float>());
        }
        Assert.Equal(values, captured.ToArray<float>());
        Assert.DoesNotContain(
            Explained(step).Steps, s => s.StartsWith("Copy", StringComparison.Ordinal));
    }

    [Fact]
    public void AReshapedTensorIsItsValueUnderAnotherShape()
    {
        Tensor y = Numbers(13), flat = y.Reshape(600).Eval();
        Assert.True(Share(y, flat));
        Assert.Equal(y.ToArray<float>(), flat.ToArray<float>());
        Assert.False(Share(y, y.Transpose().Eval()));
    }

    [Fact]
    public void ALoopsIterationsPassTheirSlicesOn()
    {
        Tensor y = Numbers(14);
        var compiled = Compile.Of((Tensor t) =>
            Vmap.Of((Tensor row) => (row, row + 1), chunk: 2)(t));
        var (same, more) = compiled(y);
        Assert.Equal(y.ToArray<float>(), same.ToArray<float>());
        Assert.Equal((y + 1).ToArray<float>(), more.ToArray<float>());
    }
}
