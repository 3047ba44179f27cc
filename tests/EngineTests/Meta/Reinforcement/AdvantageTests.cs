// Advantages against sums done by hand.
using Engine.Meta;

namespace Engine.Tests.Meta;

public class AdvantageTests
{
    // Two episodes, of 3 and 2 steps, and room for one more step.
    private static readonly double[] rewards = [1, 2, 4, -1, 3, 0];

    [Fact]
    public void WithoutABaselineTheyAreDiscountedSums()
    {
        var estimator = new AdvantageEstimator(0.5, baseline: false, normalise: false);
        Experience experience = estimator.Of(Acted(rewards));
        Assert.Equal([3, 4, 4, 0.5, 3, 0], experience.Advantages.ToDoubles());
        Assert.Equal(9.0 / 5, experience.Score.ToDoubles()[0], 12);
        Assert.Equal(1, experience.Scale.ToDoubles()[0]);
    }

    [Fact]
    public void NormalisedTheyHaveMeanZeroAndDeviationOne()
    {
        var estimator = new AdvantageEstimator(0.5, baseline: false);
        double[] sums = [3, 4, 4, 0.5, 3];
        double mean = sums.Average();
        double deviation = Math.Sqrt(sums.Sum(x => (x - mean) * (x - mean)) / 5);
        Experience experience = estimator.Of(Acted(rewards));
        double[] expected = [.. sums.Select(x => (x - mean) / deviation), 0];
        foreach (var (x, y) in expected.Zip(experience.Advantages.ToDoubles()))
            Assert.Equal(x, y, 6);
        Assert.Equal(9.0 / 5, experience.Score.ToDoubles()[0], 12);
        Assert.Equal(deviation, experience.Scale.ToDoubles()[0], 6);
    }

    /// <summary>
    /// Of returns that are linear in the features nothing is left but what the ridge costs: least
    /// squares with a ridge are no worse than at the true weights w, where they are ridge * |w|^2.
    /// </summary>
    [Fact]
    public void ABaselineThatFitsLeavesNothing()
    {
        const double ridge = 1e-5;
        Trajectories acted = Acted(new double[6], lengths: [3, 3]);
        // Without rewards to come, returns are 1 + 2 x.
        Tensor linear = 1 + 2 * acted.Observations.Squeeze(2);
        Assert.InRange(Left(discount: 0, linear), 0, ridge * (1 + 2 * 2));
        // With all of them to come, and each 1, they are 3 - t; times are hundreds of steps.
        Assert.InRange(Left(discount: 1, 1 + 0 * linear), 0, ridge * (3 * 3 + 100 * 100));

        double Left(double discount, Tensor rewards) =>
            new AdvantageEstimator(discount, normalise: false)
                .Of(acted with { Rewards = rewards.Eval() }).Advantages.Square().Sum().Item();
    }

    /// <summary>lambda = 0 is the error of one step, lambda = 1 all of the rewards.</summary>
    [Fact]
    public void LambdaGoesFromOneStepToAll()
    {
        Trajectories acted = Acted(rewards);
        double[] Of(double lambda) => new AdvantageEstimator(0.9, lambda, normalise: false)
            .Of(acted).Advantages.ToDoubles();
        double[] one = Of(0), half = Of(0.5), all = Of(1);
        // A_t = delta_t + discount lambda A_(t+1) within an episode.
        foreach (int t in (int[])[0, 1, 3])
        {
            Assert.Equal(one[t] + 0.45 * half[t + 1], half[t], 9);
            Assert.Equal(one[t] + 0.9 * all[t + 1], all[t], 9);
        }
        foreach (int last in (int[])[2, 4]) Assert.Equal(one[last], all[last], 12);
        Assert.Equal(0, all[5]);
    }

    private static Trajectories Acted(double[] rewards, params int[] lengths)
    {
        if (lengths.Length == 0) lengths = [3, 2];
        int n = rewards.Length;
        var starts = new long[n];
        var taken = new double[n];
        int at = 0;
        foreach (int length in lengths)
        {
            for (int i = 0; i < length; i++) (starts[at + i], taken[at + i]) = (at, 1);
            at += length;
        }
        for (; at < n; at++) starts[at] = at;
        Tensor Of(double[] values, params int[] more) => Tensor.From(values, [1, n, .. more]);
        double[] x = [.. Enumerable.Range(0, n).Select(i => taken[i] * 0.3 * (i % 4))];
        return new(
            Of(x, 1), Of(new double[n], 1), Of(new double[2 * n], 2), Of(rewards),
            Tensor.From(starts, [1, n]), Of(taken), Tensor.Zeros([1, 2], DType.Float64));
    }
}
