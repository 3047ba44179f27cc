// Tests of what stands around fine-tuning: the rate finder, early stopping, penalties, the probe.
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public class TuneHelpTests
{
    [Fact]
    public void TheFinderSeesWhereTheLossFallsAndWhereItExplodes()
    {
        Mlp net = Mlp.Create(Key.From(0), [4, 16, 3]);
        (Tensor X, Tensor Y) Batch(long step)
        {
            Tensor x = Key.From(step).Normal([64, 4]).Eval();
            return (x, x[.., ..3].ArgMax(1).Eval());
        }
        var tuning = new FineTuning<Mlp>(
            net, NormStatistics.For(net), TunePlan.All(), Optim.Adam(1e-3));
        TuneState state = tuning.Begin();
        RateCurve curve = tuning.FindRate(state, Batch, from: 1e-6, to: 100, steps: 120);

        Assert.True(curve.Points.Length < 120, "the loss explodes before a rate of 100");
        Assert.Equal(1e-6, curve.Points[0].Rate, 1e-12);
        double factor = Math.Pow(1e8, 1.0 / 119);
        Assert.All(curve.Points.Zip(curve.Points.Skip(1)),
            p => Assert.Equal(factor, p.Second.Rate / p.First.Rate, 1e-9));
        Assert.True(curve.Points[^1].Smooth > 4 * curve.Points.Min(p => p.Smooth)
            || !double.IsFinite(curve.Points[^1].Loss));
        Assert.InRange(curve.Suggested, 1e-3, 0.1);
        // It left no trace.
        Assert.True(Fake.Same(net, tuning.Network(state)));
        Assert.Equal(curve.Suggested,
            tuning.FindRate(state, Batch, from: 1e-6, to: 100, steps: 120).Suggested);

        double After(double rate)
        {
            var run = new FineTuning<Mlp>(
                net, NormStatistics.For(net), TunePlan.All(), Optim.Adam(rate));
            double last = double.NaN;
            run.Run(run.Begin(), Batch, 60, (_, loss) => last = loss);
            return last;
        }
        Assert.True(After(curve.Suggested) < 0.7 * After(curve.Suggested / 30));
    }

    [Fact]
    public void TheFinderSaysWhenItEndedTooSoon()
    {
        Mlp net = Mlp.Create(Key.From(0), [4, 16, 3]);
        (Tensor X, Tensor Y) Batch(long step)
        {
            Tensor x = Key.From(step).Normal([64, 4]).Eval();
            return (x, x[.., ..3].ArgMax(1).Eval());
        }
        FineTuning<Mlp> Tuning(double below) => new(
            net, NormStatistics.For(net), TunePlan.All(), Optim.Adam(1e-3))
        {
            Loss = (z, y) => Loss.CrossEntropy(z, y) - below,
        };
        Assert.True(Tuning(0).FindRate(Tuning(0).Begin(), Batch, 1e-6, 1e-2, 60).EndsFalling);
        Assert.False(Tuning(0).FindRate(Tuning(0).Begin(), Batch, 1e-6, 100, 120).EndsFalling);
        // A loss that goes below 0, such as a log-likelihood's, is searched as well.
        RateCurve curve = Tuning(3).FindRate(Tuning(3).Begin(), Batch, 1e-6, 100, 120);
        Assert.InRange(curve.Suggested, 1e-3, 0.1);
    }

    [Fact]
    public void TheFinderRefusesWhatItCannotSearch()
    {
        Mlp net = Mlp.Create(Key.From(0), [4, 3]);
        var tuning = new FineTuning<Mlp>(
            net, NormStatistics.For(net), TunePlan.All(), Optim.Sgd(1e-3));
        (Tensor X, Tensor Y) Batch(long step) =>
            (Key.From(step).Normal([8, 4]).Eval(), Tensor.Zeros([8], DType.Int64));
        TuneState state = tuning.Begin();
        Assert.Equal("FindRate: 100 rates from 1 to 0.1: give at least 10, growing from above 0.",
            Fake.Error(() => tuning.FindRate(state, Batch, from: 1, to: 0.1)));
        Assert.Contains("the loss never fell below that at the first rate, 1000",
            Fake.Error(() => tuning.FindRate(
                state, i => (1e3 * Batch(i).X, Batch(i).Y), from: 1e3, to: 1e9)));
    }

    [Fact]
    public void EarlyStoppingKeepsTheBest()
    {
        var stopping = EarlyStopping.From("start", score: 0.5, patience: 2);
        foreach (var (state, score) in (ReadOnlySpan<(string, double)>)
            [("a", 0.4), ("b", 0.7), ("c", double.NaN), ("d", 0.8), ("e", 0.8)])
        {
            Assert.False(stopping.Stop);
            stopping = stopping.Check(state, score);
        }
        Assert.False(stopping.Stop);
        stopping = stopping.Check("f", 0.1);
        Assert.True(stopping.Stop);
        Assert.Equal(("d", 0.8), (stopping.Best, stopping.Score));
        Assert.Equal("g", EarlyStopping.From("start", double.NaN, 1).Check("g", -1).Best);
        Assert.Contains("Give at least 1.", Fake.Error(() => EarlyStopping.From("", 0, 0)));
    }

    [Fact]
    public void L2SpPullsTheBodyToTheStartAndTheHeadToZero()
    {
        Mlp start = Mlp.Create(Key.From(0), [2, 3, 2], type: DType.Float64);
        Mlp net = start.Map((Tensor t) => t + 0.5);
        double body = 0.25 * (2 * 3 + 3);
        double head = Tree.Dot(net.Head, net.Head).Item();
        Assert.Equal(0.5 * 0.2 * body + 0.5 * 0.3 * head,
            L2Sp.Penalty(net, start, 0.2, 0.3).Item(), 1e-12);
        Assert.True(GradCheck.Run(
            (Mlp n) => L2Sp.Penalty(n, start, 0.2, 0.3).Square(), net, order: 2).Error < 1e-6);
        Assert.Equal(0, L2Sp.Penalty(start, start, 1).Item());
        Assert.Contains("must be 0 or more", Fake.Error(() => L2Sp.Penalty(net, start, -1)));
    }

    [Fact]
    public void FeaturesArePulledToTheStarts()
    {
        Tensor a = Key.From(0).Normal([5, 3], DType.Float64).Eval();
        Tensor b = Key.From(1).Normal([5, 3], DType.Float64).Eval();
        Tensor w = Tensor.From([0.0, 1, 2]);
        double expected = 0;
        double[] p = a.ToDoubles(), q = b.ToDoubles();
        for (int i = 0; i < 15; i++) expected += i % 3 * (p[i] - q[i]) * (p[i] - q[i]) / 10;
        Assert.Equal(expected, FeatureRegularisation.Penalty(a, b, w).Item(), 1e-12);
        Assert.True(GradCheck.Run(
            (Tensor t) => FeatureRegularisation.Penalty(t, b, w).Square(), a, order: 2).Error
            < 1e-6);
        Assert.Contains("(5, 3), (5, 2).", Fake.Error(
            () => FeatureRegularisation.Penalty(a, b[.., ..2])));
    }

    [Fact]
    public void APenaltyOfFeaturesSeesTheStartAsItWas()
    {
        Conv4 net = Digits.Conv4();
        var (x, y) = Fake.Batch(0);
        NormStatistics own = NormStatistics.For(net);
        var tuning = new FineTuning<Conv4>(
            net, own, new([new(_ => true)], NormPolicy.Fixed), Optim.Sgd(0.5))
        {
            Loss = (logits, _) => 0 * logits.Sum(),
            Penalty = v => FeatureRegularisation.Penalty(v.Features, v.StartFeatures)
                + 0 * L2Sp.Penalty(v.Network, v.Start, 1),
        };
        TuneState moved = tuning.Begin() with
        {
            Groups = [new(
                Part.Of(net.Map((Tensor t) => 1.1 * t), _ => true),
                tuning.Begin().Groups[0].Optimizer)],
        };
        double expected = FeatureRegularisation.Penalty(
            tuning.Network(moved).Features(x, own), net.Features(x, own)).Item();
        Assert.True(expected > 1e-3);
        Assert.Equal(expected, tuning.Step(moved, x, y).Loss, 1e-4 * expected);
    }

    [Fact]
    public void TheProbeIsAtTheMinimum()
    {
        Tensor x = Key.From(0).Normal([60, 5], DType.Float64).Eval();
        Tensor y = (x.Sum(1) + Key.From(1).Normal([60], DType.Float64)).Sign()
            .Cast(DType.Int64).Eval() + 1;
        const double l2 = 0.01;
        Linear head = LinearProbe.Fit(x, y, 3, l2, tolerance: 1e-7);
        // The gradient by hand: (softmax - one-hot)ᵀ x / N + l2 W.
        Tensor rest = (head.Forward(x).Softmax() - y.OneHot(3, DType.Float64)) / 60;
        Assert.True((rest.Transpose().MatMul(x) + l2 * head.Weight).Abs().Max().Item() < 1e-7);
        Assert.True(rest.Sum(0).Abs().Max().Item() < 1e-7);
        Assert.Equal(DType.Float32,
            LinearProbe.Fit(x.Cast(DType.Float32), y, 3).Weight.DType);
        Assert.Contains("needs features (N, F) and labels (N)",
            Fake.Error(() => LinearProbe.Fit(x, y[..3], 3)));
    }

    [Fact]
    public void FeaturesInChunksAreTheFeatures()
    {
        Conv4 net = Digits.Conv4();
        NormStatistics own = NormStatistics.For(net);
        Tensor x = Key.From(0).Normal([7, 1, 16, 16]).Eval();
        Assert.True(Tree.AllClose(
            net.Features(x, own), LinearProbe.Features(net, own, x, chunk: 3), 1e-5, 1e-6));
    }
}
