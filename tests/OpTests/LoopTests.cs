// Vmap in chunks is a loop in the plan: as many steps as one chunk takes, under every transform the
// results of all elements together, and the work of a value and its gradient done once.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine.OpTests;

public class LoopTests
{
    private const int Tasks = 6;
    private const long Apart = 1 << 20;

    private static readonly Key[] Keys = Key.From(31).Split(6);
    private static readonly Tensor W = Keys[0].Normal([3, 3], DType.Float64).Eval();
    private static readonly Tensor X = Keys[1].Normal([Tasks, 5, 3], DType.Float64).Eval();
    private static readonly Tensor V = Keys[2].Normal([3, 3], DType.Float64).Eval();

    /// <summary>A loss after a step of gradient descent.</summary>
    private static Tensor Adapted(Tensor w, Tensor x)
    {
        Tensor Loss(Tensor p) => x.MatMul(p).Tanh().MatMul(p).Square().Mean();
        return Loss(w - 0.1 * Grad.Of((Tensor p) => Loss(p))(w));
    }

    private static Tensor Losses(Tensor w, Tensor x, int chunk) =>
        Vmap.Of((Tensor t) => Adapted(w, t), chunk: chunk)(x);

    private static Func<Tensor, Tensor> MeanLoss(int chunk) => w => Losses(w, X, chunk).Mean();

    private static Explanation.Trace Explained(Func<Tensor, (Tensor, Tensor)> f, Tensor w)
    {
        var compiled = Compile.Of(f);
        compiled(w);
        return Assert.Single(Compile.Explain(compiled).Traces);
    }

    private static int Loops(Explanation.Trace trace) =>
        trace.Steps.Count(step => step.TrimStart().StartsWith("Loop", StringComparison.Ordinal));

    private static void Close(Tensor expected, Tensor actual, double tolerance = 1e-12) =>
        Assert.True(
            Tree.AllClose(expected, actual, tolerance), $"expected {expected}, got {actual}");

    private static void Close(ITuple expected, ITuple actual, double tolerance = 1e-12)
    {
        for (int i = 0; i < expected.Length; i++)
            Close((Tensor)expected[i]!, (Tensor)actual[i]!, tolerance);
    }

    [Fact]
    public void APlanIsAsLongForManyChunksAsForFew()
    {
        Explanation.Trace Trace(int tasks)
        {
            Tensor x = Keys[3].Normal([tasks, 5, 3], DType.Float64).Eval();
            return Explained(
                Grad.WithValue((Tensor w) => Losses(w, x, 1).Mean()), W);
        }
        Explanation.Trace few = Trace(2), many = Trace(40);
        Assert.Equal(few.Steps.Length, many.Steps.Length);
        Assert.Contains(many.Steps, step => step.StartsWith("Loop, 40 times"));
        Assert.Equal(20 * few.Operations, many.Operations);
        Assert.Equal(many.Operations, many.Work.Sum(work => work.Operations));
    }

    [Fact]
    public void AValueAndItsGradientAreOneLoopThatRunsForwardOnce()
    {
        Explanation.Trace Trace(int chunk) =>
            Explained(Grad.WithValue((Tensor w) => MeanLoss(chunk)(w)), W);
        Explanation.Trace chunked = Trace(2);
        Assert.Equal(1, Loops(chunked));
        Assert.Equal(Trace(Tasks).Operations, chunked.Operations);
    }

    [Fact]
    public void CotangentsThatNeedEveryResultTakeASecondLoop()
    {
        Func<Tensor, Tensor> Loss(int chunk) =>
            w => (10 * Losses(w, X, chunk)).LogSumExp() + 0 * w.Sum();
        var chunked = Grad.WithValue((Tensor w) => Loss(2)(w));
        Assert.Equal(2, Loops(Explained(chunked, W)));
        var (value, gradient) = Grad.WithValue((Tensor w) => Loss(Tasks)(w))(W);
        foreach (var f in (Func<Tensor, (Tensor, Tensor)>[])[chunked, Compile.Of(chunked)])
        {
            Close((value, gradient), f(W));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)] // leaves a rest of two
    [InlineData(5)] // one whole chunk and a rest of one
    public void EveryTransformGivesWhatItGivesAllTogether(int chunk)
    {
        Func<Tensor, Tensor>[] of(int c)
        {
            Tensor Loss(Tensor w) => MeanLoss(c)(w);
            var gradient = Grad.Of((Tensor w) => Loss(w));
            return
            [
                Loss,
                gradient,
                w => Jvp.Of((Tensor p) => Loss(p))(w, V).Tangent,
                w => Hessian.Product((Tensor p) => Loss(p))(w, V),
                Grad.Of((Tensor w) => (gradient(w) * V).Sum()),
                Grad.Of((Tensor w) => Jvp.Of((Tensor p) => Loss(p))(w, V).Tangent),
                w => Vmap.Of((Tensor p) => gradient(p), chunk: 2)(
                    Tensor.Stack([w, 2 * w, w + V])),
                w => Grad.Of((Tensor x) => Losses(w, x, c).Square().Sum())(X),
                w => Jacobian.Of((Tensor p) => Losses(p, X, c))(w),
                w => Vmap.Of((Tensor s) => Losses(s * w, X * s, c))(Tensor.From([0.5, 1, 2])),
                w => Grad.Of(Remat.Of((Tensor p) => Loss(p)))(w),
            ];
        }
        var together = of(Tasks);
        var chunked = of(chunk);
        for (int i = 0; i < together.Length; i++)
        {
            Tensor expected = together[i](W);
            Close(expected, chunked[i](W));
            Close(expected, Compile.Of(chunked[i])(W));
        }
    }

