// The normal distribution: erf and the quantile function.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

public static partial class LaneMath
{
    /// <summary>
    /// Error function, 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x: within 1.1 units in
    /// the last place.
    /// </summary>
    [MethodImpl(Inline)]
    public static V Erf<V>(V x) where V : struct, IFloatLanes<V>
    {
        // Below 1: x + x P(x^2). Above: 1 - e^(-x^2) Q(t), t = (x - 3) / (x + 3), after
        // Schonfelder (1978). From 6 (4) on the result rounds to 1.
        V a = V.MinNative(V.Const(V.IsDouble ? 6 : 4), V.Abs(x));
        V inner = V.MinNative(V.Const(1), a);
        V small = V.Fma(x, ErfPolynomial(inner * inner), x);
        V t = (a - V.Const(3)) / (a + V.Const(3));
        V large = V.Const(1) - Exp(-a * a) * ErfcPolynomial(t);
        return V.Select(V.Less(a, V.Const(1)), small, large | (x & V.Const(-0.0)));
    }

    /// <summary>
    /// The z below which a normal variable falls with probability p: Wichura's AS241 (1988).
    /// -infinity at 0, infinity at 1, NaN outside.
    /// </summary>
    [MethodImpl(Inline)]
    public static V NormalQuantile<V>(V p) where V : struct, IFloatLanes<V>
    {
        V q = p - V.Const(0.5);
        V centre = q * QuantileCentre(V.Const(0.180625) - q * q);

        V tail = V.MinNative(p, V.Const(1) - p);
        V r = V.Sqrt(-Log(tail));
        V outer = QuantileTail(r - V.Const(1.6));
        V far = V.Less(V.Const(5), r);
        if (V.Any(far)) outer = V.Select(far, QuantileFarTail(r - V.Const(5)), outer);
        outer = V.Select(V.Equal(tail, V.Const(0)), V.Const(double.PositiveInfinity), outer);
        return V.Select(
            V.LessOrEqual(V.Abs(q), V.Const(0.425)), centre, outer ^ (q & V.Const(-0.0)));
    }

    // erf(x) / x - 1, z = x^2 <= 1.
    [MethodImpl(Inline)]
    private static V ErfPolynomial<V>(V z) where V : struct, IFloatLanes<V>
    {
        if (V.IsDouble)
        {
            V p = V.Const(5.9571761477489114e-11);
            p = V.Fma(p, z, V.Const(-1.1372848856791674e-9));
            p = V.Fma(p, z, V.Const(1.4659775274047436e-8));
            p = V.Fma(p, z, V.Const(-1.6350312701054695e-7));
            p = V.Fma(p, z, V.Const(1.6461000484121368e-6));
            p = V.Fma(p, z, V.Const(-1.4925595266831182e-5));
            p = V.Fma(p, z, V.Const(0.00012055331111642711));
            p = V.Fma(p, z, V.Const(-0.00085483269808337899));
            p = V.Fma(p, z, V.Const(0.0052239776248180145));
            p = V.Fma(p, z, V.Const(-0.026866170645076793));
            p = V.Fma(p, z, V.Const(0.11283791670954879));
            p = V.Fma(p, z, V.Const(-0.37612638903183748));
            p = V.Fma(p, z, V.Const(0.12837916709551257));
            return p;
        }

        V q = V.Const(7.8758750626854883e-5);
        q = V.Fma(q, z, V.Const(-0.00080168642871658695));
        q = V.Fma(q, z, V.Const(0.005189087423433974));
        q = V.Fma(q, z, V.Const(-0.026854212010626412));
        q = V.Fma(q, z, V.Const(0.11283594715160218));
        q = V.Fma(q, z, V.Const(-0.37612626666720331));
        q = V.Fma(q, z, V.Const(0.12837916584835095));
        return q;
    }

    // erfc(x) e^(x^2) for 1 <= x <= 6 (4), t = (x - 3) / (x + 3).
    [MethodImpl(Inline)]
    private static V ErfcPolynomial<V>(V t) where V : struct, IFloatLanes<V>
    {
        if (V.IsDouble)
        {
            V p = V.Const(1.2801900862962662e-6);
            p = V.Fma(p, t, V.Const(2.0236031796417566e-6));
            p = V.Fma(p, t, V.Const(-8.0080213194126843e-6));
            p = V.Fma(p, t, V.Const(-1.2848894512523529e-5));
            p = V.Fma(p, t, V.Const(6.4061820735305467e-5));
            p = V.Fma(p, t, V.Const(4.5254726354833541e-5));
            p = V.Fma(p, t, V.Const(-0.00059706235170932843));
            p = V.Fma(p, t, V.Const(0.00070774644439015373));
            p = V.Fma(p, t, V.Const(0.0042691363475082564));
            p = V.Fma(p, t, V.Const(-0.024392499318273193));
            p = V.Fma(p, t, V.Const(0.071665837197748743));
            p = V.Fma(p, t, V.Const(-0.15011593650078744));
            p = V.Fma(p, t, V.Const(0.24560380171233194));
            p = V.Fma(p, t, V.Const(-0.32623356004303717));
            p = V.Fma(p, t, V.Const(0.17900115118138995));
            return p;
        }

        V q = V.Const(0.0015493261768614457);
        q = V.Fma(q, t, V.Const(0.0046650945273359075));
        q = V.Fma(q, t, V.Const(-0.024337653526757346));
        q = V.Fma(q, t, V.Const(0.071657498174566636));
        q = V.Fma(q, t, V.Const(-0.15011811326231994));
        q = V.Fma(q, t, V.Const(0.24560382210495476));
        q = V.Fma(q, t, V.Const(-0.32623354491338166));
        q = V.Fma(q, t, V.Const(0.17900115118131857));
        return q;
    }

