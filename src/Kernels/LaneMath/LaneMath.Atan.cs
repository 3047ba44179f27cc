// The angle of a point: one division, then a polynomial on an eighth of the circle.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

public static partial class LaneMath
{
    // pi / 4 in two parts.
    private const double EighthHigh64 = 0.78539816339744828, EighthLow64 = 3.061616997868383e-17;
    private const double EighthHigh32 = 0.785398185253143311, EighthLow32 = -2.1855695000931213e-08;

    /// <summary>
    /// Angle of the point (x, y) in radians, -pi .. pi, within 1.5 units in the last place. Special
    /// values as in C: signed zeros and infinities lie in the quadrant of their signs.
    /// </summary>
    [MethodImpl(Inline)]
    public static V Atan2<V>(V y, V x) where V : struct, IFloatLanes<V>
    {
        V a = V.Abs(y), b = V.Abs(x), one = V.Const(1), signBit = V.Const(-0.0);
        V far = V.Max(a, b), near = V.Min(a, b);
        // Two infinities are at 45 degrees, two zeros at 0; huge sums must not overflow.
        V infinite = V.Equal(near, V.Const(double.PositiveInfinity));
        V scale = V.Select(
            V.Less(V.Const(V.IsDouble ? 2e307 : 8e37), far), V.Const(0.25), one);
        far = V.Select(infinite | V.Equal(far, V.Const(0)), one, far * scale);
        near = V.Select(infinite, one, near * scale);

        // atan(near / far) = pi / 4 + atan((near - far) / (near + far)) above tan(1 / 2):
        // there the error of the sum of two is small beside the result.
        V steep = V.Less(V.Const(0.5463024898437905) * far, near);
        V q = V.Select(steep, near - far, near) / V.Select(steep, near + far, far);
        V z = q * q;
        V r = V.Fma(q * z, AtanPolynomial(z), q);

        // Mirrored into its octant: eighths of the half circle, plus or minus r.
        V upright = V.Less(b, a), left = V.Less(one | (x & signBit), V.Const(0));
        V eighths = steep & one;
        eighths = V.Select(upright, V.Const(2) - eighths, eighths);
        eighths = V.Select(left, V.Const(4) - eighths, eighths);
        r ^= (upright ^ left) & signBit;
        r = V.Fma(eighths, V.Const(V.IsDouble ? EighthLow64 : EighthLow32), r);
        r = V.Fma(eighths, V.Const(V.IsDouble ? EighthHigh64 : EighthHigh32), r);
        return r ^ (y & signBit);
    }

    // (atan(q) / q - 1) / z, z = q^2, |q| <= tan(1 / 2).
    [MethodImpl(Inline)]
    private static V AtanPolynomial<V>(V z) where V : struct, IFloatLanes<V>
    {
        if (V.IsDouble)
        {
            V p = V.Const(-0.006429287228258028);
            p = V.Fma(p, z, V.Const(0.020364933297510372));
            p = V.Fma(p, z, V.Const(-0.0346454392845128));
            p = V.Fma(p, z, V.Const(0.044811985710395616));
            p = V.Fma(p, z, V.Const(-0.05199472448301933));
            p = V.Fma(p, z, V.Const(0.05871998371917751));
            p = V.Fma(p, z, V.Const(-0.0666546678048585));
            p = V.Fma(p, z, V.Const(0.07692210229896074));
            p = V.Fma(p, z, V.Const(-0.09090903710794297));
            p = V.Fma(p, z, V.Const(0.11111110919444382));
            p = V.Fma(p, z, V.Const(-0.14285714281674036));
            p = V.Fma(p, z, V.Const(0.19999999999957002));
            p = V.Fma(p, z, V.Const(-0.3333333333333317));
            return p;
        }

        V s = V.Const(0.03432489520581258);
        s = V.Fma(s, z, V.Const(-0.07659215348424146));
        s = V.Fma(s, z, V.Const(0.10852258049392902));
        s = V.Fma(s, z, V.Const(-0.1426116378527873));
        s = V.Fma(s, z, V.Const(0.19998909881972624));
        s = V.Fma(s, z, V.Const(-0.33333317056302136));
        return s;
    }
}
