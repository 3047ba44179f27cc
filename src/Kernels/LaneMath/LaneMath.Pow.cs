// x^y through a logarithm carried in two parts, since an error of log(x) is multiplied by y log(x).
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

public static partial class LaneMath
{
    /// <summary>
    /// x^y as C's pow: x^0 = 1^y = 1 even for NaN; negative x needs an integral y, else NaN.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public static V Pow<V>(V x, V y) where V : struct, IFloatLanes<V>
    {
        V zero = V.Const(0), one = V.Const(1), infinity = V.Const(double.PositiveInfinity);
        V a = V.Abs(x);
        // Beyond this bound every a != 1 over- or underflows, and products stay finite.
        V bound = V.Const(V.IsDouble ? 1e20 : 1e12);
        V power = V.MinNative(bound, V.MaxNative(-bound, y));
        V magnitude = PowCore(a, power);

        V up = V.Less(zero, y);
        magnitude = V.Select(V.Equal(a, zero), V.Select(up, zero, infinity), magnitude);
        magnitude = V.Select(V.Equal(a, infinity), V.Select(up, infinity, zero), magnitude);

        V integral = V.Equal(V.Floor(y), y);
        V halved = y * V.Const(0.5);
        V odd = integral & ~V.Equal(V.Floor(halved), halved);
        V result = magnitude ^ (x & V.Const(-0.0) & odd);

        V invalid = V.Less(x, zero) & V.Less(a, infinity) & ~integral;
        V ordered = V.Equal(x, x) & V.Equal(y, y);
        result = V.Select(ordered & ~invalid, result, V.Const(double.NaN));
        return V.Select(V.Equal(y, zero) | V.Equal(x, one), one, result);
    }

    // a^y for positive finite a and bounded y. A call of its own, as are the logarithm and Pow: in
    // one piece they pass what the JIT is willing to inline, and it then inlines nothing.
    [MethodImpl(Compiled.Once)]
    private static V PowCore<V>(V a, V y) where V : struct, IFloatLanes<V>
    {
        TwoParts<V> log = LogTwoParts(a);
        TwoParts<V> product = Product(y, log.High);
        V t = product.High;
        V rest = V.Fma(y, log.Low, product.Low);
        t = V.MinNative(V.MaxNative(t, V.Const(V.IsDouble ? -800 : -110)),
            V.Const(V.IsDouble ? 800 : 110));
        rest = V.MinNative(V.MaxNative(rest, V.Const(-1)), V.Const(1));
        V n = V.Round(t * V.Const(1.4426950408889634));
        V r = Reduce(t, n) + rest;
        return ScaleTwice(V.Const(1) + ExpRest(r), n);
    }

    // A number as the sum of two, the lower one beyond the precision of the higher.
    private readonly struct TwoParts<V>(V high, V low) where V : struct
    {
        public readonly V High = high, Low = low;
    }

    // log(a) to some 12 bits beyond the type: with s = (m - 1) / (m + 1), z = s^2,
    // log(m) = s (2 + z (2/3 + z R(z))), everything but R in two parts.
    [MethodImpl(Compiled.Once)]
    private static TwoParts<V> LogTwoParts<V>(V a) where V : struct, IFloatLanes<V>
    {
        V one = V.Const(1), two = V.Const(2);
        V tiny = V.Less(a, V.Const(V.IsDouble ? MinNormal64 : MinNormal32));
        V u = V.Select(tiny, a * V.Const(V.IsDouble ? TwoTo54 : TwoTo24), a);
        V m = V.Mantissa(u);
        V big = V.Less(V.Const(1.4142135623730951), m);
        V e = V.Exponent(u) + (big & one) + (tiny & V.Const(V.IsDouble ? -54 : -24));
        m = V.Select(big, m * V.Const(0.5), m);

        V f = m - one;
        V d = m + one;
        V dLow = m - (d - one);
        V s = f / d;
        TwoParts<V> sd = Product(s, d);
        V sLow = (((f - sd.High) - sd.Low) - s * dLow) / d;
        TwoParts<V> square = Product(s, s);
        V z = square.High;
        V zLow = V.Fma(two * s, sLow, square.Low);

        V third = V.Const(V.IsDouble ? 0.66666666666666663 : 0.66666668653488159);
        V thirdLow = V.Const(V.IsDouble ? 3.7007434154171883e-17 : -1.9868214926e-08);
        V tail = z * PowPolynomial(z);
        V p = third + tail;
        V pLow = (third - p) + tail + thirdLow;
        TwoParts<V> zp = Product(z, p);
        V w = zp.High;
        V wLow = zp.Low + V.Fma(z, pLow, zLow * p);
        V v = two + w;
        V vLow = (two - v) + w + wLow;
        TwoParts<V> sv = Product(s, v);
        V l = sv.High;
        V lLow = sv.Low + V.Fma(s, vLow, sLow * v);

        V k = e * V.Const(V.IsDouble ? 0.69314718055989033 : 0.693145751953125);
        V high = k + l;
        V low = (k - high) + l + lLow;
        low = V.Fma(e, V.Const(V.IsDouble ? 5.4979230187083712e-14 : 1.4286068203094172e-06), low);
        // Parts that do not overlap.
        V sum = high + low;
        return new(sum, (high - sum) + low);
    }

    // a b, exactly; by Dekker's splitting where there is no Fma.
    [MethodImpl(Inline)]
    private static TwoParts<V> Product<V>(V a, V b) where V : struct, IFloatLanes<V>
    {
        V high = a * b;
        if (V.HasFma) return new(high, V.Fma(a, b, -high));

        V split = V.Const(V.IsDouble ? 134217729 : 4097);
        V aHigh = split * a, bHigh = split * b;
        aHigh -= aHigh - a;
        bHigh -= bHigh - b;
        V aLow = a - aHigh, bLow = b - bHigh;
        return new(high, ((aHigh * bHigh - high) + aHigh * bLow + aLow * bHigh) + aLow * bLow);
    }

    // (2 atanh(s) / s - 2 - 2/3 z) / z^2, z = s^2.
    [MethodImpl(Inline)]
    private static V PowPolynomial<V>(V z) where V : struct, IFloatLanes<V>
    {
        if (V.IsDouble)
        {
            V p = V.Const(0.11723051028097753);
            p = V.Fma(p, z, V.Const(0.11706248540922385));
            p = V.Fma(p, z, V.Const(0.13334804238225345));
            p = V.Fma(p, z, V.Const(0.15384594970895458));
            p = V.Fma(p, z, V.Const(0.18181818335314403));
            p = V.Fma(p, z, V.Const(0.22222222221656232));
            p = V.Fma(p, z, V.Const(0.28571428571429366));
            p = V.Fma(p, z, V.Const(0.4));
            return p;
        }

        V q = V.Const(0.2304815313706391);
        q = V.Fma(q, z, V.Const(0.28562237970423087));
        q = V.Fma(q, z, V.Const(0.40000015051182174));
        return q;
    }
}