    // |p - 1/2| <= 0.425, r = 0.180625 - (p - 1/2)^2.
    [MethodImpl(Inline)]
    private static V QuantileCentre<V>(V r) where V : struct, IFloatLanes<V>
    {
        V a = V.Const(2509.0809287301227);
        a = V.Fma(a, r, V.Const(33430.57558358813));
        a = V.Fma(a, r, V.Const(67265.7709270087));
        a = V.Fma(a, r, V.Const(45921.95393154987));
        a = V.Fma(a, r, V.Const(13731.69376550946));
        a = V.Fma(a, r, V.Const(1971.5909503065513));
        a = V.Fma(a, r, V.Const(133.14166789178438));
        a = V.Fma(a, r, V.Const(3.3871328727963665));
        V b = V.Const(5226.495278852854);
        b = V.Fma(b, r, V.Const(28729.085735721943));
        b = V.Fma(b, r, V.Const(39307.89580009271));
        b = V.Fma(b, r, V.Const(21213.794301586597));
        b = V.Fma(b, r, V.Const(5394.196021424751));
        b = V.Fma(b, r, V.Const(687.1870074920579));
        b = V.Fma(b, r, V.Const(42.31333070160091));
        b = V.Fma(b, r, V.Const(1.0));
        return a / b;
    }

    // r = sqrt(-log p) - 1.6, from there to p = e^-25.
    [MethodImpl(Inline)]
    private static V QuantileTail<V>(V r) where V : struct, IFloatLanes<V>
    {
        V a = V.Const(0.0007745450142783414);
        a = V.Fma(a, r, V.Const(0.022723844989269184));
        a = V.Fma(a, r, V.Const(0.2417807251774506));
        a = V.Fma(a, r, V.Const(1.2704582524523684));
        a = V.Fma(a, r, V.Const(3.6478483247632045));
        a = V.Fma(a, r, V.Const(5.769497221460691));
        a = V.Fma(a, r, V.Const(4.630337846156546));
        a = V.Fma(a, r, V.Const(1.4234371107496835));
        V b = V.Const(1.0507500716444169e-09);
        b = V.Fma(b, r, V.Const(0.0005475938084995345));
        b = V.Fma(b, r, V.Const(0.015198666563616457));
        b = V.Fma(b, r, V.Const(0.14810397642748008));
        b = V.Fma(b, r, V.Const(0.6897673349851));
        b = V.Fma(b, r, V.Const(1.6763848301838038));
        b = V.Fma(b, r, V.Const(2.053191626637759));
        b = V.Fma(b, r, V.Const(1.0));
        return a / b;
    }

    // r = sqrt(-log p) - 5.
    [MethodImpl(Inline)]
    private static V QuantileFarTail<V>(V r) where V : struct, IFloatLanes<V>
    {
        V a = V.Const(2.0103343992922881e-07);
        a = V.Fma(a, r, V.Const(2.7115555687434876e-05));
        a = V.Fma(a, r, V.Const(0.0012426609473880784));
        a = V.Fma(a, r, V.Const(0.026532189526576124));
        a = V.Fma(a, r, V.Const(0.29656057182850487));
        a = V.Fma(a, r, V.Const(1.7848265399172913));
        a = V.Fma(a, r, V.Const(5.463784911164114));
        a = V.Fma(a, r, V.Const(6.657904643501103));
        V b = V.Const(2.0442631033899397e-15);
        b = V.Fma(b, r, V.Const(1.421511758316446e-07));
        b = V.Fma(b, r, V.Const(1.8463183175100548e-05));
        b = V.Fma(b, r, V.Const(0.0007868691311456133));
        b = V.Fma(b, r, V.Const(0.014875361290850615));
        b = V.Fma(b, r, V.Const(0.1369298809227358));
        b = V.Fma(b, r, V.Const(0.599832206555888));
        b = V.Fma(b, r, V.Const(1.0));
        return a / b;
    }
}
