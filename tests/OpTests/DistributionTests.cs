// Draws from distributions: their moments and frequencies, at fixed keys, within about six standard
// errors.
namespace Engine.OpTests;

public class DistributionTests
{
    private const int N = 200_000;

    private static void Moments(Tensor x, double mean, double variance, double tolerance)
    {
        double[] v = x.ToDoubles();
        double average = v.Average();
        Assert.InRange(average, mean - tolerance, mean + tolerance);
        Assert.InRange(
            v.Average(u => (u - average) * (u - average)), variance - 5 * tolerance,
            variance + 5 * tolerance);
    }

    [Theory, InlineData(DType.Float32), InlineData(DType.Float64)]
    public void ExponentialAndGumbelHaveTheirMoments(DType type)
    {
        Moments(Key.From(1).Exponential([N], type), 1, 1, 0.014);
        Moments(Key.From(2).Gumbel([N], type), 0.5772156649, Math.PI * Math.PI / 6, 0.02);
    }

    [Theory, InlineData(0.0), InlineData(0.25), InlineData(1.0)]
    public void BernoulliHasItsFrequency(double p)
    {
        Assert.InRange(Key.From(3).Bernoulli([N], p).ToDoubles().Average(), p - 0.006, p + 0.006);
        Tensor many = Tensor.Full([N], p, DType.Float64);
        Assert.InRange(Key.From(3).Bernoulli(many).ToDoubles().Average(), p - 0.006, p + 0.006);
    }

    [Fact]
    public void CategoricalHasTheFrequenciesOfItsSoftmax()
    {
        Tensor logits = Tensor.From([0.0, Math.Log(2), Math.Log(5), double.NegativeInfinity]);
        double[] counts = new double[4];
        foreach (double i in Key.From(4).Categorical(logits.BroadcastTo([N, 4])).ToDoubles())
            counts[(int)i] += 1.0 / N;
        Assert.InRange(counts[0], 0.125 - 0.005, 0.125 + 0.005);
        Assert.InRange(counts[1], 0.25 - 0.006, 0.25 + 0.006);
        Assert.InRange(counts[2], 0.625 - 0.007, 0.625 + 0.007);
        Assert.Equal(0, counts[3]);
    }

    [Fact]
    public void DropoutKeepsTheMeanAndDividesWhatStays()
    {
        double[] y = Key.From(5).Dropout(Tensor.Ones(N), 0.2).ToDoubles();
        Assert.All(y, v => Assert.True(v == 0 || v == 1.25f));
        Assert.InRange(y.Average(), 1 - 0.008, 1 + 0.008);
        Assert.Equal([0f, 0], Key.From(5).Dropout(Tensor.Ones(2), 1).ToArray<float>());
        Assert.Equal([1f, 1], Key.From(5).Dropout(Tensor.Ones(2), 0).ToArray<float>());
        Tensor all = Grad.Of((Tensor x) => Key.From(5).Dropout(x, 1).Sum())(Tensor.Ones(2));
        Assert.Equal([0f, 0], all.ToArray<float>());
    }

    [Fact]
    public void ChoiceWithoutReplacementIsDifferentNumbers()
    {
        long[] all = Key.From(6).Choice(50, [5, 10], replace: false).ToArray<long>();
        Assert.Equal(Enumerable.Range(0, 50).Select(i => (long)i), all.Order());
        double[] some = Key.From(6).Choice(4, [N]).ToDoubles();
        Assert.InRange(some.Average(), 1.5 - 0.016, 1.5 + 0.016);
        Assert.Throws<EngineException>(() => Key.From(6).Choice(3, 4, replace: false));
    }

    [Fact]
    public void MappedKeysDrawForThemselves()
    {
        Key[] keys = Key.From(7).Split(3);
        Tensor together = Vmap.Of((Key key) => key.Dropout(Tensor.Ones(20), 0.5))(
            Key.From(7).Batch(3));
        for (int i = 0; i < 3; i++)
            Assert.Equal(
                keys[i].Dropout(Tensor.Ones(20), 0.5).ToArray<float>(),
                together[i].ToArray<float>());
    }
}
