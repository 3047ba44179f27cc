// Projections and distances of features against plain programs and known cases.
using Engine.Transfer;

namespace Engine.Tests;

public class AnalysisTests
{
    [Fact]
    public void ComponentsAreThoseOfTheSpread()
    {
        // Three directions at right angles with deviations 3, 1 and 0.1.
        Tensor z = Key.From(1).Normal([500, 3], DType.Float64) * Tensor.From([3.0, 1.0, 0.1]);
        double c = Math.Cos(0.5), s = Math.Sin(0.5);
        Tensor turn = Tensor.From([c, s, 0, -s, c, 0, 0, 0, 1], [3, 3]);
        Tensor p = Pca.Project(z.MatMul(turn) + 5, 2);
        double[] deviations = p.Square().Mean(0).Sqrt().ToDoubles();
        Assert.InRange(deviations[0], 2.7, 3.3);
        Assert.InRange(deviations[1], 0.9, 1.1);
        Assert.Equal(0, (p[.., 0] * p[.., 1]).Mean().Item(), 10);
    }

    [Fact]
    public void WideFeaturesHaveTheSameProjection()
    {
        Tensor x = Key.From(2).Normal([6, 40], DType.Float64);
        Tensor wide = Pca.Project(x, 3);
        // The squared lengths of the projections are the eigenvalues of the inner products.
        Tensor centred = x - x.Mean(0, keepDims: true);
        var (values, _) = centred.MatMul(centred.Transpose()).Eigh();
        double[] found = wide.Square().Sum(0).ToDoubles();
        Assert.Equal(values.ToDoubles()[3..].Reverse(), found, (a, b) => Math.Abs(a - b) < 1e-9);
    }

    [Fact]
    public void SimilaritiesHaveThePerplexity()
    {
        Tensor x = Key.From(3).Normal([40, 5]);
        double[] p = TSne.Similarities(x, 8).ToDoubles();
        Assert.Equal(1, p.Sum(), 4);
        for (int i = 0; i < 40; i++)
            for (int j = 0; j < 40; j++)
                Assert.Equal(p[40 * i + j], p[40 * j + i], 9);
        // The conditional similarities of a regular polygon's corners are alike for every corner,
        // so that the joint ones have their perplexity.
        Tensor angle = Tensor.Arange(30, DType.Float64) * (2 * Math.PI / 30);
        Tensor ring = Tensor.Stack([angle.Cos(), angle.Sin()], 1);
        double[] row = [.. TSne.Similarities(ring, 6).ToDoubles()[..30].Select(v => 30 * v)];
        double entropy = -row.Where(v => v > 1e-9).Sum(v => v * Math.Log(v));
        Assert.Equal(6, Math.Exp(entropy), 0.01);
    }

    [Fact]
    public void TheGradientIsThatOfTheDivergence()
    {
        Tensor p = TSne.Similarities(Key.From(4).Normal([9, 3]), 2).Cast(DType.Float64);
        Tensor y = Key.From(5).Normal([9, 2], DType.Float64);
        Tensor Divergence(Tensor at)
        {
            Tensor near = TSne.Nearness(at);
            Tensor q = near / near.Sum() + Tensor.Eye(9, DType.Float64);
            Tensor off = p * (1 - Tensor.Eye(9, DType.Float64));
            return -(off * q.Log()).Sum() * (1 / off.Sum());
        }
        Tensor scaled = p * (1 - Tensor.Eye(9, DType.Float64));
        Tensor expected = Grad.Of((Tensor at) => Divergence(at))(y);
        Assert.True(Tree.AllClose(
            expected, TSne.Gradient(y, scaled / scaled.Sum()), 1e-8, 1e-12));
    }

    [Fact]
    public void GroupsStayTogetherOnTheMap()
    {
        Tensor labels = Tensor.From([.. Enumerable.Range(0, 90).Select(i => (long)(i / 30))]);
        Tensor centres = 8 * Key.From(6).Normal([3, 10]);
        Tensor x = centres.Take(labels, 0) + Key.From(7).Normal([90, 10]);
        double[] y = TSne.Project(x, perplexity: 10, iterations: 400).ToDoubles();
        for (int i = 0; i < 90; i++)
        {
            int nearest = Enumerable.Range(0, 90).Where(j => j != i).MinBy(j =>
                Math.Pow(y[2 * i] - y[2 * j], 2) + Math.Pow(y[2 * i + 1] - y[2 * j + 1], 2));
            Assert.Equal(i / 30, nearest / 30);
        }
        Assert.Equal(y, TSne.Project(x, perplexity: 10, iterations: 400).ToDoubles());
    }

    [Fact]
    public void DomainsThatAreAlikeHaveNoDistance()
    {
        Tensor a = Key.From(8).Normal([400, 3]), b = Key.From(9).Normal([400, 3]);
        Assert.InRange(DomainDistance.Of(a, b), -0.25, 0.25);
        Assert.InRange(DomainDistance.Of(a, b + 8), 1.99, 2);
    }

    [Fact]
    public void DomainsOfDifferentSizesCountAlike()
    {
        // One deviation apart, the best line takes 31 % of each domain for the other.
        double expected = 2 * (1 - (2 * 0.3085));
        Tensor large = Key.From(1).Normal([4000, 1]), small = Key.From(2).Normal([400, 1]) + 1;
        Assert.InRange(DomainDistance.Of(large, small), expected - 0.2, expected + 0.2);
        Assert.InRange(DomainDistance.Of(small, large), expected - 0.2, expected + 0.2);
    }

    [Fact]
    public void DivergedFeaturesHaveNoDistance() => Assert.Contains("diverged", Fake.Error(
        () => DomainDistance.Of(Tensor.Full([4, 2], float.NaN), Tensor.Ones([4, 2]))));

    [Fact]
    public void WhereNothingVariesThereIsNoComponent()
    {
        Tensor line = Key.From(1).Normal([6, 1]).MatMul(Key.From(2).Normal([1, 40]));
        Tensor map = Pca.Project(line);
        Assert.True(map[.., 0].Abs().Max().Item() > 1);
        Assert.Equal(0, map[.., 1].Abs().Max().Item());
    }

    [Fact]
    public void TooFewSamplesAreRefused()
    {
        Assert.Contains("needs features (N, F) of 4 to", Assert.Throws<EngineException>(() =>
            TSne.Project(Tensor.Ones([3, 2]))).Message);
        Assert.Contains("has no 3 components", Assert.Throws<EngineException>(() =>
            Pca.Project(Tensor.Ones([5, 2]), 3)).Message);
        Assert.Contains("at least two samples", Assert.Throws<EngineException>(() =>
            DomainDistance.Of(Tensor.Ones([1, 2]), Tensor.Ones([5, 2]))).Message);
    }
}
