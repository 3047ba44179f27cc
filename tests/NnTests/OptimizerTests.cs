// Update rules against loops over doubles, schedules, clipping, what is skipped, and memory.
using Engine.Kernels;
using Engine.Nn;

namespace Engine.NnTests;

internal sealed partial record Parts(Tensor Weight, Tensor Frozen, Tensor Count, Tensor Mask)
    : ITree;

public class OptimizerTests
{
    private const int N = 7, Steps = 20;
    private static readonly double[] C = Naive.Normal(1, N);

    // The loss, sum of c sin w + w^2 / 2, and its derivative.
    private static Tensor Objective(Tensor w) =>
        (Tensor.From(C) * w.Sin() + 0.5 * w.Square()).Sum();

    private static double Slope(double w, int i) => C[i] * Math.Cos(w) + w;

    private static (Tensor Weights, OptimizerState State) Run(
        Optimizer rule, Tensor w, int steps = Steps)
    {
        OptimizerState state = rule.Init(w);
        var gradient = Grad.Of((Tensor p) => Objective(p));
        for (int n = 0; n < steps; n++) (w, state) = rule.Step(w, gradient(w), state);
        return (w, state);
    }

    [Theory]
    [InlineData(0, false, 0)]
    [InlineData(0.9, false, 0)]
    [InlineData(0.9, true, 0)]
    [InlineData(0, false, 0.1)]
    [InlineData(0.8, true, 0.1)]
    public void SgdEqualsALoop(double momentum, bool nesterov, double decay)
    {
        double[] start = Naive.Normal(2, N), w = [.. start], v = new double[N];
        for (int n = 0; n < Steps; n++)
            for (int i = 0; i < N; i++)
            {
                double g = Slope(w[i], i) + decay * w[i];
                v[i] = momentum * v[i] + g;
                w[i] -= 0.1 * (nesterov ? g + momentum * v[i] : v[i]);
            }
        var (weights, state) = Run(Optim.Sgd(0.1, momentum, nesterov, decay), Tensor.From(start));
        Naive.Near(w, weights, 1e-13);
        Assert.Equal(Steps, state.Steps.Item<long>());
        Assert.Equal(momentum == 0 ? 0 : 1, state.Leaves[0].Leaves().Count);
    }

    [Theory]
    [InlineData(0.9, 0.999)]
    [InlineData(0, 0.9)]
    public void AdamEqualsALoop(double beta1, double beta2)
    {
        double[] start = Naive.Normal(2, N), w = [.. start], m = new double[N], s = new double[N];
        for (int n = 1; n <= Steps; n++)
            for (int i = 0; i < N; i++)
            {
                double g = Slope(w[i], i);
                m[i] = beta1 * m[i] + (1 - beta1) * g;
                s[i] = beta2 * s[i] + (1 - beta2) * g * g;
                double mean = m[i] / (1 - Math.Pow(beta1, n));
                double square = s[i] / (1 - Math.Pow(beta2, n));
                w[i] -= 0.05 * mean / (Math.Sqrt(square) + 1e-8);
            }
        var (weights, state) = Run(Optim.Adam(0.05, beta1, beta2), Tensor.From(start));
        Naive.Near(w, weights, 1e-12);
        var averages = Assert.IsType<AdamState>(Assert.Single(state.Leaves));
        Naive.Near(m, averages.Mean, 1e-12);
        Naive.Near(s, averages.Square, 1e-12);
        Tensor single = Optim.Adam(0.05).Step( // the corrections keep float32's digits
            Tensor.From([1f]), Tensor.From([0.5f]), Optim.Adam(0.05).Init(Tensor.From([1f]))).Model;
        Assert.Equal(0.95f, single.Item<float>(), 6e-8f);
    }

    [Fact]
    public void SchedulesAreTensorProgramsOfTheStep()
    {
        Optimizer rule = Optim.Sgd(n => Tensor.Where(
            n < 2, Tensor.Scalar(0.5), (n.Cast(DType.Float64) * -0.5).Exp()));
        Tensor w = Tensor.Scalar(0.0), one = Tensor.Scalar(1.0);
        OptimizerState state = rule.Init(w);
        double expected = 0;
        for (int n = 0; n < 5; n++)
        {
            (w, state) = rule.Step(w, one, state);
            double rate = n < 2 ? 0.5 : Math.Exp(-0.5 * n);
            Assert.Equal(rate, state.Rate.Item(), 15);
            expected -= rate;
            Assert.Equal(expected, w.Item(), 14);
        }
    }

    [Fact]
    public void SymbolicZerosAreSkippedByDecayAndMomentsEvenOnceRead()
    {
        var model = new Parts(
            Tensor.Scalar(2.0), Tensor.Scalar(3.0), Tensor.From([1, 2]), Tensor.From([true]));
        foreach (Optimizer rule in (Optimizer[])
            [Optim.Sgd(0.1, weightDecay: 0.5), Optim.Sgd(0.1, 0.9, weightDecay: 0.5),
                Optim.Adam(0.1)])
        {
            OptimizerState state = rule.Init(model);
            Parts g = Grad.Of(
                (Parts p) => p.Weight * p.Weight * p.Frozen, p => p == "Weight")(model);
            Assert.Equal(0, g.Frozen.Item());
            Parts next = rule.Step(model, g, state).Model;
            Assert.Same(model.Frozen, next.Frozen);
            Assert.Same(model.Count, next.Count);
            Assert.Same(model.Mask, next.Mask);
            Assert.True(next.Weight.Item() < 2);
        }
    }

