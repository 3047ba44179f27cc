// Where derivatives and values are delicate: products with zeros, norms of nothing, order with NaN
// and ties, matrices without a factorisation.
namespace Engine.OpTests;

public class EdgeTests
{
    [Theory]
    [InlineData(new double[] { 0, 2, 3 }, new double[] { 6, 0, 0 })]
    [InlineData(new double[] { 0, 0, 3 }, new double[] { 0, 0, 0 })]
    [InlineData(new double[] { 1, 2, 0, 4 }, new double[] { 0, 0, 8, 0 })]
    public void ProdIsDifferentiableAtZeros(double[] x, double[] expected) => Assert.Equal(
        expected, Grad.Of((Tensor t) => t.Prod())(Tensor.From(x)).ToDoubles());

    [Fact]
    public void SecondDerivativesOfProdAtTwoZeros()
    {
        var gradient = Grad.Of((Tensor t) => t.Prod());
        Tensor row = Grad.Of((Tensor t) => gradient(t)[0])(Tensor.From([0.0, 0, 3]));
        Assert.Equal([0.0, 3, 0], row.ToDoubles());
    }

    [Fact]
    public void CumProdIsDifferentiableAtZeros() => Assert.Equal(
        [1 + 2 + 6.0, 0, 0],
        Grad.Of((Tensor t) => t.CumProd().Sum())(Tensor.From([0.0, 2, 3])).ToDoubles());

    [Fact]
    public void ProductsAndTruthOfNothing()
    {
        Assert.Equal(1, Tensor.Zeros(0).Prod().Item());
        Assert.Equal(6, Tensor.From([1, 2, 3]).Prod().Item());
        Assert.False((Tensor.Zeros(0) > 0).Any().Item<bool>());
        Assert.True((Tensor.Zeros(0) > 0).All().Item<bool>());
    }

    [Theory, InlineData(0.5), InlineData(1), InlineData(1.5), InlineData(2), InlineData(3)]
    [InlineData(double.PositiveInfinity)]
    public void NormOfZerosHasZeroDerivatives(double p)
    {
        var gradient = Grad.Of((Tensor t) => t.Norm(p: p));
        Tensor zeros = Tensor.Zeros(3, DType.Float64);
        Assert.Equal([0.0, 0, 0], gradient(zeros).ToDoubles());
        Assert.Equal([0.0, 0, 0], Grad.Of((Tensor t) => gradient(t).Sum())(zeros).ToDoubles());
    }

    [Theory, InlineData(0.5), InlineData(1.5), InlineData(2), InlineData(2.5)]
    public void AZeroAmongOthersAddsNothingToDerivativesOfANorm(double p)
    {
        var gradient = Grad.Of((Tensor t) => t.Norm(p: p));
        var second = Grad.Of((Tensor t) => gradient(t).Square().Sum());
        Tensor some = Tensor.From([4.0, 0, -1]), others = Tensor.From([4.0, -1]);
        foreach (var f in (Func<Tensor, Tensor>[])[gradient, second])
        {
            double[] actual = f(some).ToDoubles(), expected = f(others).ToDoubles();
            Assert.Equal(expected[0], actual[0], 1e-12);
            Assert.Equal(0, actual[1]);
            Assert.Equal(expected[1], actual[2], 1e-12);
        }
        Assert.Equal(Math.Pow(Math.Pow(4, p) + 1, 1 / p), some.Norm(p: p).Item(), 1e-12);
    }

    [Theory, InlineData(double.NaN), InlineData(double.PositiveInfinity)]
    public void OnlyTheWindowsThatHoldItAverageWhatIsNoNumber(double value)
    {
        const int rows = 5, columns = 6, row = 3, column = 2;
        double[] values = [.. Enumerable.Range(0, rows * columns).Select(i => (double)i)];
        values[row * columns + column] = value;
        Tensor x = Tensor.From(values).Reshape(1, 1, rows, columns);
        foreach (var (height, width) in ((int, int)[])[(2, 3), (5, 6), (1, 4), (7, 1), (3, 9)])
        {
            double[] y = x.AdaptiveAvgPool2d(height, width).ToDoubles();
            for (int i = 0; i < y.Length; i++)
                Assert.True(
                    double.IsFinite(y[i]) != (Holds(i / width, rows, height, row)
                        && Holds(i % width, columns, width, column)),
                    $"window {i} of {height} x {width} is {y[i]}");
            Assert.Contains(value, y);
        }

        static bool Holds(int window, int size, int windows, int place) =>
            place >= window * size / windows
            && place < ((window + 1) * size + windows - 1) / windows;
    }

