// Logarithms: log and log1p.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

public static partial class LaneMath
{
    /// <summary>Natural logarithm; -infinity at 0, NaN below.</summary>
    [MethodImpl(Inline)]
    public static V Log<V>(V x) where V : struct, IFloatLanes<V>
    {
        V tiny = V.Less(x, V.Const(V.IsDouble ? MinNormal64 : MinNormal32));
        V u = V.Select(tiny, x * V.Const(V.IsDouble ? TwoTo54 : TwoTo24), x);
        V shift = tiny & V.Const(V.IsDouble ? -54 : -24);
        V y = LogCore(u, shift, V.Const(0));
        y = V.Select(V.Less(x, V.Const(double.PositiveInfinity)), y, x);
        y = V.Select(V.Less(x, V.Const(0)), V.Const(double.NaN), y);
        return V.Select(V.Equal(x, V.Const(0)), V.Const(double.NegativeInfinity), y);
    }

    /// <summary>log(1 + x), accurate near 0: within 0.9 units in the last place.</summary>
    [MethodImpl(Inline)]
    public static V Log1p<V>(V x) where V : struct, IFloatLanes<V>
    {
        // log(1 + x) = log(u) + c / u, where u is 1 + x rounded and c what rounding lost.
        V one = V.Const(1);
        V u = one + x;
        V c = V.Select(V.Less(V.Abs(x), one), x - (u - one), one - (u - x)) / u;
        V y = LogCore(u, V.Const(0), c);
        y = V.Select(V.Less(x, V.Const(double.PositiveInfinity)), y, x);
        y = V.Select(V.Less(u, V.Const(0)), V.Const(double.NaN), y);
        y = V.Select(V.Equal(u, V.Const(0)), V.Const(double.NegativeInfinity), y);
        return V.Select(V.Equal(x, V.Const(0)), x, y);
    }

    private const double MinNormal32 = 1.1754943508222875e-38, TwoTo24 = 16777216;
    private const double MinNormal64 = 2.2250738585072014e-308, TwoTo54 = 18014398509481984;

    // log(u) + shift log(2) + c for normal positive u, after Sun's fdlibm: u = 2^e m with m
    // between sqrt(1/2) and sqrt(2), f = m - 1, s = f / (2 + f), log(m) = 2 atanh(s).
    [MethodImpl(Inline)]
    private static V LogCore<V>(V u, V shift, V c) where V : struct, IFloatLanes<V>
    {
        V m = V.Mantissa(u);
        V big = V.Less(V.Const(1.4142135623730951), m);
        V e = V.Exponent(u) + (big & V.Const(1)) + shift;
        V f = V.Select(big, m * V.Const(0.5), m) - V.Const(1);
        V s = f / (V.Const(2) + f);
        V z = s * s;
        V half = V.Const(0.5) * f * f;
        V low = V.Fma(e, V.Const(V.IsDouble ? 5.4979230187083712e-14 : 1.4286068203094172e-06), c);
        V rest = V.Fma(s, V.Fma(z, LogPolynomial(z), half), low);
        V high = e * V.Const(V.IsDouble ? 0.69314718055989033 : 0.693145751953125);
        return high - ((half - rest) - f);
    }

    // (atanh(s) - s) * 2 / s^3 as a polynomial in z = s^2.
    [MethodImpl(Inline)]
    private static V LogPolynomial<V>(V z) where V : struct, IFloatLanes<V>
    {
        if (V.IsDouble)
        {
            V p = V.Const(0.13086626147840102);
            p = V.Fma(p, z, V.Const(0.13268773138656885));
            p = V.Fma(p, z, V.Const(0.15386239702814658));
            p = V.Fma(p, z, V.Const(0.18181795640132906));
            p = V.Fma(p, z, V.Const(0.22222222391713917));
            p = V.Fma(p, z, V.Const(0.28571428570803612));
            p = V.Fma(p, z, V.Const(0.40000000000000877));
            p = V.Fma(p, z, V.Const(0.66666666666666666));
            return p;
        }

        V q = V.Const(0.23330467216303836);
        q = V.Fma(q, z, V.Const(0.28550820815960663));
        q = V.Fma(q, z, V.Const(0.40000121839806127));
        q = V.Fma(q, z, V.Const(0.66666666554497092));
        return q;
    }
}
