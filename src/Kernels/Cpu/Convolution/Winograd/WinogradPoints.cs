// The matrices of WinogradTransform, applied to columns or rows of tiles. M is the number of
// outputs of a tile: 4, or fewer at an edge. Each method goes over several columns (or rows) with
// the points in registers.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>
/// Multiplication by the matrices of F(4, 3), F(3, 3) and F(2, 3). The elements of a column are
/// step apart where they are read, stride apart where they are written; columns are next and after
/// apart.
/// </summary>
internal readonly unsafe struct WinogradPoints<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged, INumberBase<T>
{
    // Polynomials in the points a and b that appear in the matrices.
    private readonly V A, B, A2, B2, A3, B3, MinusA2, MinusB2, A2B2, MinusSum;
    private readonly V Difference, ADifference;
    private readonly V G0, GA, GB;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WinogradPoints()
    {
        const double a = 0.625, b = 1.5;
        (A, B) = (C(a), C(b));
        (A2, B2, A3, B3) = (C(a * a), C(b * b), C(a * a * a), C(b * b * b));
        (MinusA2, MinusB2, A2B2) = (C(-a * a), C(-b * b), C(a * a * b * b));
        MinusSum = C(-(a * a + b * b));
        (Difference, ADifference) = (C(a * a - b * b), C(a * (a * a - b * b)));
        G0 = C(1 / (a * a * b * b));
        GA = C(1 / (2 * a * a * (a * a - b * b)));
        GB = C(1 / (2 * b * b * (b * b - a * a)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V C(double value) => V.Const(value);

    /// <summary>B' d of count columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Input<M>(
        T* from, nint step, nint next, T* to, nint stride, nint after, int count)
        where M : struct, IConst
    {
        V minusA2 = MinusA2, minusB2 = MinusB2, a2b2 = A2B2;
        if (M.Value == 2)
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
            if (M.Value == 3)
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

    /// <summary>A' m of count columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Output<M>(
        T* from, nint step, nint next, T* to, nint stride, nint after, int count)
        where M : struct, IConst
    {
        V a1 = A, b1 = B, a2 = A2, b2 = B2, a3 = A3, b3 = B3;
        for (; count > 0; count--, from += next, to += after)
        {
            V a = V.Load(from, 2 * step), minusA = V.Load(from, 3 * step);
            V infinity = V.Load(from, 4 * step);
            V s = a + minusA, d = a - minusA;
            if (M.Value == 2)
            {
                V.Store(V.Load(from, 5 * step) + s, to);
                V.Store(V.Fma(a1, d, infinity), to, stride);
                continue;
            }
            V b = V.Load(from), minusB = V.Load(from, step);
            V s2 = b + minusB, d2 = b - minusB;
            V sum = s + s2;
            V.Store(M.Value == 3 ? sum : V.Load(from, 5 * step) + sum, to);
            V.Store(V.Fma(a1, d, b1 * d2), to, stride);
            V square = M.Value == 3 ? V.Fma(b2, s2, infinity) : b2 * s2;
            V.Store(V.Fma(a2, s, square), to, 2 * stride);
            if (M.Value == 4)
                V.Store(V.Fma(a3, d, V.Fma(b3, d2, infinity)), to, 3 * stride);
        }
    }

    /// <summary>A y of count columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OutputTransposed<M>(
        T* from, nint step, nint next, T* to, nint stride, nint after, int count)
        where M : struct, IConst
    {
        V a = A, b = B, a2 = A2, b2 = B2;
        for (; count > 0; count--, from += next, to += after)
        {
            V y0 = V.Load(from), y1 = V.Load(from, step);
            if (M.Value == 2)
            {
                V y = a * y1;
                V.Store(y0 + y, to, 2 * stride);
                V.Store(y0 - y, to, 3 * stride);
                V.Store(y1, to, 4 * stride);
                V.Store(y0, to, 5 * stride);
                continue;
            }
            V y2 = V.Load(from, 2 * step);
            V y3 = M.Value == 4 ? V.Load(from, 3 * step) : default;
            V even = V.Fma(b2, y2, y0), odd = M.Value == 4 ? V.Fma(b2, y3, y1) : y1;
            odd = b * odd;
            V.Store(even + odd, to);
            V.Store(even - odd, to, stride);
            even = V.Fma(a2, y2, y0);
            odd = a * (M.Value == 4 ? V.Fma(a2, y3, y1) : y1);
            V.Store(even + odd, to, 2 * stride);
            V.Store(even - odd, to, 3 * stride);
            V.Store(M.Value == 4 ? y3 : y2, to, 4 * stride);
            if (M.Value == 4) V.Store(y0, to, 5 * stride);
        }
    }

    /// <summary>
    /// G g G' of a filter, its taps step apart, to the positions that tiles of a height use.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public void Filter(T* g, nint step, T* to, nint position, int height)
    {
        // A copy, whose numbers stay in registers.
        WinogradPoints<V, T> c = this;
        V g0 = V.Load(g), g1 = V.Load(g, step), g2 = V.Load(g, 2 * step);
        g += 3 * step;
        V h0 = V.Load(g), h1 = V.Load(g, step), h2 = V.Load(g, 2 * step);
        g += 3 * step;
        V i0 = V.Load(g), i1 = V.Load(g, step), i2 = V.Load(g, 2 * step);
        nint row = 6 * position;
        if (height != 2)
            c.FilterPair(c.B, c.B2, c.GB, g0, g1, g2, h0, h1, h2, i0, i1, i2, to, position);
        to += 2 * row;
        c.FilterPair(c.A, c.A2, c.GA, g0, g1, g2, h0, h1, h2, i0, i1, i2, to, position);
        to += 2 * row;
        c.FilterRow(i0, i1, i2, to, position);
        if (height == 3) return;
        V scale = c.G0;
        c.FilterRow(scale * g0, scale * g1, scale * g2, to + row, position);
    }

    /// <summary>The rows of positions of a point and of its opposite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void FilterPair(
        V point, V square, V scale, V g0, V g1, V g2, V h0, V h1, V h2, V i0, V i1, V i2, T* to,
        nint position)
    {
        V even0 = V.Fma(square, i0, g0), odd0 = point * h0;
        V even1 = V.Fma(square, i1, g1), odd1 = point * h1;
        V even2 = V.Fma(square, i2, g2), odd2 = point * h2;
        FilterRow(
            scale * (even0 + odd0), scale * (even1 + odd1), scale * (even2 + odd2), to,
            position);
        FilterRow(
            scale * (even0 - odd0), scale * (even1 - odd1), scale * (even2 - odd2),
            to + 6 * position, position);
    }

    /// <summary>A row of positions from a row of taps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void FilterRow(V g0, V g1, V g2, T* to, nint stride)
    {
        V even = V.Fma(B2, g2, g0), odd = B * g1;
        V.Store(GB * (even + odd), to);
        V.Store(GB * (even - odd), to, stride);
        even = V.Fma(A2, g2, g0);
        odd = A * g1;
        V.Store(GA * (even + odd), to, 2 * stride);
        V.Store(GA * (even - odd), to, 3 * stride);
        V.Store(g2, to, 4 * stride);
        V.Store(G0 * g0, to, 5 * stride);
    }

    /// <summary>G' u.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void FilterTransposed(T* from, nint step, T* to, nint stride)
    {
        V b = V.Load(from), minusB = V.Load(from, step);
        V a = V.Load(from, 2 * step), minusA = V.Load(from, 3 * step);
        V s = GA * (a + minusA), d = GA * (a - minusA);
        V s2 = GB * (b + minusB), d2 = GB * (b - minusB);
        V.Store(V.Fma(G0, V.Load(from, 5 * step), s + s2), to);
        V.Store(V.Fma(A, d, B * d2), to, stride);
        V.Store(V.Fma(A2, s, V.Fma(B2, s2, V.Load(from, 4 * step))), to, 2 * stride);
    }
}
