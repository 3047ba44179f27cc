// Exponentials and what is made from them: exp, expm1, tanh, sigmoid, softplus. Our own minimax
// polynomials, so results are the same on every device and cost no library call.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>
/// Elementary functions on float lanes, within 2.5 units in the last place of the true value where
/// the hardware has fused multiply-add (most within 1.5), special values as IEEE 754 and C say.
/// </summary>
public static partial class LaneMath
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>e^x; overflows to infinity, underflows gradually.</summary>
    [MethodImpl(Inline)]
    public static V Exp<V>(V x) where V : struct, IFloatLanes<V>
    {
        // The constant stands first: x86 gives the second operand when one is NaN.
        x = V.MinNative(V.Const(V.IsDouble ? 710 : 89), x);
        x = V.MaxNative(V.Const(V.IsDouble ? -746 : -104), x);
        V n = V.Round(x * V.Const(1.4426950408889634));
        return ScaleTwice(V.Const(1) + ExpRest(Reduce(x, n)), n);
    }

    /// <summary>e^x - 1, accurate near 0: within 1.6 units in the last place.</summary>
    [MethodImpl(Inline)]
    public static V Expm1<V>(V x) where V : struct, IFloatLanes<V>
    {
        V y = V.MinNative(V.Const(V.IsDouble ? 710 : 89), x);
        // The sum loses the sign of -0.
        return V.Select(V.Equal(x, V.Const(0)), x, Expm1Core(y));
    }

    /// <summary>Hyperbolic tangent.</summary>
    [MethodImpl(Inline)]
    public static V Tanh<V>(V x) where V : struct, IFloatLanes<V>
    {
        // tanh |x| = -t / (t + 2) with t = expm1(-2 |x|): no cancellation anywhere.
        V t = Expm1Core(V.Abs(x) * V.Const(-2));
        return V.Abs(t / (t + V.Const(2))) | (x & V.Const(-0.0));
    }

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(Inline)]
    public static V Sigmoid<V>(V x) where V : struct, IFloatLanes<V>
    {
        V e = Exp(-V.Abs(x));
        return V.Select(V.Less(x, V.Const(0)), e, V.Const(1)) / (V.Const(1) + e);
    }

    /// <summary>log(1 + e^x) = max(x, 0) + log1p(e^-|x|).</summary>
    [MethodImpl(Inline)]
    public static V Softplus<V>(V x) where V : struct, IFloatLanes<V> =>
        V.MaxNative(x, V.Const(0)) + Log1p(Exp(-V.Abs(x)));

    // e^x - 1 for x not above the overflow threshold: 2^n q + (2^n - 1), q = e^r - 1, at half
    // scale so that n = 128 (1024) does not overflow too early.
    [MethodImpl(Inline)]
    private static V Expm1Core<V>(V x) where V : struct, IFloatLanes<V>
    {
        V y = V.MaxNative(V.Const(V.IsDouble ? -40 : -20), x);
        V n = V.Round(y * V.Const(1.4426950408889634));
        V high = V.Fma(n, V.Const(V.IsDouble ? -Ln2High64 : -Ln2High32), y);
        V low = n * V.Const(V.IsDouble ? Ln2Low64 : Ln2Low32);
        V r = high - low;
        V lost = (high - r) - low;
        V q = r + V.Fma(r * r, ExpPolynomial(r), lost);
        V half = V.Scale2(V.Const(1), n - V.Const(1));
        return V.Const(2) * V.Fma(half, q, half - V.Const(0.5));
    }

    // ln 2 in two parts; n times the first is exact for every exponent n.
    private const double Ln2High64 = 0.69314718036912382, Ln2Low64 = 1.9082149292705878e-10;
    private const double Ln2High32 = 0.693115234375, Ln2Low32 = 3.1946184945309417e-05;

    [MethodImpl(Inline)]
    private static V Reduce<V>(V x, V n) where V : struct, IFloatLanes<V>
    {
        x = V.Fma(n, V.Const(V.IsDouble ? -Ln2High64 : -Ln2High32), x);
        return V.Fma(n, V.Const(V.IsDouble ? -Ln2Low64 : -Ln2Low32), x);
    }

    // e^r - 1 for |r| <= ln 2 / 2.
    [MethodImpl(Inline)]
    private static V ExpRest<V>(V r) where V : struct, IFloatLanes<V> =>
        V.Fma(r * r, ExpPolynomial(r), r);

    // a 2^n in two steps, so that results below the normal range round once.
    [MethodImpl(Inline)]
    private static V ScaleTwice<V>(V a, V n) where V : struct, IFloatLanes<V>
    {
        V half = V.Round(n * V.Const(0.5));
        return V.Scale2(V.Scale2(a, half), n - half);
    }

    // (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2.
    [MethodImpl(Inline)]
    private static V ExpPolynomial<V>(V r) where V : struct, IFloatLanes<V>
    {
        if (V.IsDouble)
        {
            V p = V.Const(2.0914680780540265e-9);
            p = V.Fma(p, r, V.Const(2.5105208339987697e-8));
            p = V.Fma(p, r, V.Const(2.7557273657975951e-7));
            p = V.Fma(p, r, V.Const(2.7557255421023504e-6));
            p = V.Fma(p, r, V.Const(2.4801587325536022e-5));
            p = V.Fma(p, r, V.Const(0.00019841269874804215));
            p = V.Fma(p, r, V.Const(0.0013888888888883752));
            p = V.Fma(p, r, V.Const(0.0083333333333261398));
            p = V.Fma(p, r, V.Const(0.04166666666666667));
            p = V.Fma(p, r, V.Const(0.16666666666666671));
            p = V.Fma(p, r, V.Const(0.5));
            return p;
        }

        V q = V.Const(0.00019890982710792465);
        q = V.Fma(q, r, V.Const(0.0013933642689829187));
        q = V.Fma(q, r, V.Const(0.008333310932790487));
        q = V.Fma(q, r, V.Const(0.041666464991106769));
        q = V.Fma(q, r, V.Const(0.16666666681615915));
        q = V.Fma(q, r, V.Const(0.50000000134592216));
        return q;
    }
}
