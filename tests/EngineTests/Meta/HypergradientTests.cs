// Hypergradients against finite differences, each way through the inner optimisation against what
// it claims to be; and how much memory each takes as the inner steps become more.
using Engine.Kernels;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Tests.Meta;

/// <summary>Weights of samples before a softplus, the logarithm of a penalty, a rate.</summary>
public sealed partial record Hyper(Tensor Samples, Tensor Penalty, Tensor Rate) : ITree;

/// <summary>Inputs (n, 3) and targets (n, 1).</summary>
public sealed partial record Points(Tensor X, Tensor Y) : ITree;

public class HypergradientTests
{
    private const int Samples = 12;

    private static readonly Key[] Keys = Key.From(3).Split(6);

    private static readonly Points Train = Draw(Keys[0]), Validation = Draw(Keys[1]);

    private static readonly Linear Start = Linear.Create(Keys[2], 3, 1, type: DType.Float64);

    private static readonly Hyper At = new(
        (0.5 * Keys[3].Normal([Samples], DType.Float64)).Eval(),
        Tensor.Scalar(-2.0), Tensor.Scalar(0.1));

    private static Points Draw(Key key)
    {
        Key[] keys = key.Split(2);
        Tensor x = keys[0].Normal([Samples, 3], DType.Float64);
        Tensor y = x.Sum(1, keepDims: true).Sin()
            + 0.3 * keys[1].Normal([Samples, 1], DType.Float64);
        return new(x.Eval(), y.Eval());
    }

    /// <summary>Not quadratic: the Hessian changes on the way.</summary>
    private static Tensor InnerLoss(Linear w, Hyper h, Points batch) =>
        (h.Samples.Softplus() * (w.Forward(batch.X).Tanh() - batch.Y).Square().Sum(1)).Mean()
        + h.Penalty.Exp() * (w.Weight.Square().Sum() + w.Bias!.Square().Sum());

    private static Tensor OuterLoss(Linear w, Hyper h, Points batch) =>
        (w.Forward(batch.X).Tanh() - batch.Y).Square().Mean() + 0.01 * h.Samples.Square().Mean();

    private static Func<Linear, Hyper, HyperStep<Linear, Hyper>> Of(
        int steps, Through through, Func<Hyper, Optimizer>? optimizer = null) =>
        Hypergradient.Of<Linear, Hyper>(
            (w, h) => InnerLoss(w, h, Train), (w, h) => OuterLoss(w, h, Validation),
            optimizer ?? (h => Optim.Sgd(_ => h.Rate)), steps, through);

    private static Func<Hyper, Optimizer> Sgd(double rate) => _ => Optim.Sgd(rate);

    /// <summary>
    /// The largest error of a gradient against differences, relative to its size.
    /// </summary>
    private static double Error(Hyper gradient, Func<Hyper, double> loss, bool rate = true)
    {
        double worst = 0, size = 0;
        for (int leaf = 0; leaf < (rate ? 3 : 2); leaf++)
        {
            Tensor exact = gradient.Leaves()[leaf];
            for (int i = 0; i < exact.Count; i++)
            {
                double Moved(double by)
                {
                    double[] values = At.Leaves()[leaf].ToDoubles();
                    values[i] += by;
                    Tensor[] leaves = [.. At.Leaves()];
                    leaves[leaf] = Tensor.From(values).Reshape(leaves[leaf].Shape);
                    return loss(At.WithLeaves(leaves));
                }

                const double d = 2e-4;
                double difference =
                    (8 * (Moved(d) - Moved(-d)) - (Moved(2 * d) - Moved(-2 * d))) / (12 * d);
                double value = exact.IsSymbolicZero ? 0 : exact.ToDoubles()[i];
                worst = Math.Max(worst, Math.Abs(difference - value));
                size = Math.Max(size, Math.Abs(difference));
            }
        }
        return worst / size;
    }

    public static TheoryData<string, bool> Optimisers => new()
    {
        { "sgd", false }, { "sgd", true }, { "momentum", false }, { "adam", false },
        { "adam", true },
    };

    [Theory, MemberData(nameof(Optimisers))]
    public void ThroughEveryStepOfAnyOptimiserItIsExact(string name, bool remat)
    {
        Optimizer By(Hyper h) => name switch
        {
            "sgd" => Optim.Sgd(_ => h.Rate),
            "momentum" => Optim.Sgd(_ => h.Rate, momentum: 0.9),
            _ => Optim.Adam(_ => h.Rate, epsilon: 1e-2),
        };
        var hyper = Of(7, new Through.Unrolled(remat), By);
        double error = Error(hyper(Start, At).Gradient, h => hyper(Start, h).Loss.Item());
        Assert.True(error < 1e-8, $"{error}");
    }

