// Special functions of plain numbers, for constants worked out once on the host.
namespace Engine;

internal static class Special
{
    /// <summary>
    /// 1 - erf(x) to about 1e-15, for x >= 0: series below 2, continued fraction above
    /// (Abramowitz and Stegun 7.1.5 and 7.1.14).
    /// </summary>
    public static double Erfc(double x)
    {
        if (x < 2)
        {
            double term = x, sum = x;
            for (int n = 1; n < 100; n++)
            {
                term *= -x * x / n;
                sum += term / (2 * n + 1);
            }
            return 1 - 2 / Math.Sqrt(Math.PI) * sum;
        }
        double fraction = 0;
        for (int n = 100; n >= 1; n--) fraction = n / 2.0 / (x + fraction);
        return Math.Exp(-x * x) / Math.Sqrt(Math.PI) / (x + fraction);
    }
}
