// Random numbers: the same from the same key, independent between keys, and distributed as said.
// Bounds are about six standard errors wide; keys are fixed, so nothing here is flaky.
namespace Engine.OpTests;

public class KeyTests
{
    private const int N = 200_000;

    private static double[] Draws(Tensor x) => x.ToDoubles();

    private static double Mean(double[] x) => x.Average();

    private static double Variance(double[] x)
    {
        double mean = x.Average();
        return x.Sum(v => (v - mean) * (v - mean)) / x.Length;
    }

    private static double Correlation(double[] x, double[] y)
    {
        double a = x.Average(), b = y.Average(), sum = 0;
        for (int i = 0; i < x.Length; i++) sum += (x[i] - a) * (y[i] - b);
        return sum / x.Length / Math.Sqrt(Variance(x) * Variance(y));
    }

    [Fact]
    public void TheSameSeedGivesTheSameBits()
    {
        Assert.Equal(Key.From(5).Normal([33]).ToRaw(), Key.From(5).Normal([33]).ToRaw());
        Assert.NotEqual(Key.From(5).Normal([33]).ToRaw(), Key.From(6).Normal([33]).ToRaw());
        Assert.NotEqual(Key.From(5).Normal([33]).ToRaw(), Key.From(5L << 32).Normal([33]).ToRaw());
        Assert.NotEqual(Key.From(1).Normal([33]).ToRaw(), Key.From(-1).Normal([33]).ToRaw());
        Key key = Key.From(5);
        Assert.Equal(key.Uniform([7]).ToRaw(), key.Uniform([7]).ToRaw());
    }

    [Fact]
    public void AShorterDrawIsTheStartOfALongerOne()
    {
        Assert.Equal(
            Key.From(5).Uniform([10]).ToArray<float>(),
            Key.From(5).Uniform([1001])[..10].ToArray<float>());
        Assert.Equal(
            Key.From(5).Uniform([2, 5]).ToArray<float>(),
            Key.From(5).Uniform([10]).ToArray<float>());
    }

    [Fact]
    public void SplitAndFoldGiveKeysOfTheirOwn()
    {
        Key key = Key.From(9);
        Key[] keys =
            [key, .. key.Split(5), key.Fold(0), key.Fold(1), key.Fold(-1), key.Fold(1L << 32),
            .. key.Split(2)[1].Split(2), key.Fold(1).Fold(0), key.Fold(0).Fold(1)];
        string[] words = [.. keys.Select(k => string.Join(",", k.Words.ToArray<int>()))];
        Assert.Equal(words.Length, words.Distinct().Count());
        Assert.Equal(key.Fold(7).Words.ToRaw(), key.Fold(7).Words.ToRaw());
    }

