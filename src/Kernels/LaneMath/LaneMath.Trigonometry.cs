// Sine and cosine: reduction by multiples of pi/2 in three parts (huge angles: by
// LargeAngle), then minimax polynomials.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

public static partial class LaneMath
{
    /// <summary>Sine of x in radians.</summary>
    [MethodImpl(Inline)]
    public static V Sin<V>(V x) where V : struct, IFloatLanes<V>
    {
        V a = V.Abs(x), large = V.Less(V.Const(AngleLimit<V>()), a);
        // On |x| with the sign put back, so that -0 stays -0.
        V sign = x & V.Const(-0.0);
        V y = SinOrCos(a, V.Const(0)) ^ sign;
        return V.Any(large) ? V.Select(large, OfLarge(a, V.Const(0)) ^ sign, y) : y;
    }

    /// <summary>Cosine of x in radians.</summary>
    [MethodImpl(Inline)]
    public static V Cos<V>(V x) where V : struct, IFloatLanes<V>
    {
        V a = V.Abs(x), large = V.Less(V.Const(AngleLimit<V>()), a);
        V y = SinOrCos(a, V.Const(1));
        return V.Any(large) ? V.Select(large, OfLarge(a, V.Const(1)), y) : y;
    }

    // Each lane chooses for itself: what stands beside a number, in the room after a tile's last
    // element too, never changes its sine.
    // Up to here the three parts of pi/2 are enough; short parts keep products exact without Fma.
    [MethodImpl(Inline)]
    private static double AngleLimit<V>() where V : struct, IFloatLanes<V> =>
        V.IsDouble ? 1e6 : V.HasFma ? 1e5 : 8192;

    // sin(x + quarter pi / 2) for x >= 0.
    [MethodImpl(Inline)]
    private static V SinOrCos<V>(V x, V quarter) where V : struct, IFloatLanes<V>
    {
        V n = V.Round(x * V.Const(0.63661977236758134));
        V r;
        if (V.IsDouble)
        {
            r = V.Fma(n, V.Const(-1.57079632673412561), x);
            r = V.Fma(n, V.Const(-6.0771005063039660e-11), r);
            r = V.Fma(n, V.Const(-2.0222662487959506e-21), r);
        }
        else if (V.HasFma)
        {
            r = V.Fma(n, V.Const(-1.5707963705062866), x);
            r = V.Fma(n, V.Const(4.3711388286737929e-08), r);
            r = V.Fma(n, V.Const(1.7151245100058819e-15), r);
        }
        else
        {
            r = V.Fma(n, V.Const(-1.5703125), x);
            r = V.Fma(n, V.Const(-0.0004837512969970703125), r);
            r = V.Fma(n, V.Const(-7.549533620476722717e-08), r);
            r = V.Fma(n, V.Const(-2.5633441515945188e-12), r);
        }

        return OfQuadrant(n + quarter, r);
    }

    // The same for angles beyond the limit; lanes with others give anything.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static V OfLarge<V>(V x, V quarter) where V : struct, IFloatLanes<V>
    {
        ReducedAngle<V> angle = V.ReduceLarge(x);
        return OfQuadrant(angle.Quarters + quarter, angle.Rest);
    }

    // sin(quadrant pi / 2 + r), |r| <= pi / 4.
    [MethodImpl(Inline)]
    private static V OfQuadrant<V>(V quadrant, V r) where V : struct, IFloatLanes<V>
    {
        quadrant -= V.Const(4) * V.Floor(quadrant * V.Const(0.25));
        V z = r * r;
        V sine = V.Fma(r * z, SinPolynomial(z), r);
        V cosine = V.Fma(z * z, CosPolynomial(z), V.Fma(z, V.Const(-0.5), V.Const(1)));
        V odd = V.Equal(quadrant, V.Const(1)) | V.Equal(quadrant, V.Const(3));
        V negative = V.Less(V.Const(1.5), quadrant) & V.Const(-0.0);
        return V.Select(odd, cosine, sine) ^ negative;
    }

    // (sin(r) / r - 1) / z, z = r^2, |r| <= pi / 4.
    [MethodImpl(Inline)]
    private static V SinPolynomial<V>(V z) where V : struct, IFloatLanes<V>
    {
        if (V.IsDouble)
        {
            V p = V.Const(1.5918129294866609e-10);
            p = V.Fma(p, z, V.Const(-2.5051131845003624e-8));
            p = V.Fma(p, z, V.Const(2.755731610255244e-6));
            p = V.Fma(p, z, V.Const(-0.00019841269836758574));
            p = V.Fma(p, z, V.Const(0.0083333333333309485));
            p = V.Fma(p, z, V.Const(-0.16666666666666665));
            return p;
        }

        V q = V.Const(-0.00019587890880412386);
        q = V.Fma(q, z, V.Const(0.0083327482706297495));
        q = V.Fma(q, z, V.Const(-0.16666664662314379));
        return q;
    }

    // (cos(r) - 1 + z / 2) / z^2, z = r^2, |r| <= pi / 4.
    [MethodImpl(Inline)]
    private static V CosPolynomial<V>(V z) where V : struct, IFloatLanes<V>
    {
        if (V.IsDouble)
        {
            V p = V.Const(-1.1382632425521718e-11);
            p = V.Fma(p, z, V.Const(2.0876146268403198e-9));
            p = V.Fma(p, z, V.Const(-2.7557317271729793e-7));
            p = V.Fma(p, z, V.Const(2.4801587298765688e-5));
            p = V.Fma(p, z, V.Const(-0.0013888888888887397));
            p = V.Fma(p, z, V.Const(0.041666666666666665));
            return p;
        }

        V q = V.Const(2.4547942085071573e-5);
        q = V.Fma(q, z, V.Const(-0.0013888303035894866));
        q = V.Fma(q, z, V.Const(0.041666664659502207));
        return q;
    }
}