    [Fact]
    public void MomentsBeginAtZeroWhateverTheWeights()
    {
        OptimizerState state = Optim.Adam(0.1).Init(
            Tensor.From([double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1]));
        var averages = (AdamState)state.Leaves[0];
        Assert.Equal(new double[4], averages.Mean.ToArray<double>());
        Assert.Equal(new double[4], averages.Square.ToArray<double>());
    }

    [Fact]
    public void ATreeThatDoesNotBelongIsExplained()
    {
        Optimizer rule = Optim.Adam(0.1);
        Tensor w = Tensor.Scalar(1.0);
        Assert.Equal("Adam: a model of 1 leaves, a gradient of 1 and a state of 4 do not belong "
            + "together. Make the state with Init(model).",
            Naive.Error(() => rule.Step(w, w, rule.Init(new Parts(w, w, w, w)))));
        Assert.Equal("Adam: the state keeps SgdState of a leaf, where this rule keeps AdamState. "
            + "Make the state with Init(model).",
            Naive.Error(() => rule.Step(w, w, Optim.Sgd(0.1).Init(w))));
        Optimizer plain = Optim.Sgd(0.1), heavy = Optim.Sgd(0.1, momentum: 0.9);
        Assert.Equal("Sgd: the state lacks a velocity: it was made with other options. Make the "
            + "state with Init(model).", Naive.Error(() => heavy.Step(w, w, plain.Init(w))));
        Assert.Equal("Sgd: the state has a velocity: it was made with other options. Make the "
            + "state with Init(model).", Naive.Error(() => plain.Step(w, w, heavy.Init(w))));
    }

    [Fact]
    public void ManyOptimisersRunUnderVmap()
    {
        Tensor starts = Tensor.From(Naive.Normal(3, 2 * N), Shape.Of(2, N));
        foreach (Optimizer rule in (Optimizer[])[Optim.Sgd(0.1, 0.9), Optim.Adam(0.05)])
        {
            Tensor both = Vmap.Of((Tensor w) => Run(rule, w, 4).Weights)(starts);
            for (int i = 0; i < 2; i++)
                Assert.True(Tree.AllClose(Run(rule, starts[i], 4).Weights, both[i], 1e-12));
        }
    }

    [Fact]
    public void ClippingByGlobalNormScalesAllLeavesTogether()
    {
        var g = new Parts(
            Tensor.From([3.0, 0]), Tensor.Scalar(4.0), Tensor.Scalar(0.0), Tensor.Scalar(0.0));
        Parts clipped = Optim.ClipByGlobalNorm(g, 1);
        Naive.Near([0.6, 0], clipped.Weight, 1e-6);
        Naive.Near([0.8], clipped.Frozen, 1e-6);
        Assert.True(Tree.AllClose(g, Optim.ClipByGlobalNorm(g, 5.1)));
        Tensor zero = Tensor.Zeros(3, DType.Float64);
        Assert.Equal(new double[3], Optim.ClipByGlobalNorm(zero, 1).ToArray<double>());
        Tensor through = Grad.Of((Tensor x) => Optim.ClipByGlobalNorm(x, 1).Sum())(zero);
        Assert.Equal([1.0, 1, 1], through.ToArray<double>());
        Assert.Equal([-1.0, 0.5, 1],
            Optim.ClipByValue(Tensor.From([-2.0, 0.5, 9]), 1).ToArray<double>());

        Parts frozen = Grad.Of((Parts p) => (p.Weight * 10).Sum(), p => p == "Weight")(g);
        Assert.True(Optim.ClipByGlobalNorm(frozen, 1).Frozen.IsSymbolicZero);
        Assert.True(Optim.ClipByValue(frozen, 1).Frozen.IsSymbolicZero);
        Assert.Equal([1.0, 1], Optim.ClipByValue(frozen, 1).Weight.ToArray<double>());
    }

    [Fact]
    public void MemoryStaysFlatOverManySteps()
    {
        var backend = new CpuBackend(1);
        var device = new Device(backend);
        Mlp model = Mlp.Create(Key.From(1), [8, 32, 1]).To(device);
        Tensor x = Key.From(2).Normal([16, 8]).To(device);
        Tensor y = x.Square().Sum(1, keepDims: true).Eval();
        Optimizer adam = Optim.Adam(0.01);
        OptimizerState state = adam.Init(model);
        var gradient = Grad.WithValue((Mlp m) => Loss.Mse(m.Forward(x), y));
        long held = 0;
        double first = 0, last = 0;
        for (int step = 0; step < 2000; step++)
        {
            var (loss, g) = gradient(model);
            (model, state) = adam.Step(model, Optim.ClipByGlobalNorm(g, 10), state);
            if (step == 0) first = loss.Item();
            if (step == 1999) last = loss.Item();
            if (step % 500 != 499) continue;
            GC.Collect();
            GC.WaitForPendingFinalizers();
            if (step == 499) held = backend.BytesHeld;
            Assert.InRange(backend.BytesInUse, 1, 1 << 20);
        }
        Assert.InRange(backend.BytesHeld, 1, 2 * held + (4 << 20));
        Assert.True(last < 0.1 * first, $"the loss went from {first} to {last}");
        GC.KeepAlive((model, state));
    }
}
