// What LaneMathTests compares with: functions the class library lacks, in double precision, and
// errors in units in the last place.
namespace KernelTests;

internal static class MathReference
{
    public static double Ulps32(float actual, double expected)
    {
        float rounded = (float)expected;
        if (actual.Equals(rounded)) return Math.Abs(actual - expected) is var e && e > 0
            && float.IsFinite(actual) ? e / Unit(rounded) : 0;
        if (!float.IsFinite(actual) || !float.IsFinite(rounded)) return double.NaN;
        return Math.Abs(actual - expected) / Unit(rounded);

        static double Unit(float x) =>
            Math.Max((double)MathF.BitIncrement(MathF.Abs(x)) - MathF.Abs(x), 1.4e-45);
    }

    public static double Ulps64(double actual, double expected)
    {
        if (actual.Equals(expected)) return 0;
        if (!double.IsFinite(actual) || !double.IsFinite(expected)) return double.NaN;
        double unit = Math.BitIncrement(Math.Abs(expected)) - Math.Abs(expected);
        return Math.Abs(actual - expected) / unit;
    }

    public static double Expm1(double x)
    {
        // Kahan's: the errors of u cancel.
        double u = Math.Exp(x);
        if (u == 1) return x;
        if (u - 1 == -1 || double.IsInfinity(u)) return u - 1;
        return Math.Abs(x) > 40 ? u - 1 : (u - 1) * x / Math.Log(u);
    }

    public static double Log1p(double x)
    {
        double u = 1 + x;
        if (u == 1) return x;
        return double.IsInfinity(u) || u <= 0 || u > 1e16 ? Math.Log(u) : Math.Log(u) * x / (u - 1);
    }

    public static double Sigmoid(double x) =>
        x < 0 ? Math.Exp(x) / (1 + Math.Exp(x)) : 1 / (1 + Math.Exp(-x));

    public static double Softplus(double x) =>
        x > 0 ? x + Log1p(Math.Exp(-x)) : Log1p(Math.Exp(x));

    public static double Erf(double x)
    {
        if (double.IsNaN(x) || x == 0) return x;
        double a = Math.Abs(x);
        if (a > 6.5) return Math.Sign(x);
        if (a > 2) return Math.Sign(x) * (1 - Erfc(a));
        // Kummer's series: all terms positive.
        double term = 2 / Math.Sqrt(Math.PI) * x * Math.Exp(-x * x), sum = term;
        for (int n = 1; Math.Abs(term) > 1e-18 * Math.Abs(sum); n++)
        {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }

        return sum;
    }

    // Continued fraction of Laplace, for x >= 2.
    public static double Erfc(double x)
    {
        double fraction = 0;
        for (int k = 200; k >= 1; k--) fraction = k / 2.0 / (x + fraction);
        return Math.Exp(-x * x) / (Math.Sqrt(Math.PI) * (x + fraction));
    }

    public static double Phi(double z)
    {
        double a = Math.Abs(z) / Math.Sqrt(2);
        double tail = a > 2 ? Erfc(a) / 2 : (1 - Erf(a)) / 2;
        return z < 0 ? tail : 1 - tail;
    }
}