    [Fact]
    public void KeysOfASplitAreUncorrelated()
    {
        Key key = Key.From(11);
        Key[] keys = [key, .. key.Split(3), key.Fold(0), key.Fold(1)];
        double[][] draws = [.. keys.Select(k => Draws(k.Normal([20_000])))];
        for (int i = 0; i < draws.Length; i++)
            for (int j = 0; j < i; j++)
                Assert.InRange(Correlation(draws[i], draws[j]), -0.043, 0.043);
        double[] one = draws[0];
        Assert.InRange(Correlation(one[1..], one[..^1]), -0.043, 0.043); // neighbours
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void UniformNumbersAreUniform(bool wide)
    {
        double[] x = Draws(Key.From(1).Uniform([N], -1, 3, wide ? DType.Float64 : DType.Float32));
        Assert.True(x.Min() >= -1 && x.Max() <= 3);
        Assert.InRange(Mean(x), 1 - 0.016, 1 + 0.016);
        Assert.InRange(Variance(x), 4 / 3.0 - 0.02, 4 / 3.0 + 0.02);
        // Kolmogorov and Smirnov's distance; 2.2 / sqrt(n) is exceeded once in ten thousand.
        Array.Sort(x);
        double distance = 0;
        for (int i = 0; i < N; i++)
            distance = Math.Max(distance, Math.Abs((x[i] + 1) / 4 - i / (double)N));
        Assert.InRange(distance, 0, 2.2 / Math.Sqrt(N));
    }

    [Fact]
    public void UnitNumbersAreNeitherZeroNorOne()
    {
        double[] x = Draws(Key.From(2).Uniform([2_000_000]));
        Assert.True(x.Min() > 0 && x.Max() < 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void NormalNumbersAreNormal(bool wide)
    {
        double[] x = Draws(Key.From(3).Normal([N], wide ? DType.Float64 : DType.Float32));
        Assert.All(x, v => Assert.True(double.IsFinite(v)));
        Assert.InRange(Mean(x), -0.0135, 0.0135);
        Assert.InRange(Variance(x), 1 - 0.019, 1 + 0.019);
        Assert.InRange(x.Average(v => v * v * v), -0.052, 0.052);
        Assert.InRange(x.Average(v => v * v * v * v), 3 - 0.14, 3 + 0.14);
        Assert.InRange(x.Count(v => Math.Abs(v) > 2) / (double)N, 0.0455 - 0.0028, 0.0455 + 0.0028);
        Assert.InRange(x.Count(v => Math.Abs(v) > 4), 1, 35); // 12.7 expected
    }

    [Theory]
    [InlineData(2, 0.774)]
    [InlineData(1, 0.291)]
    [InlineData(0.5, 0.0806)]
    public void TruncatedNormalNumbersStayWithinAndHaveTheirVariance(double bound, double variance)
    {
        double[] x = Draws(Key.From(4).TruncatedNormal([N], bound));
        Assert.True(x.Max() <= bound && x.Min() >= -bound);
        Assert.InRange(Mean(x), -0.012, 0.012);
        Assert.InRange(Variance(x) / variance, 0.985, 1.015);
    }

    [Fact]
    public void APermutationIsOneAndEveryOrderIsAsLikely()
    {
        long[] order = Key.From(5).Permutation(1000).ToArray<long>();
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (long)i), order.Order());
        Assert.NotEqual(order.Order(), order);
        Assert.Equal(new long[] { 0 }, Key.From(5).Permutation(1).ToArray<long>());
        Assert.Empty(Key.From(5).Permutation(0).ToArray<long>());

        const int draws = 6000;
        Tensor all = Vmap.Of((Key k) => k.Permutation(3))(Key.From(6).Batch(draws));
        int[] counts = [.. all.ToArray<long>().Chunk(3).GroupBy(p => (p[0], p[1]))
            .Select(g => g.Count())];
        Assert.Equal(6, counts.Length);
        Assert.All(counts, c => Assert.InRange(c, 1000 - 175, 1000 + 175));
    }

    [Fact]
    public void IntegersCoverTheirRange()
    {
        long[] x = Key.From(7).Integers([60_000], -2, 4).ToArray<long>();
        for (int value = -2; value < 4; value++)
            Assert.InRange(x.Count(v => v == value), 10_000 - 560, 10_000 + 560);
        Assert.All(x, v => Assert.InRange(v, -2, 3));
        long[] wide = Key.From(8).Integers([1000], int.MinValue, int.MaxValue).ToArray<long>();
        Assert.True(wide.Min() < -2_000_000_000 && wide.Max() > 2_000_000_000);
        Assert.Equal(5, Key.From(9).Integers([], 5, 6).Item());
    }

    [Fact]
    public void ABatchedKeyUnderVmapEqualsALoop()
    {
        Tensor Draw(Key k) =>
            k.Normal([3, 2], DType.Float64) + k.Fold(3).Uniform([], 0, 1, DType.Float64);
        Key[] keys = Key.From(10).Split(4);
        Tensor together = Vmap.Of((Key k) => Draw(k))(Key.From(10).Batch(4));
        for (int i = 0; i < 4; i++)
            Assert.Equal(Draw(keys[i]).ToRaw(), together[i].ToRaw());
        Tensor nested = Vmap.Of((Key k) => Vmap.Of((Key inner) => inner.Uniform([2]))(k.Batch(3)))(
            Key.From(10).Batch(4));
        Assert.Equal(keys[2].Split(3)[1].Uniform([2]).ToRaw(), nested[2][1].ToRaw());
        Assert.Equal(Shape.Of(0, 2), Vmap.Of((Key k) => k.Normal([2]))(Key.From(1).Batch(0)).Shape);
    }

    [Fact]
    public void ACapturedKeyGivesEveryElementTheSameNumbers()
    {
        Key key = Key.From(12);
        Tensor x = Tensor.Zeros([3, 2]);
        float[] y = Vmap.Of((Tensor t) => t + key.Normal([2]))(x).ToArray<float>();
        Assert.Equal(y[..2], y[2..4]);
        Assert.Equal(y[..2], y[4..6]);
    }

    [Fact]
    public void NoDerivativeFlowsThroughAKey()
    {
        Key key = Key.From(13);
        Tensor g = Grad.Of(
            (Tensor s) => (s * key.Normal([4]) + key.Uniform([4])).Sum())(Tensor.Scalar(2f));
        Assert.Equal(key.Normal([4]).ToDoubles().Sum(), g.Item(), 5);
    }

    [Fact]
    public void WrongUseIsExplained()
    {
        string Error(Func<object> call) => Assert.Throws<EngineException>(call).Message;
        Key key = Key.From(0);
        Assert.Equal("Split: cannot make 0 keys. Ask for at least 1.", Error(() => key.Split(0)));
        Assert.Equal("Integers: low 3 must be below high 3.", Error(() => key.Integers([1], 3, 3)));
        Assert.Equal("Uniform: needs a float dtype and finite low < high, but got int32, 0 and 1.",
            Error(() => key.Uniform([1], type: DType.Int32)));
        Assert.Equal(
            "Uniform: needs a float dtype and finite low < high, but got float32, 1 and NaN.",
            Error(() => key.Uniform([1], 1, double.NaN)));
        Assert.Equal("Normal: needs a float dtype, but got bool.",
            Error(() => key.Normal([1], DType.Bool)));
        Assert.Equal(
            "TruncatedNormal: needs a float dtype and a positive bound, but got float32 and 0.",
            Error(() => key.TruncatedNormal([1], 0)));
        Assert.Equal("Permutation: cannot order -1 numbers. Give 0 or more.",
            Error(() => key.Permutation(-1)));
        Assert.Equal("Key: a batched key (3, 2) has no single stream of numbers. Map over it with "
            + "Vmap.Of, or take one key.", Error(() => key.Batch(3).Normal([1])));
        Assert.Equal("Key: an axis of 4294967296 elements is longer than 2147483647.",
            Error(() => key.Normal([65536, 65536])));
    }
}
