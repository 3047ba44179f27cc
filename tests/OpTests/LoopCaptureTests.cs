// What iterations of a loop read from outside, and what they share: constants, tensors that rules
// captured, memory of results, other loops.
namespace Engine.OpTests;

public class LoopCaptureTests
{
    private static readonly Key[] Keys = Key.From(51).Split(6);
    private static readonly Tensor W = Keys[0].Normal([3, 3], DType.Float64).Eval();
    private static readonly Tensor X = Keys[1].Normal([6, 5, 3], DType.Float64).Eval();
    private static readonly Tensor V = Keys[2].Normal([3, 3], DType.Float64).Eval();

    private static void SameInChunks(Func<int, Tensor> f)
    {
        Tensor expected = f(6);
        foreach (int chunk in (int[])[1, 2, 4])
        {
            Tensor actual = f(chunk);
            Assert.True(
                Tree.AllClose(expected, actual, 1e-11), $"{chunk}: {actual} not {expected}");
        }
    }

    private static Explanation.Trace Explained(Func<Tensor, Tensor> f, Tensor x)
    {
        var compiled = Compile.Of(f);
        compiled(x);
        return Assert.Single(Compile.Explain(compiled).Traces);
    }

    private static int Loops(Explanation.Trace trace) =>
        trace.Steps.Count(step => step.StartsWith("Loop", StringComparison.Ordinal));

    [Theory]
    [InlineData(4, true)]
    [InlineData(1024, false)]
    public void ResultsOfOneMemoryMayHaveManyShapes(int n, bool reference)
    {
        Tensor x = Keys[3].Normal([3, n, n]).Eval();
        if (reference) x = x.To(new Device(new ReferenceBackend()));
        var (whole, flat, part) = Vmap.Of((Tensor r) =>
        {
            Tensor twice = r * 2;
            return (twice, twice.Reshape(n * n), twice.Reshape(n * n)[..(n * n - 1)]);
        }, chunk: 1)(x);
        Tensor expected = (x * 2).Reshape(3, n * n);
        Assert.True(Tree.AllClose(expected.Reshape(3, n, n), whole, 0));
        Assert.True(Tree.AllClose(expected, flat, 0));
        Assert.True(Tree.AllClose(expected[.., ..(n * n - 1)], part, 0));
    }

    [Fact]
    public void AConstantMayBeReadWhileALoopWaits()
    {
        SameInChunks(chunk =>
        {
            Tensor c = Tensor.Full([5, 3], 2.0, DType.Float64);
            return Grad.Of((Tensor w) =>
            {
                Tensor loss = Vmap.Of(
                    (Tensor x) => (x * c).MatMul(w).Sum(), chunk: chunk)(X).Sum();
                c.ToArray<double>();
                loss.Item<double>();
                return loss;
            })(W);
        });
        SameInChunks(chunk =>
        {
            Tensor c = Tensor.Full([5, 3], 2.0, DType.Float64);
            return Compile.Of((Tensor w) =>
            {
                Tensor y = Vmap.Of((Tensor x) => (x * c).MatMul(w).Sum(), chunk: chunk)(X);
                c.Eval();
                return y.Sum();
            })(W);
        });
    }

    [Fact]
    public void WhatARuleCapturedIsComputedOnceBeforeTheLoop()
    {
        Tensor Slope(Tensor w, Tensor s, int chunk)
        {
            var rule = CustomRule.Of((Tensor x) => x.Tanh(), vjp: (x, y, g) => g * s);
            return Grad.Of((Tensor p) => Vmap.Of(
                (Tensor x) => rule(x.MatMul(p)).MatMul(w).Sum(), chunk: chunk)(X).Sum())(w);
        }
        // It depends on what the loop reads, too, and may have its value.
        SameInChunks(chunk => Grad.Of((Tensor w) =>
        {
            Tensor s = w.Sum();
            s.Item<double>();
            return Slope(w, s, chunk).Square().Sum();
        })(W));
        double Operations(int chunk) => Explained(w =>
        {
            Tensor s = w;
            for (int i = 0; i < 10; i++) s = s.MatMul(w).Tanh();
            return Slope(w, s.Sum(), chunk);
        }, W).Operations;
        Assert.Equal(Operations(6), Operations(1));
    }