    [Fact]
    public void ResultsOfAnyTypeAndSizeComeInOrder()
    {
        Tensor x = Tensor.Arange(7 * 3, DType.Float32).Reshape(7, 3);
        (Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor) All(Tensor x, int chunk) =>
            Vmap.Of((Tensor r) =>
            {
                Tensor twice = r * 2;
                return (twice, twice, r, r.Sum(), r.ArgMax(0), r > 4f, r.Cast(DType.Int32));
            }, chunk: chunk)(x);
        var expected = All(x, 7);
        foreach (int chunk in (int[])[1, 2, 3])
        {
            Close(expected, All(x, chunk), 0);
            Close(expected, Compile.Of((Tensor t) => All(t, chunk))(x), 0);
        }
    }

    [Fact]
    public void LoopsOverOtherDataThatNeedEachOtherStayApart()
    {
        Tensor y = Keys[4].Normal([Tasks, 5, 3], DType.Float64);
        Tensor Both(Tensor w, int chunk)
        {
            Tensor a = Losses(w, X, chunk).Sum(), b = Losses(w, y, chunk).Sum();
            Tensor c = Losses(w * b, X, chunk).Sum(), d = Losses(w * a, y, chunk).Sum();
            return a + 2 * b + 3 * c + 4 * d;
        }
        var expected = Grad.WithValue((Tensor w) => Both(w, Tasks))(W);
        var chunked = Compile.Of(Grad.WithValue((Tensor w) => Both(w, 2)));
        Close(expected, chunked(W), 1e-11);
    }

    [Fact]
    public void SumsBeforeAndAfterALoopAreNotJoined()
    {
        Tensor big = Keys[5].Normal([40, 50], DType.Float64).Eval();
        Tensor Of(Tensor w, int chunk)
        {
            Tensor first = Losses(w, X, chunk).Sum();
            Tensor scale = (big * big).Sum().Sqrt();
            Tensor second = Losses(w / scale, X, chunk).Sum();
            return (big * first).Square().Sum() + second;
        }
        Close(Of(W, Tasks), Compile.Of((Tensor w) => Of(w, 2))(W));
    }

    [Fact]
    public void OwnRulesHoldWithinALoop()
    {
        // The rule reads what the value does not depend on.
        var rule = CustomRule.Of(
            ((Tensor X, Tensor S) a) => a.X.Tanh(),
            vjp: (a, y, g) => (g * (1 - y.Square()) * a.S, (g * a.X).Sum()));
        Tensor s = Keys[3].Normal([Tasks], DType.Float64);
        (Tensor, Tensor) Gradients(int chunk) => Grad.Of(((Tensor W, Tensor S) p) => Vmap.Of(
            (Tensor x, Tensor one) => rule((x.MatMul(p.W), one * p.S)).Sum(),
            chunk: chunk)(X, s).Sum())((W, Tensor.Scalar(1.5)));
        Close(Gradients(Tasks), Gradients(2));
    }

    [Fact]
    public void AWrongIndexIsReportedByItsOperation()
    {
        Tensor rows = Tensor.From([0L, 1, 2, 9]);
        var e = Assert.Throws<EngineException>(() =>
            Vmap.Of((Tensor i) => W.Take(i, 0), chunk: 1)(rows));
        Assert.Contains("Take: index 9", e.Message);
        Assert.Contains("chunk 3", e.Message);
    }

    [Fact]
    public void LoopsHaveTheSameBitsOnAnyNumberOfThreadsAndOnManyAtOnce()
    {
        var f = Compile.Of(Grad.WithValue((Tensor w) => MeanLoss(1)(w)));
        var one = f(W);
        Parallel.For(0, 16, _ => Close(one, f(W), 0));
        var device = new Device(new CpuBackend(1));
        Tensor x = X.To(device);
        Tensor loss = Losses(W.To(device), x, 1).Mean();
        Close(one.Value, loss.To(Device.Cpu));
        Assert.Equal(one.Value.Item<double>(), loss.Item<double>());
    }

    [Theory]
    [InlineData(7)] // more than threads, with a last wave that is not full
    [InlineData(3)]
    public void LargeIterationsRunSideBySideWithTheSameBits(int tasks)
    {
        Tensor w = Keys[3].Normal([64, 64], DType.Float64) * 0.1;
        Tensor x = Keys[4].Normal([tasks, 1000, 64], DType.Float64).Eval();
        var f = Compile.Of(Grad.WithValue((Tensor w, Tensor x) => Losses(w, x, 1).Mean()));
        (double, double[])? first = null;
        long held = 0;
        foreach (int threads in (int[])[1, 2, 3])
        {
            var backend = new CpuBackend(threads);
            var device = new Device(backend);
            Tensor wHere = w.To(device), xHere = x.To(device);
            for (int again = 0; again < 3; again++)
            {
                var (value, gradient) = f(wHere, xHere);
                first ??= (value.Item<double>(), gradient.ToArray<double>());
                Assert.Equal(first.Value.Item1, value.Item<double>());
                Assert.Equal(first.Value.Item2, gradient.ToArray<double>());
            }
            // Each that runs at the same time has temporaries of its own, some 4 MB; what else comes
            // and goes is small.
            Assert.True(backend.BytesHeld > held + Apart, $"{held}, {backend.BytesHeld} bytes");
            held = backend.BytesHeld;
        }
    }

    [Fact]
    public void TheReferenceBackendRunsLoops()
    {
        var device = new Device(new ReferenceBackend());
        Tensor x = X.To(device);
        var gradient = Compile.Of(Grad.Of((Tensor w) => Losses(w, x, 2).Mean()));
        Close(Grad.Of((Tensor w) => MeanLoss(2)(w))(W), gradient(W.To(device)).To(Device.Cpu));
    }
}
