// Distributions over actions: densities, divergences, entropies and draws against one another.
using Engine.Data;
using Engine.Meta;

namespace Engine.Tests.Meta;

public class DistributionTests
{
    private static readonly DiagonalGaussian gaussian = new(2);
    private static readonly Categorical categorical = new(3);

    [Fact]
    public void GaussianDensitiesAreThoseOfTheFormula()
    {
        Tensor parameters = Tensor.From([0.5, -1, Math.Log(0.3), Math.Log(2)]);
        Tensor action = Tensor.From([0.8, 1.5]);
        double expected = -0.5 * (1 + 1.25 * 1.25) - Math.Log(0.3) - Math.Log(2)
            - Math.Log(2 * Math.PI);
        Assert.Equal(expected, gaussian.LogProbability(parameters, action).Item(), 12);
        Assert.Equal(
            1 + Math.Log(2 * Math.PI) + Math.Log(0.3) + Math.Log(2),
            gaussian.Entropy(parameters).Item(), 12);
        Assert.Equal([0.5, -1], gaussian.Mode(parameters).ToArray<double>());
    }

    /// <summary>Means over draws are the divergence and the entropy.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void DrawsDivergencesAndEntropiesAgree(bool continuous)
    {
        IActionDistribution family = continuous ? gaussian : categorical;
        Tensor p = Tensor.From(continuous ? [0.5, -1, -0.5, 0.3] : new[] { 0.2, 1.1, -0.7 });
        Tensor q = Tensor.From(continuous ? [0.1, -0.4, 0.2, 0.1] : new[] { -0.5, 0.3, 0.4 });
        const int draws = 20000;
        var random = new SeededRandom(1);
        var noise = new double[draws * family.NoiseSize];
        for (int i = 0; i < draws; i++)
            family.Noise(random, noise.AsSpan(i * family.NoiseSize, family.NoiseSize));
        Tensor many = p.BroadcastTo([draws, family.Parameters]);
        Tensor actions = family.Draw(many, Tensor.From(noise, [draws, family.NoiseSize]));
        Tensor logP = family.LogProbability(many, actions);
        Tensor logQ = family.LogProbability(q.BroadcastTo(many.Shape), actions);
        Near(family.Divergence(p, q).Item(), logP - logQ);
        Near(family.Entropy(p).Item(), -logP);
        Assert.Equal(0, family.Divergence(p, p).Item(), 12);

        static void Near(double expected, Tensor samples)
        {
            double error = Math.Sqrt(samples.Var().Item() / draws);
            Assert.InRange(samples.Mean().Item(), expected - 4 * error, expected + 4 * error);
        }
    }

    [Fact]
    public void ChoicesHaveTheProbabilitiesOfTheSoftmax()
    {
        Tensor logits = Tensor.From([0.2, 1.1, -0.7]);
        Tensor all = categorical.LogProbability(
            logits.BroadcastTo([3, 3]), Tensor.From([0.0, 1, 2], [3, 1]));
        Assert.True(Tree.AllClose(all, logits.LogSoftmax()));
        Assert.Equal(1, categorical.Mode(logits).Item());
    }

    [Fact]
    public void ADeviationHasAFloor()
    {
        GaussianPolicy tiny = GaussianPolicy.Create(Key.From(0), [2, 4, 1]) with
        {
            LogDeviation = Tensor.From([-50f]),
        };
        Tensor parameters = tiny.Parameters(Tensor.Zeros([3, 2]));
        Assert.Equal(
            Math.Log(GaussianPolicy.SmallestDeviation), parameters[0].ToDoubles()[1], 5);
    }

    [Fact]
    public void DistributionsKnowTheirActions()
    {
        Assert.True(gaussian.Fits(Space.Box(2, -1, 1)));
        Assert.False(gaussian.Fits(Space.Box(3, -1, 1)));
        Assert.False(new DiagonalGaussian(1).Fits(Space.Discrete(2)));
        Assert.True(categorical.Fits(Space.Discrete(3)));
        Assert.False(categorical.Fits(Space.Box(3, 0, 1)));
    }
}