    [Theory, InlineData(1, false), InlineData(3, false), InlineData(3, true)]
    public void TruncatedItIsExactForTheLastSteps(int last, bool remat)
    {
        const int steps = 9;
        HyperStep<Linear, Hyper> step =
            Of(steps, new Through.Truncated(last, remat))(Start, At);
        Linear before = Of(steps - last, new Through.FirstOrder(0))(Start, At).Weights;
        var rest = Of(last, new Through.Unrolled());
        double error = Error(step.Gradient, h => rest(before, h).Loss.Item());
        Assert.True(error < 1e-8, $"{error}");
        Assert.True(Tree.AllClose(rest(before, At), step, 1e-12, 1e-14));
        // It is not the whole: what the first steps did is missing.
        Assert.False(Tree.AllClose(
            Of(steps, new Through.Unrolled())(Start, At).Gradient, step.Gradient, 1e-3, 1e-6));
    }

    [Fact]
    public void TruncatedToAllStepsOrMoreItIsTheWhole()
    {
        HyperStep<Linear, Hyper> all = Of(5, new Through.Unrolled())(Start, At);
        Assert.True(Tree.AllClose(all, Of(5, new Through.Truncated(5))(Start, At), 1e-14, 0));
        Assert.True(Tree.AllClose(all, Of(5, new Through.Truncated(99))(Start, At), 1e-14, 0));
    }

    public static TheoryData<Through> Implicits => new()
    {
        new Through.ConjugateGradient(8, 1e-14), new Through.Neumann(400, 0.3),
    };

    [Theory, MemberData(nameof(Implicits))]
    public void AtAMinimumImplicitDerivativesAreThoseOfTheMinimum(Through through)
    {
        var hyper = Of(400, through, Sgd(0.5));
        double error =
            Error(hyper(Start, At).Gradient, h => hyper(Start, h).Loss.Item(), rate: false);
        Assert.True(error < 1e-8, $"{error}");
    }

    [Theory, InlineData(1), InlineData(2), InlineData(6)]
    public void AtAMinimumNeumannsTermsAreTheLastStepsOfDescent(int terms)
    {
        Linear minimum = Of(500, new Through.FirstOrder(0), Sgd(0.5))(Start, At).Weights;
        Hyper series = Of(1, new Through.Neumann(terms, 0.2), Sgd(0.2))(minimum, At).Gradient;
        Hyper steps = Of(terms, new Through.Truncated(terms), Sgd(0.2))(minimum, At).Gradient;
        Assert.True(Tree.AllClose(
            steps with { Rate = Tensor.Scalar(0.0) },
            series with { Rate = Tensor.Scalar(0.0) }, 1e-8, 1e-12));
    }

    [Fact]
    public void FirstOrderTakesTheInverseHessianForANumber()
    {
        HyperStep<Linear, Hyper> step = Of(20, new Through.FirstOrder(0.3))(Start, At);
        var (own, outer) = Grad.Of(((Hyper H, Linear W) p) =>
            OuterLoss(p.W, p.H, Validation))((At, step.Weights));
        // The derivative of the inner gradient, along the outer one, by differences.
        double Along(Hyper h) => Grad.Of((Linear w) => InnerLoss(w, h, Train))(step.Weights)
            .Leaves().Zip(outer.Leaves(), (g, v) => (g * v).Sum().Item()).Sum();
        double OwnLoss(Hyper h) => OuterLoss(step.Weights, h, Validation).Item();
        double error = Error(
            step.Gradient, h => OwnLoss(h) - 0.3 * Along(h), rate: false);
        Assert.True(error < 1e-8, $"{error}");
        Assert.True(Tree.AllClose(
            own.Samples, Of(20, new Through.FirstOrder(0))(Start, At).Gradient.Samples, 1e-12, 0));
    }

