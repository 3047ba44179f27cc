// The matrices of WinogradTransform, applied to columns or rows of tiles. Each method goes over
// several columns (or rows) with the points in registers.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>
/// An algorithm F(outputs, taps) in one direction; it uses outputs + taps - 1 of the points.
/// </summary>
internal interface IWinogradTile
{
    static abstract int Outputs { get; }

    static abstract int Taps { get; }
}

internal readonly struct F43 : IWinogradTile
{
    public static int Outputs => 4;
    public static int Taps => 3;
}

internal readonly struct F33 : IWinogradTile
{
    public static int Outputs => 3;
    public static int Taps => 3;
}

internal readonly struct F23 : IWinogradTile
{
    public static int Outputs => 2;
    public static int Taps => 3;
}

internal readonly struct F25 : IWinogradTile
{
    public static int Outputs => 2;
    public static int Taps => 5;
}

/// <summary>
/// Multiplication by the matrices of the algorithms F. The elements of a column are step apart
/// where they are read, stride apart where they are written; columns are next and after apart.
/// </summary>
internal readonly unsafe struct WinogradPoints<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged, INumberBase<T>
{
    // Polynomials in the points a and b that appear in the matrices.
    private readonly V A, B, A2, B2, A3, B3, MinusA2, MinusB2, A2B2, MinusSum;
    private readonly V Difference, ADifference;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WinogradPoints()
    {
        const double a = WinogradShape.PointA, b = WinogradShape.PointB;
        (A, B) = (C(a), C(b));
        (A2, B2, A3, B3) = (C(a * a), C(b * b), C(a * a * a), C(b * b * b));
        (MinusA2, MinusB2, A2B2) = (C(-a * a), C(-b * b), C(a * a * b * b));
        MinusSum = C(-(a * a + b * b));
        (Difference, ADifference) = (C(a * a - b * b), C(a * (a * a - b * b)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V C(double value) => V.Const(value);

    /// <summary>B' d of count columns, for 4, 5 or 6 points.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Input<P>(
        T* from, nint step, nint next, T* to, nint stride, nint after, int count)
        where P : struct, IConst
    {
        V minusA2 = MinusA2, minusB2 = MinusB2, a2b2 = A2B2;
        if (P.Value == 4)
        {
            V difference = Difference, aDifference = ADifference;
            for (; count > 0; count--, from += next, to += after)
            {
                V d1 = V.Load(from, step), d2 = V.Load(from, 2 * step);
                V v = difference * d2, w = aDifference * d1;
                V.Store(v + w, to, 2 * stride);
                V.Store(v - w, to, 3 * stride);
                V.Store(V.Fma(minusA2, d1, V.Load(from, 3 * step)), to, 4 * stride);
                V.Store(V.Fma(a2b2, V.Load(from), minusB2 * d2), to, 5 * stride);
            }
            return;
        }
        V a = A, b = B, a2 = A2, b2 = B2, minusSum = MinusSum;
        for (; count > 0; count--, from += next, to += after)
        {
            V d1 = V.Load(from, step), d2 = V.Load(from, 2 * step);
            V d3 = V.Load(from, 3 * step), d4 = V.Load(from, 4 * step);
            // A product, then its sum and difference with another term: two fused operations would
            // take longer, since additions have execution units of their own.
            V oddB = b * V.Fma(minusA2, d1, d3);
            V oddA = a * V.Fma(minusB2, d1, d3);
            V evenB, evenA, last;
            if (P.Value == 5)
            {
                V d0 = a2b2 * V.Load(from);
                evenB = b2 * d2 - d0;
                evenA = a2 * d2 - d0;
                last = V.Fma(minusSum, d2, d4) + d0;
            }
            else
            {
                evenB = V.Fma(minusA2, d2, d4);
                evenA = V.Fma(minusB2, d2, d4);
                last = V.Fma(a2b2, d1, V.Fma(minusSum, d3, V.Load(from, 5 * step)));
                V.Store(V.Fma(a2b2, V.Load(from), V.Fma(minusSum, d2, d4)), to, 5 * stride);
            }
            V.Store(evenB + oddB, to);
            V.Store(evenB - oddB, to, stride);
            V.Store(evenA + oddA, to, 2 * stride);
            V.Store(evenA - oddA, to, 3 * stride);
            V.Store(last, to, 4 * stride);
        }
    }

    /// <summary>Adds B v of count columns, for 6 points: the transpose of Input.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddInputTransposed(
        T* from, nint step, nint next, T* to, nint stride, nint after, int count)
    {
        V a = A, b = B, minusA2 = MinusA2, minusB2 = MinusB2, a2b2 = A2B2, minusSum = MinusSum;
        for (; count > 0; count--, from += next, to += after)
        {
            V v0 = V.Load(from), v1 = V.Load(from, step), v2 = V.Load(from, 2 * step);
            V v3 = V.Load(from, 3 * step), infinity = V.Load(from, 4 * step);
            V zero = V.Load(from, 5 * step);
            V evenB = v0 + v1, oddB = b * (v0 - v1), evenA = v2 + v3, oddA = a * (v2 - v3);
            V d1 = V.Fma(minusA2, oddB, V.Fma(minusB2, oddA, a2b2 * infinity));
            V d2 = V.Fma(minusA2, evenB, V.Fma(minusB2, evenA, minusSum * zero));
            V.Store(V.Fma(a2b2, zero, V.Load(to)), to);
            V.Store(V.Load(to, stride) + d1, to, stride);
            V.Store(V.Load(to, 2 * stride) + d2, to, 2 * stride);
            V d3 = V.Fma(minusSum, infinity, oddA + oddB), d4 = evenA + evenB + zero;
            V.Store(V.Load(to, 3 * stride) + d3, to, 3 * stride);
            V.Store(V.Load(to, 4 * stride) + d4, to, 4 * stride);
            V.Store(V.Load(to, 5 * stride) + infinity, to, 5 * stride);
        }
    }

    /// <summary>A' m of count columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Output<F>(
        T* from, nint step, nint next, T* to, nint stride, nint after, int count)
        where F : struct, IWinogradTile
    {
        V a1 = A, b1 = B, a2 = A2, b2 = B2, a3 = A3, b3 = B3;
        for (; count > 0; count--, from += next, to += after)
        {
            V a = V.Load(from, 2 * step), minusA = V.Load(from, 3 * step);
            V infinity = V.Load(from, 4 * step);
            V s = a + minusA, d = a - minusA;
            if (typeof(F) == typeof(F23))
            {
                V.Store(V.Load(from, 5 * step) + s, to);
                V.Store(V.Fma(a1, d, infinity), to, stride);
                continue;
            }
            V b = V.Load(from), minusB = V.Load(from, step);
            V s2 = b + minusB, d2 = b - minusB;
            V sum = s + s2, odd = V.Fma(a1, d, b1 * d2);
            V.Store(typeof(F) == typeof(F33) ? sum : V.Load(from, 5 * step) + sum, to);
            V.Store(F.Outputs == 2 ? odd + infinity : odd, to, stride);
            if (F.Outputs == 2) continue;
            V square = F.Outputs == 3 ? V.Fma(b2, s2, infinity) : b2 * s2;
            V.Store(V.Fma(a2, s, square), to, 2 * stride);
            if (F.Outputs == 4)
                V.Store(V.Fma(a3, d, V.Fma(b3, d2, infinity)), to, 3 * stride);
        }
    }

    /// <summary>A y of count columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OutputTransposed<F>(
        T* from, nint step, nint next, T* to, nint stride, nint after, int count)
        where F : struct, IWinogradTile
    {
        V a = A, b = B, a2 = A2, b2 = B2;
        for (; count > 0; count--, from += next, to += after)
        {
            V y0 = V.Load(from), y1 = V.Load(from, step);
            V y2 = F.Outputs > 2 ? V.Load(from, 2 * step) : default;
            V y3 = F.Outputs > 3 ? V.Load(from, 3 * step) : default;
            V even, odd;
            if (typeof(F) != typeof(F23))
            {
                even = F.Outputs > 2 ? V.Fma(b2, y2, y0) : y0;
                odd = b * (F.Outputs > 3 ? V.Fma(b2, y3, y1) : y1);
                V.Store(even + odd, to);
                V.Store(even - odd, to, stride);
            }
            even = F.Outputs > 2 ? V.Fma(a2, y2, y0) : y0;
            odd = a * (F.Outputs > 3 ? V.Fma(a2, y3, y1) : y1);
            V.Store(even + odd, to, 2 * stride);
            V.Store(even - odd, to, 3 * stride);
            V.Store(F.Outputs switch { 2 => y1, 3 => y2, _ => y3 }, to, 4 * stride);
            if (typeof(F) != typeof(F33)) V.Store(y0, to, 5 * stride);
        }
    }
}
