// Operations whose formulas square what they get, at the ends of the range of floats; and a matrix
// with many right-hand sides.
namespace Engine.OpTests;

public class RangeTests
{
    [Theory]
    [InlineData(1e30f)]
    [InlineData(1e-30f)]
    [InlineData(1f)]
    public void NormsNeitherOverflowNorVanish(float scale)
    {
        Tensor x = Tensor.From([3 * scale, -4 * scale, 0]);
        foreach (double p in (double[])[2, 3])
        {
            double expected = scale * Math.Pow(Math.Pow(3, p) + Math.Pow(4, p), 1 / p);
            var (norm, g) = Grad.WithValue((Tensor t) => t.Norm(p: p))(x);
            Near(expected, norm.Item());
            double[] direction = [.. x.ToArray<float>().Select(v =>
                Math.Sign(v) * Math.Pow(Math.Abs(v) / expected, p - 1))];
            for (int i = 0; i < direction.Length; i++) Near(direction[i], g[i].Item());
        }
    }

    [Fact]
    public void NormsOfSpecialValues()
    {
        double Norm(params float[] x) => Tensor.From(x).Norm().Item();
        Assert.Equal(double.PositiveInfinity, Norm(1, float.NegativeInfinity));
        Assert.True(double.IsNaN(Norm(1, float.NaN)));
        Assert.True(double.IsNaN(Norm(float.PositiveInfinity, float.NaN)));
        Assert.Equal(0, Norm(0, -0f));
        Assert.Equal(float.Epsilon, Norm(0, -float.Epsilon));
        Assert.Equal(0, Tensor.From(new float[0]).Norm().Item());
        // Rows are scaled each by itself.
        Tensor rows = Tensor.From(new float[,] { { 3e30f, 4e30f }, { 3e-30f, 4e-30f }, { 0, 0 } });
        float[] norms = rows.Norm(1).ToArray<float>();
        Near(5e30, norms[0]);
        Near(5e-30, norms[1]);
        Assert.Equal(0, norms[2]);
        float[] g = Grad.Of((Tensor t) => t.Norm(1).Sum())(rows).ToArray<float>();
        for (int i = 0; i < 4; i++) Near(i % 2 == 0 ? 0.6 : 0.8, g[i]);
        Assert.Equal([0, 0], g[4..]);
    }

    [Theory]
    [InlineData(1e30f)]
    [InlineData(1e-30f)]
    [InlineData(1f)]
    public void AnglesHaveDerivativesAtEveryScale(float scale)
    {
        Tensor y = Tensor.Scalar(3 * scale), x = Tensor.Scalar(-4 * scale);
        var (dy, dx) = Grad.Of(((Tensor Y, Tensor X) p) => Tensor.Atan2(p.Y, p.X))((y, x));
        Near(-4 / (25 * (double)scale), dy.Item());
        Near(-3 / (25 * (double)scale), dx.Item());
        // On an axis.
        var (ay, ax) = Grad.Of(((Tensor Y, Tensor X) p) => Tensor.Atan2(p.Y, p.X))(
            (Tensor.Scalar(0f), x));
        Near(1 / (-4 * (double)scale), ay.Item());
        Assert.Equal(0, ax.Item());
    }

    [Fact]
    public void AMatrixWithManyRightHandSidesIsFactoredOnce()
    {
        Tensor a = Key.From(1).Normal([4, 4], DType.Float64) + 8 * Tensor.Eye(4, DType.Float64);
        Tensor b = Key.From(2).Normal([5, 4, 2], DType.Float64);
        var shared = Compile.Of((Tensor a, Tensor b) => a.Solve(b));
        var mapped = Compile.Of((Tensor a, Tensor b) =>
            Vmap.Of((Tensor m, Tensor c) => m.Solve(c), (Axis.Shared, 0))(a, b));
        Tensor expected = Tensor.Stack([.. Enumerable.Range(0, 5).Select(i => a.Solve(b[i]))]);
        foreach (var solve in (Func<Tensor, Tensor, Tensor>[])[shared, mapped])
        {
            Assert.True(Tree.AllClose(expected, solve(a, b), 1e-13));
            string factoring = Assert.Single(Compile.Explain(solve).Traces[0].Steps,
                step => step.StartsWith("Lu ", StringComparison.Ordinal));
            Assert.StartsWith("Lu ((4, 4) ", factoring);
        }
    }

    private static void Near(double expected, double actual) =>
        Assert.InRange(actual, expected - 1e-6 * Math.Abs(expected),
            expected + 1e-6 * Math.Abs(expected));
}