    [Fact]
    public void EveryInnerStepMayHaveItsOwnBatch()
    {
        Points[] batches = [.. Keys[4].Split(6).Select(Draw)];
        var hyper = Hypergradient.Of<Linear, Hyper, Points>(
            InnerLoss, OuterLoss, h => Optim.Sgd(_ => h.Rate), 5, new Through.Unrolled());
        HyperStep<Linear, Hyper> Run(Hyper h) => hyper(Start, h, k => batches[k], Validation);
        double error = Error(Run(At).Gradient, h => Run(h).Loss.Item());
        Assert.True(error < 1e-8, $"{error}");
        // Another outer batch is seen, not one that was frozen at the first call.
        Assert.NotEqual(
            Run(At).Loss.Item(), hyper(Start, At, k => batches[k], Train).Loss.Item());
        // Implicitly: the batch after the last is that of the minimum.
        var at = Hypergradient.Of<Linear, Hyper, Points>(
            InnerLoss, OuterLoss, Sgd(0.5), 400, new Through.ConjugateGradient(8, 1e-14));
        Hyper same = at(Start, At, _ => Train, Validation).Gradient;
        Hyper mixed = at(Start, At, k => k < 400 ? Train : batches[5], Validation).Gradient;
        Assert.True(Tree.AllClose(
            Of(400, new Through.ConjugateGradient(8, 1e-14), Sgd(0.5))(Start, At).Gradient.Samples,
            same.Samples, 1e-10, 1e-13));
        Assert.False(Tree.AllClose(same.Samples, mixed.Samples, 1e-3, 1e-6));
    }

    [Fact]
    public void ItGoesOnWhereItEnded()
    {
        var five = Of(5, new Through.Truncated(1));
        Linear twice = five(five(Start, At).Weights, At).Weights;
        Assert.True(Tree.AllClose(
            Of(10, new Through.Truncated(1))(Start, At).Weights, twice, 1e-13, 1e-15));
        // The start of a call is the caller's: it is not overwritten.
        Assert.Equal(3, Start.Weight.ToDoubles().Length);
    }

    [Fact]
    public void ItStandsUnderOtherTransforms()
    {
        var hyper = Of(4, new Through.Truncated(2));
        Hyper alone = hyper(Start, At).Gradient;
        Hyper batched = Vmap.Of((Hyper h) => hyper(Start, h).Gradient)(
            At.Map((Tensor leaf) => Tensor.Stack([leaf, leaf + 0.1])));
        Assert.True(Tree.AllClose(
            alone, batched.Map((Tensor leaf) => leaf[0]), 1e-12, 1e-14));
        Assert.True(Tree.AllClose(
            alone, Compile.Of((Hyper h) => hyper(Start, h).Gradient)(At), 1e-12, 1e-14));
    }

    [Fact]
    public void MisuseIsExplained()
    {
        string Error(Action call) => Assert.Throws<EngineException>(call).Message;
        Assert.Equal("Hypergradient: 0 inner steps; give at least 1.",
            Error(() => Of(0, new Through.Unrolled())));
        Assert.Equal("Hypergradient: truncated to the last 0 steps; give at least 1.",
            Error(() => Of(3, new Through.Truncated(0))));
        Assert.Contains("0 terms", Error(() => Of(3, new Through.Neumann(0, 1))(Start, At)));
        Assert.Contains("0 iterations",
            Error(() => Of(3, new Through.ConjugateGradient(0))(Start, At)));
    }

    public static TheoryData<Through> Flat => new()
    {
        new Through.Truncated(5), new Through.ConjugateGradient(), new Through.Neumann(5, 0.1),
        new Through.FirstOrder(0.1),
    };

    [Theory, MemberData(nameof(Flat))]
    public void MemoryDoesNotGrowWithTheSteps(Through through)
    {
        long few = PeakBytes(10, through), many = PeakBytes(1000, through);
        // What counts the optimiser's steps waits for the collector: 64 bytes a step.
        Assert.InRange(many, few / 2, few + (few / 100) + (1000 * 64));
    }

    [Fact]
    public void ThroughEveryStepMemoryGrowsAndRecomputationKeepsOnlyTheWeights()
    {
        long few = PeakBytes(10, new Through.Unrolled());
        long many = PeakBytes(100, new Through.Unrolled());
        long again = PeakBytes(100, new Through.Unrolled(Remat: true));
        Assert.True(many > 5 * few, $"{few} {many}");
        Assert.True(again < many / 3, $"{many} {again}");
    }

    /// <summary>The most memory held at a time, with activations larger than the weights.</summary>
    private static long PeakBytes(int steps, Through through)
    {
        var backend = new CpuBackend(1);
        var device = new Device(backend);
        Mlp start = Mlp.Create(Keys[5], [4, 16, 1], Activation.Tanh).To(device);
        Tensor x = Keys[5].Normal([256, 4]).Eval().To(device);
        Tensor y = x.Sum(1, keepDims: true).Sin().Eval();
        var hyper = Hypergradient.Of<Mlp, Tensor>(
            (w, h) => (h.Softplus() * (w.Forward(x) - y).Square()).Mean(),
            (w, _) => (w.Forward(x) - y).Square().Mean(), _ => Optim.Sgd(0.05), steps, through);
        Tree.Eval(hyper(start, Tensor.Zeros([256, 1]).To(device)));
        return backend.BytesHeld;
    }
}
