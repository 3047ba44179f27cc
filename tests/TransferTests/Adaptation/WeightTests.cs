// Weights of source samples, and logistic regression, against what is known about their results.
using Engine.Data;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public class WeightTests
{
    // Normals of mean 0 and 1: the true ratio of densities at x is exp(x - 1/2).
    private static readonly Tensor Source = Key.From(1).Normal([400, 1]).Eval();
    private static readonly Tensor Target = (Key.From(2).Normal([300, 1]) + 1).Eval();

    [Fact]
    public void KernelMeansMatch()
    {
        Tensor weights = Kmm.Weights(Source, Target);
        double[] w = weights.ToDoubles(), x = Source.ToDoubles();
        Assert.All(w, value => Assert.InRange(value, 0, 10.001));
        Assert.InRange(w.Average(), 0.05, 1.951);
        double mean = w.Zip(x, (p, q) => p * q).Sum() / w.Sum();
        Assert.InRange(mean, 0.8, 1.15);
    }

    [Fact]
    public void TheMinimumIsOne()
    {
        // At the minimum no weight strictly within its bounds has a slope other than the common
        // one that the bound on the mean allows.
        Tensor weights = Kmm.Weights(Source[..60], Target[..50], largest: 5, slack: 1e-9);
        Assert.Equal(1, weights.Mean().Item(), 5);
        Tensor a = Source[..60].Cast(DType.Float64), b = Target[..50].Cast(DType.Float64);
        KernelValues kernel = Mmd.Gaussian(a, b, Mmd.Widths(a, b)[3..4]);
        double[] slope = (kernel.First.MatMul(weights.Cast(DType.Float64).ExpandDims(1)).Squeeze(1)
            - 60 * kernel.Between.Mean(1)).ToDoubles();
        double[] w = weights.ToDoubles();
        double[] inside = [.. slope.Where((_, i) => w[i] is > 0.01 and < 4.99)];
        Assert.NotEmpty(inside);
        Assert.True(inside.Max() - inside.Min() < 1e-3, $"{inside.Min()} to {inside.Max()}");
    }

    [Fact]
    public void NoWeightIsLargerThanIsAllowed()
    {
        // A target far out asks for more of the few samples there than the bound gives.
        Tensor far = 0.2 * Key.From(5).Normal([50, 1]) + 2;
        double[] w = Kmm.Weights(Source, far, largest: 4).ToDoubles();
        Assert.Equal(4, w.Max(), 4);
        Assert.True(Kmm.Weights(Source, far, largest: 50).Max().Item() > 5);
    }

    [Fact]
    public void OneSampleRulesNoWeights()
    {
        // A target on top of a single source sample, far from all others.
        Tensor source = Tensor.Concat([0.1 * Key.From(1).Normal([200, 1]), Tensor.Full([1, 1], 9)], 0);
        Tensor target = 9 + 0.1 * Key.From(2).Normal([100, 1]);
        double[] w = ImportanceWeights.Of(source, target, 1e-6).ToDoubles();
        Assert.Equal(10, w.Max(), 4);
        Assert.Equal(1, w.Average(), 4);
        double[] apart = ImportanceWeights.Of(1e4 * source, 1e4 * target, 1e-12).ToDoubles();
        Assert.All(apart, value => Assert.InRange(value, 0, 10.001));
    }

    [Fact]
    public void WhatHasDivergedHasNoWeights()
    {
        Tensor wrong = Tensor.Full([5, 1], float.NaN);
        Assert.Contains("diverged", Fake.Error(() => Kmm.Weights(wrong, Target)));
        Assert.Contains("diverged", Fake.Error(() => ImportanceWeights.Of(wrong, Target)));
        Assert.Contains("1 to 10000", Fake.Error(() => Kmm.Weights(Source[..0], Target)));
        // Samples that are all the same are as good as one another.
        double[] same = Kmm.Weights(Tensor.Ones([5, 2]), Tensor.Ones([4, 2])).ToDoubles();
        Assert.All(same, value => Assert.Equal(1, value, 4));
    }

    [Fact]
    public void BatchesWeighBySharesOfTheMean()
    {
        LabelledSet set = LabelledSet.FromFloats(
            "four", [1], [0, 1, 2, 3], [0, 1, 0, 1], ["a", "b"]);
        DomainBatch batch = DomainBatches.Of(set, set, 4, 10, 0, [1, 2, 3, 2])(0);
        Assert.Equal(1, batch.SourceWeights!.Mean().Item(), 6);
        Assert.Equal(1.5, batch.SourceWeights.Max().Item(), 6);
        foreach (float[] wrong in (float[][])[[0, 0, 0, 0], [1, -1, 1, 1], [1, float.NaN, 1, 1]])
            Assert.Throws<ArgumentException>(() => DomainBatches.Of(set, set, 4, 10, 0, wrong));
    }

    [Fact]
    public void TheRatioOfDensitiesIsFound()
    {
        double[] w = ImportanceWeights.Of(Source, Target, 1e-6, largest: 100).ToDoubles();
        double[] x = Source.ToDoubles();
        Assert.Equal(1, w.Average(), 5);
        double mean = x.Average();
        double spread = x.Sum(p => (p - mean) * (p - mean));
        double slope = x.Zip(w, (p, q) => (p - mean) * Math.Log(q)).Sum() / spread;
        Assert.InRange(slope, 0.8, 1.2);
    }

    [Fact]
    public void RegressionEndsWhereTheGradientIsZero()
    {
        Tensor x = Key.From(3).Normal([50, 4]), y = Tensor.From(
            [.. Enumerable.Range(0, 50).Select(i => (long)(i % 3))]);
        Linear fit = LogisticRegression.Fit(x, y, 3, strength: 1e-2);
        Linear slope = Grad.Of((Linear l) => Loss.CrossEntropy(l.Forward(x.Cast(DType.Float64)), y)
            + 1e-2 / 2 * l.Weight.Square().Sum())(fit);
        Assert.True(Tree.Dot(slope, slope).Sqrt().Item() < 1e-7);
    }

    [Fact]
    public void SeparableDataNeedARidge()
    {
        Tensor x = Tensor.From([-1f, 1f], [2, 1]), y = Tensor.From([0, 1]);
        Assert.Equal(1, Loss.Accuracy(
            LogisticRegression.Fit(x, y, 2).Forward(x.Cast(DType.Float64)), y).Item());
        Assert.Contains("must be positive", Assert.Throws<EngineException>(() =>
            LogisticRegression.Fit(x, y, 2, strength: 0)).Message);
    }
}
