// Layers, initialisers and networks against formulas written out.
using Engine.Nn;

namespace Engine.NnTests;

public class LayerTests
{
    private static Tensor Normal(long seed, Shape shape) =>
        Key.From(seed).Normal(shape, DType.Float64);

    [Fact]
    public void LinearIsTheProductWithTheTransposedWeightPlusBias()
    {
        var layer = new Linear(Normal(1, [3, 4]), Normal(2, 3));
        Tensor x = Normal(3, [2, 5, 4]), y = layer.Forward(x);
        Assert.Equal(Shape.Of(2, 5, 3), y.Shape);
        double[] w = layer.Weight.ToArray<double>(), b = layer.Bias!.ToArray<double>();
        double[] v = x.ToArray<double>();
        var expected = new double[30];
        for (int n = 0; n < 10; n++)
            for (int o = 0; o < 3; o++)
                expected[n * 3 + o] = b[o]
                    + Enumerable.Range(0, 4).Sum(i => v[n * 4 + i] * w[o * 4 + i]);
        Naive.Near(expected, y, 1e-14);
        Assert.Null(Linear.Create(Key.From(1), 4, 3, bias: false).Bias);
        Assert.Equal(15, Linear.Create(Key.From(1), 4, 3).ParameterCount());
        Assert.Equal("MatMul: the last axis of (2, 5) must equal the second-to-last axis of "
            + "(4, 3), but 5 != 4. Transpose one operand or reshape.",
            Naive.Error(() => layer.Forward(Tensor.Zeros([2, 5], DType.Float64))));
    }