    [Fact]
    public void RulesMayRunTransformsAtEveryOrder()
    {
        var inner = CustomRule.Of(
            (Tensor t) => t.Tanh(),
            vjp: (t, y, g) => g * Grad.Of((Tensor q) => q.Tanh().Sum())(t));
        var pull = CustomRule.Of(
            ((Tensor X, Tensor P) a) => a.X.MatMul(a.P),
            vjp: (a, y, g) =>
                (g.MatMul(inner(a.P).T()), a.X.T().MatMul(g) * inner(a.P * 2)));
        var push = CustomRule.Of(
            ((Tensor X, Tensor P) a) => a.X.MatMul(a.P),
            jvp: (a, y, v) => v.X.MatMul(a.P) + a.X.MatMul(inner(v.P)));
        Func<Tensor, Tensor> Loss(Func<(Tensor, Tensor), Tensor> rule, int chunk) =>
            w => Vmap.Of((Tensor x) => rule((x, w)).Sum(), chunk: chunk)(X).Sum();
        SameInChunks(chunk => Grad.Of((Tensor w) =>
            Grad.Of((Tensor p) => Loss(pull, chunk)(p))(w).Square().Sum())(W));
        SameInChunks(chunk => Grad.Of((Tensor v) =>
            Jvp.Of((Tensor p) => Loss(push, chunk)(p))(W, v).Tangent)(V));
    }

    [Fact]
    public void RulesMayUseResultsThatNothingReads()
    {
        var rule = CustomRule.Of(
            (Tensor x) => (x.Tanh(), x.Square()),
            vjp: (x, y, g) => g.Item1 * y.Item2 + g.Item2);
        SameInChunks(chunk => Grad.Of((Tensor w) => Vmap.Of(
            (Tensor x) => rule(x.MatMul(w)).Item1.Sum(), chunk: chunk)(X).Square().Sum())(W));
    }

    [Fact]
    public void LoopsThatFollowEachOtherStayLoops()
    {
        int Count(int steps) => Loops(Explained(w =>
        {
            for (int i = 0; i < steps; i++)
            {
                w -= 0.01 * Grad.Of((Tensor p) => Vmap.Of(
                    (Tensor x) => x.MatMul(p).Tanh().Sum(), chunk: 2)(X).Mean())(w);
            }
            return w.Sum();
        }, W));
        Assert.Equal([3, 30], (int[])[Count(3), Count(30)]);
    }

    [Fact]
    public void LoopsOfOtherWorkOnTheSameDataStayApart()
    {
        Tensor x = Keys[3].Normal([64, 256, 32]).Eval();
        Explanation.Trace trace = Explained(w =>
        {
            Tensor sum = Tensor.Zeros([]);
            for (int i = 0; i < 20; i++)
            {
                Tensor y = Vmap.Of((Tensor r) => r.MatMul(w[i]).Tanh(), chunk: 4)(x);
                sum += (y * (i + 1)).Square().Sum();
            }
            return sum;
        }, Keys[4].Normal([20, 32, 32]).Eval());
        Assert.Equal(20, Loops(trace));
        // A result takes 2 MiB.
        Assert.InRange(trace.PeakBytes, 2 << 20, 10 << 20);
    }

    [Fact]
    public void ABatchOfChunkedBatchesIsChunkedByWhatTheyHold()
    {
        Tensor x = Keys[3].Normal([64, 256, 32]).Eval();
        Tensor Scores(Tensor p) => Vmap.Of(
            (Tensor r) => r.MatMul(p).Tanh().Square().Sum(), chunk: 2)(x);
        Explanation.Trace trace = Explained(
            p => Jacobian.Of((Tensor q) => Scores(q), JacobianMode.Forward)(p),
            Keys[4].Normal([32, 16]).Eval());
        // 512 tangents; what is computed of one in a chunk takes 32 KiB.
        Assert.InRange(trace.PeakBytes, 512 << 10, 4 << 20);
    }

    [Fact]
    public void WhatIterationsDoNotChangeTakesNoLoop()
    {
        var (_, pull) = Vjp.Of(
            (Tensor x) => Vmap.Of((Tensor r) => r.Sum(), chunk: 2)(x))(X);
        var device = new Device(new ReferenceBackend());
        Tensor ones = pull(Tensor.Ones([6], DType.Float64));
        // A number belongs to no device yet.
        Assert.True(Tree.AllClose(
            Tensor.Ones([6, 5, 3], DType.Float64), (X.To(device) * 0 + ones).To(Device.Cpu), 0));
    }
}