    [Fact]
    public void SoftmaxOfNothingIsNothing()
    {
        Tensor x = Tensor.Zeros([2, 0], DType.Float64);
        Assert.Equal(Shape.Of(2, 0), x.Softmax().Eval().Shape);
        Assert.Equal(Shape.Of(2, 0), x.LogSoftmax().Eval().Shape);
        Assert.Equal(Shape.Of(2, 0), Grad.Of((Tensor t) => t.Softmax().Sum())(x).Shape);
        Assert.StartsWith("Softmax: axis 2 is out of range",
            Assert.Throws<EngineException>(() => x.Softmax(2)).Message);
    }

    [Fact]
    public void OrderIsStableAndNaNIsLargest()
    {
        Tensor x = Tensor.From([2, double.NaN, 1, 2, -1]);
        Assert.Equal([4L, 2, 0, 3, 1], x.ArgSort().ToArray<long>());
        Assert.Equal([1L, 0, 3, 2, 4], x.ArgSort(descending: true).ToArray<long>());
        Assert.Equal([1L, 0], x.TopK(2).Indices.ToArray<long>());
        Assert.Equal(1, x.ArgMin().Item<long>());
        Assert.Equal(0, Tensor.From([int.MinValue, 5, int.MinValue]).ArgMin().Item<long>());
        Assert.Equal([5, int.MinValue],
            Tensor.From([int.MinValue, 5]).Sort(descending: true).ToArray<int>());
    }

    [Fact]
    public void OnlyTheMatrixThatFailsIsNaN()
    {
        Tensor x = Tensor.Stack(
            [Tensor.Eye(2), -Tensor.Eye(2), Tensor.Full([2, 2], double.NaN)]);
        Assert.Equal([1f, 0, 0, 1], x.Cholesky()[0].ToArray<float>().AsSpan(..4));
        Assert.All(x.Cholesky()[1..].ToDoubles(), v => Assert.True(double.IsNaN(v)));
        Assert.All(x.Eigh().Vectors[2].ToDoubles(), v => Assert.True(double.IsNaN(v)));
        Assert.Equal([-1f, -1], x.EighValues()[1].ToArray<float>());
    }

    [Fact]
    public void SingularMatrices()
    {
        Tensor x = Tensor.From([1.0, 2, 2, 4], [2, 2]);
        Assert.Equal(0, x.Det().Item());
        Assert.Equal(double.NegativeInfinity, x.LogDet().Item());
        Assert.Equal(0, x.SlogDet().Sign.Item());
        Assert.All(x.Inverse().ToDoubles(), v => Assert.False(double.IsFinite(v)));
        Assert.True(double.IsNaN(Tensor.From([0.0, 1, 1, 0], [2, 2]).LogDet().Item()));
        Assert.Equal(-1, Tensor.From([0.0, 1, 1, 0], [2, 2]).Det().Item());
    }

    [Fact]
    public void EqualEigenvaluesHaveFirstDerivatives()
    {
        Tensor g = Grad.Of((Tensor x) => x.EighValues().Sum())(Tensor.Eye(3, DType.Float64));
        Assert.Equal(Tensor.Eye(3, DType.Float64).ToDoubles(), g.ToDoubles());
    }

    [Fact]
    public void ReconstructionOfLargerMatrices()
    {
        Tensor x = Key.From(1).Normal([70, 70], DType.Float64);
        var (w, v) = x.Eigh();
        Tensor symmetric = 0.5 * (x + x.Transpose());
        Near(symmetric, (v * w).MatMul(v.Transpose()), 1e-13 * 70);
        Near(Tensor.Eye(70, DType.Float64), x.MatMul(x.Inverse()), 1e-11);
        Tensor l = (x.MatMul(x.Transpose()) + Tensor.Eye(70, DType.Float64)).Cholesky();
        Near(x.MatMul(x.Transpose()) + Tensor.Eye(70, DType.Float64), l.MatMul(l.Transpose()),
            1e-12 * 70);
    }

    private static void Near(Tensor a, Tensor b, double tolerance) =>
        Assert.InRange((a - b).Abs().Max().Item(), 0, tolerance);
}