    [Fact]
    public void Conv2dAddsItsBiasPerFilter()
    {
        Conv2d layer = Conv2d.Create(
            Key.From(1), 4, 6, stride: 2, padding: 1, groups: 2, type: DType.Float64);
        Assert.Equal(Shape.Of(6, 2, 3, 3), layer.Weight.Shape);
        layer = layer with { Bias = Normal(2, 6) };
        Tensor x = Normal(3, [2, 4, 7, 7]), y = layer.Forward(x);
        Assert.Equal(Shape.Of(2, 6, 4, 4), y.Shape);
        Tensor plain = x.Conv2d(layer.Weight, 2, 1, 1, 2);
        for (int k = 0; k < 6; k++)
            Assert.True(Tree.AllClose(
                plain[.., k..(k + 1)] + layer.Bias[k].Item(), y[.., k..(k + 1)], 1e-14));
        Assert.Equal("Conv2d: 3 channels do not divide into 2 groups. Choose a divisor.",
            Naive.Error(() => Conv2d.Create(Key.From(1), 3, 4, groups: 2)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void BatchNormNormalisesEachChannelByTheBatch(bool images)
    {
        const int n = 5, channels = 3;
        int area = images ? 4 : 1;
        Tensor x = 2 * Normal(1, images ? [n, channels, 2, 2] : [n, channels]) + 3;
        var norm = new BatchNorm(Normal(2, channels), Normal(3, channels));
        var before = new RunningStatistics(Normal(4, channels), Normal(5, channels).Square());
        double[] v = x.ToArray<double>(), scale = norm.Scale.ToArray<double>();
        double[] shift = norm.Shift.ToArray<double>(), expected = new double[v.Length];
        double[] mean = new double[channels], variance = new double[channels];
        int At(int i, int c, int p) => (i * channels + c) * area + p;
        for (int c = 0; c < channels; c++)
        {
            List<double> all = [];
            for (int i = 0; i < n; i++) for (int p = 0; p < area; p++) all.Add(v[At(i, c, p)]);
            mean[c] = all.Average();
            variance[c] = all.Sum(e => (e - mean[c]) * (e - mean[c])) / all.Count;
            for (int i = 0; i < n; i++)
                for (int p = 0; p < area; p++)
                    expected[At(i, c, p)] = (v[At(i, c, p)] - mean[c])
                        / Math.Sqrt(variance[c] + 1e-5) * scale[c] + shift[c];
        }
        Naive.Near(expected, norm.Forward(x), 1e-13);

        var (y, after) = norm.Train(x, before, momentum: 0.3);
        Naive.Near(expected, y, 1e-13);
        double unbiased = n * area / (n * area - 1.0);
        double[] oldMean = before.Mean.ToArray<double>();
        double[] oldVariance = before.Variance.ToArray<double>();
        Naive.Near([.. mean.Select((m, c) => 0.7 * oldMean[c] + 0.3 * m)], after.Mean, 1e-14);
        Naive.Near(
            [.. variance.Select((s, c) => 0.7 * oldVariance[c] + 0.3 * s * unbiased)],
            after.Variance, 1e-14);

        for (int c = 0; c < channels; c++)
            for (int i = 0; i < n; i++)
                for (int p = 0; p < area; p++)
                    expected[At(i, c, p)] = (v[At(i, c, p)] - oldMean[c])
                        / Math.Sqrt(oldVariance[c] + 1e-5) * scale[c] + shift[c];
        Naive.Near(expected, norm.Forward(x, before), 1e-13);
    }

    [Fact]
    public void RunningStatisticsCarryNoDerivative()
    {
        BatchNorm norm = BatchNorm.Create(2, DType.Float64);
        RunningStatistics start = RunningStatistics.Create(2, DType.Float64);
        Tensor g = Grad.Of(
            (Tensor x) => norm.Train(x, start).Statistics.Mean.Sum())(Normal(1, [4, 2]));
        Assert.Equal(new double[8], g.ToArray<double>());
        Assert.True(GradCheck.Run(
            (BatchNorm m) => m.Forward(Normal(1, [4, 2])), norm, order: 2).Error < 1e-7);
    }

    [Fact]
    public void BatchNormOfOneConstantIsFiniteAndOfOneValueAnError()
    {
        BatchNorm norm = BatchNorm.Create(2);
        RunningStatistics before = RunningStatistics.Create(2);
        const string one = "BatchNorm: one value for each channel, (1, 2), cannot be normalised by "
            + "its own statistics. Give a larger batch, or running statistics.";
        Tensor sample = Tensor.From([5f, -7f], Shape.Of(1, 2));
        Assert.Equal(one, Naive.Error(() => norm.Forward(sample)));
        Assert.Equal(one, Naive.Error(() => norm.Train(sample, before)));
        Assert.Equal(5f, norm.Forward(sample, before).ToArray<float>()[0], 1e-4f);
        Assert.Equal(
            [0f, 0f], norm.Forward(Tensor.Ones([1, 2, 1, 2])).ToArray<float>()[..2]);
        var (_, statistics) = norm.Train(Tensor.Ones([3, 2]), before);
        Assert.Equal([0.9f, 0.9f], statistics.Variance.ToArray<float>());
        Tensor g = Grad.Of((Tensor x) => norm.Forward(x).Square().Sum())(Tensor.Ones([3, 2]));
        Assert.All(g.ToArray<float>(), v => Assert.Equal(0, v));
        Assert.Equal("BatchNorm: needs (N, 2, ...) with at least 2 axes, but got (4, 3). The "
            + "second axis is the channel.", Naive.Error(() => norm.Forward(Tensor.Zeros([4, 3]))));
        Assert.StartsWith("BatchNorm: ", Naive.Error(() => norm.Forward(Tensor.Zeros([4]))));
    }

    [Theory]
    [InlineData(new[] { 200, 300 }, 300, 200)]
    [InlineData(new[] { 40, 30, 5, 7 }, 30 * 35, 40 * 35)]
    public void InitialisersHaveTheirBoundsAndVariances(int[] shape, double fanIn, double fanOut)
    {
        Key key = Key.From(1);
        void Check(Tensor w, double variance, double bound)
        {
            Assert.Equal((Shape)shape, w.Shape);
            double[] v = w.ToDoubles();
            Assert.InRange(v.Average() / Math.Sqrt(variance), -0.03, 0.03);
            Assert.InRange(v.Average(x => x * x) / variance, 0.96, 1.04);
            Assert.InRange(v.Max(Math.Abs) / bound, 0.99, 1.0000001);
        }
        double xavier = 2 / (fanIn + fanOut), he = 2 / fanIn;
        Check(Init.XavierUniform(key, shape), xavier, Math.Sqrt(3 * xavier));
        Check(Init.HeUniform(key, shape, DType.Float64), he, Math.Sqrt(3 * he));
        Tensor normal = Init.XavierNormal(key, shape), heNormal = Init.HeNormal(key, shape);
        Check(normal, xavier, normal.ToDoubles().Max(Math.Abs));
        Check(heNormal, he, heNormal.ToDoubles().Max(Math.Abs));
        Check(Init.TruncatedNormal(key, shape, 0.02), 0.774 * 0.02 * 0.02, 0.04);
        // A bound of 100 deviations cuts nothing.
        Tensor whole = Init.TruncatedNormal(key, shape, 0.02, bound: 2 / 0.02);
        Assert.InRange(whole.ToDoubles().Max(Math.Abs), 0.06, 0.2);
        Check(whole, 0.02 * 0.02, whole.ToDoubles().Max(Math.Abs));
        Assert.Equal("HeNormal: weights need at least two axes (out, in, ...), but got (3). Use "
            + "zeros or ones for biases and scales.", Naive.Error(() => Init.HeNormal(key, 3)));
    }

    [Fact]
    public void MlpHasItsLayersAndNoActivationBehindTheLast()
    {
        Mlp mlp = Mlp.Create(Key.From(1), [3, 8, 4, 2], Activation.Tanh, DType.Float64);
        Assert.Equal((3 + 1) * 8 + (8 + 1) * 4 + (4 + 1) * 2, mlp.ParameterCount());
        Assert.Equal("Layers.1.Weight", mlp.Paths()[2]);
        Tensor x = Normal(2, [5, 3]);
        Tensor expected = mlp.Layers[2].Forward(
            mlp.Layers[1].Forward(mlp.Layers[0].Forward(x).Tanh()).Tanh());
        Assert.True(Tree.AllClose(expected, mlp.Forward(x), 1e-14));
        Assert.NotEqual(
            mlp.Layers[0].Weight.ToArray<double>()[..8],
            mlp.Layers[1].Weight.ToArray<double>()[..8]);
        Assert.Equal("Mlp: needs at least the sizes of input and output, such as [784, 256, 10].",
            Naive.Error(() => Mlp.Create(Key.From(1), [3])));
        foreach (Activation a in Enum.GetValues<Activation>())
            Assert.Equal(Shape.Of(5, 2), (mlp with { Activation = a }).Forward(x).Eval().Shape);
    }

    [Fact]
    public void Conv4HasItsShapes()
    {
        Conv4 net = Conv4.Create(Key.From(1), channels: 1, size: 28, filters: 6, ways: 5);
        Assert.Equal(4, net.Blocks.Length);
        Assert.Equal(Shape.Of(5, 6), net.Head.Weight.Shape);
        Tensor x = Key.From(2).Normal([3, 1, 28, 28]);
        Assert.Equal(Shape.Of(3, 6), net.Features(x).Shape);
        Assert.Equal(Shape.Of(3, 5), net.Forward(x).Eval().Shape);
        Conv4 large = Conv4.Create(Key.From(1), 3, 84, 2, 5);
        Assert.Equal(Shape.Of(5, 2 * 5 * 5), large.Head.Weight.Shape);
        Assert.Equal(Shape.Of(1, 5), large.Forward(Tensor.Zeros([1, 3, 84, 84])).Eval().Shape);
        Assert.Equal("Conv4: images of 15 x 15 vanish in four poolings. Give images of at least "
            + "16 x 16.", Naive.Error(() => Conv4.Create(Key.From(1), 1, 15, 2, 5)));
        Assert.StartsWith("Conv2d: images (3, 2, 28, 28) have 2 channels",
            Naive.Error(() => net.Forward(Tensor.Zeros([3, 2, 28, 28]))));
    }
}
