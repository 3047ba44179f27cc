// What the tests of networks compare with: plain loops over doubles, and central differences.
namespace Engine.NnTests;

internal static class Naive
{
    public static double[] Normal(long seed, int count) =>
        Key.From(seed).Normal(count, DType.Float64).ToArray<double>();

    public static string Error(Func<object> call) =>
        Assert.Throws<EngineException>(call).Message;

    public static void Near(double[] expected, Tensor actual, double tolerance)
    {
        double[] values = actual.ToDoubles();
        Assert.Equal(expected.Length, values.Length);
        double scale = expected.Select(Math.Abs).Append(1e-300).Max();
        for (int i = 0; i < values.Length; i++)
            Assert.True(Math.Abs(values[i] - expected[i]) <= tolerance * scale,
                $"element {i} is {values[i]:R}, not {expected[i]:R}");
    }

    /// <summary>Derivatives of f at x by central differences of fourth order.</summary>
    public static double[] Gradient(Func<double[], double> f, double[] x, double step)
    {
        var result = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            double At(double h)
            {
                double[] moved = [.. x];
                moved[i] += h;
                return f(moved);
            }
            result[i] = (8 * (At(step) - At(-step)) - (At(2 * step) - At(-2 * step))) / (12 * step);
        }
        return result;
    }
}
