// Numbers of twice double precision, and elementary functions of them to some 28 digits: what
// LaneMath is measured with where class library functions are lacking or too coarse. Dekker, "A
// floating-point technique for extending the available precision", 1971.
namespace KernelTests;

/// <summary>High + Low, not overlapping.</summary>
internal readonly record struct DoubleDouble(double High, double Low)
{
    private static readonly DoubleDouble Ln2 = new(0.69314718055994529, 2.3190468138462996e-17);
    private static readonly DoubleDouble TwoOverSqrtPi =
        new(1.1283791670955126, 1.533545961316588e-17);

    public static implicit operator DoubleDouble(double x) => new(x, 0);

    public static DoubleDouble operator +(DoubleDouble a, DoubleDouble b)
    {
        double s = a.High + b.High, c = s - a.High;
        double lost = (a.High - (s - c)) + (b.High - c) + a.Low + b.Low;
        return Normal(s, lost);
    }

    public static DoubleDouble operator -(DoubleDouble a) => new(-a.High, -a.Low);

    public static DoubleDouble operator -(DoubleDouble a, DoubleDouble b) => a + -b;

    public static DoubleDouble operator *(DoubleDouble a, DoubleDouble b)
    {
        double p = a.High * b.High;
        double lost = Math.FusedMultiplyAdd(a.High, b.High, -p);
        return Normal(p, lost + (a.High * b.Low + a.Low * b.High));
    }

    public static DoubleDouble operator /(DoubleDouble a, DoubleDouble b)
    {
        double q = a.High / b.High;
        DoubleDouble rest = a - b * q;
        return Normal(q, (rest.High + rest.Low) / b.High);
    }

    /// <summary>e^x - 1, relatively accurate everywhere.</summary>
    public static DoubleDouble Expm1(DoubleDouble x)
    {
        double n = Math.Round(x.High / Ln2.High);
        if (Math.Abs(x.High) < 0.5) n = 0;
        DoubleDouble r = (x - Ln2 * n) * (1.0 / 256), term = r, sum = r;
        for (int k = 2; k < 14; k++) sum += term = term * r / k;
        for (int k = 0; k < 8; k++) sum = sum * 2 + sum * sum;
        if (n == 0) return sum;
        // In two steps: 2^1024 is no double.
        DoubleDouble scale = Math.ScaleB(1, (int)n / 2), rest = Math.ScaleB(1, (int)n - (int)n / 2);
        return (sum + 1) * scale * rest - 1;
    }

    /// <summary>ln(1 + x), by Newton's step from the double result.</summary>
    public static DoubleDouble Log1p(double x)
    {
        double start = MathReference.Log1p(x);
        if (x == 0 || !double.IsFinite(start)) return start;
        DoubleDouble e = Expm1(start);
        return start + (x - e) / (e + 1);
    }

    /// <summary>erf x by Kummer's series, all of whose terms are positive.</summary>
    public static DoubleDouble Erf(double x)
    {
        if (x == 0 || Math.Abs(x) > 6.5) return x == 0 ? x : Math.Sign(x);
        DoubleDouble square = (DoubleDouble)x * x, term = TwoOverSqrtPi * x * (Expm1(-square) + 1);
        DoubleDouble sum = term;
        for (int n = 1; Math.Abs(term.High) > 1e-34 * Math.Abs(sum.High); n++)
            sum += term = term * square * 2 / (2 * n + 1);
        return sum;
    }

    /// <summary>Angle of (x, y), by Newton's step from the double result.</summary>
    public static DoubleDouble Atan2(double y, double x)
    {
        double start = Math.Atan2(y, x);
        if (start == 0 || !double.IsFinite(start)) return start;
        int exponent = -Math.ILogB(Math.Max(Math.Abs(x), Math.Abs(y)));
        (y, x) = (Math.ScaleB(y, exponent), Math.ScaleB(x, exponent));
        var (sine, cosine) = SinCos(start);
        return start + (cosine * y - sine * x) / (cosine * x + sine * y);
    }

    /// <summary>Sine and cosine of an angle within pi of 0, by their series.</summary>
    public static (DoubleDouble Sine, DoubleDouble Cosine) SinCos(DoubleDouble x)
    {
        DoubleDouble sine = x, cosine = 1, term = x;
        for (int n = 1; n < 40; n++)
        {
            term = term * x / (n + 1);
            bool isSine = n % 2 == 0, negative = (n + 1) / 2 % 2 == 1;
            if (isSine) sine += negative ? -term : term;
            else cosine += negative ? -term : term;
        }
        return (sine, cosine);
    }

    private static DoubleDouble Normal(double high, double low)
    {
        double sum = high + low;
        return double.IsFinite(sum) ? new(sum, high - sum + low) : new(sum, 0);
    }
}
