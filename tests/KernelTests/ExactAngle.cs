// Sine and cosine of angles of any size: the angle is reduced exactly, with integers of more bits
// than the largest float64 has, so that nothing is taken from a mathematical library.
using System.Numerics;

namespace KernelTests;

/// <summary>References for huge angles, to some 28 digits.</summary>
internal static class ExactAngle
{
    private const int Bits = 1300;

    // pi / 2 times 2^Bits, by Machin's formula.
    private static readonly BigInteger HalfPi = MachinPi() >> 1;

    /// <summary>Sine of x in radians.</summary>
    public static DoubleDouble Sin(double x) => Shifted(x, 0);

    /// <summary>Cosine of x in radians.</summary>
    public static DoubleDouble Cos(double x) => Shifted(x, 1);

    /// <summary>Quarter turns, 0 .. 3, and the rest, within pi / 4 of 0.</summary>
    public static (int Quarters, DoubleDouble Angle) Reduced(double x)
    {
        long bits = BitConverter.DoubleToInt64Bits(Math.Abs(x));
        int exponent = (int)(bits >> 52) - 1075;
        BigInteger angle = (bits & 0xfffffffffffff) | 0x10000000000000;
        angle <<= Bits + exponent;
        BigInteger quarters = (2 * angle + HalfPi) / (2 * HalfPi);
        BigInteger rest = angle - quarters * HalfPi;
        return ((int)(quarters % 4), Rounded(rest));
    }

    private static DoubleDouble Shifted(double x, int quarter)
    {
        var (quarters, rest) = Reduced(x);
        var (sine, cosine) = DoubleDouble.SinCos(rest);
        int quadrant = (quarters + quarter) % 4;
        DoubleDouble y = quadrant % 2 == 0 ? sine : cosine;
        bool negative = quadrant >= 2 ^ (quarter == 0 && x < 0);
        return negative ? -y : y;
    }

    private static DoubleDouble Rounded(BigInteger scaled)
    {
        int drop = Math.Max(0, (int)BigInteger.Abs(scaled).GetBitLength() - 120);
        BigInteger kept = scaled >> drop;
        double high = (double)kept, low = (double)(kept - new BigInteger(high));
        // A sum, because conversions of such integers do not round to the nearest.
        return (DoubleDouble)Math.ScaleB(high, drop - Bits) + Math.ScaleB(low, drop - Bits);
    }

    private static BigInteger MachinPi()
    {
        const int Guard = 64;
        BigInteger one = BigInteger.One << (Bits + Guard);
        return 4 * (4 * InverseTangent(5) - InverseTangent(239)) >> Guard;

        BigInteger InverseTangent(int n)
        {
            BigInteger power = one / n, sum = power;
            for (int k = 3; !power.IsZero; k += 2)
            {
                power /= -n * n;
                sum += power / k;
            }
            return sum;
        }
    }
}
