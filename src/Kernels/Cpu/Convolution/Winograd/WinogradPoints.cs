// The transforms of columns or rows of tiles in Winograd's convolution, the matrices of
// WinogradTransform. M is the number of outputs: 4, or less at an edge. They loop over several
// columns, with the points in registers.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>
/// Multiplication with the matrices of F(4, 3), F(3, 3) and F(2, 3); operands step (from) and
/// stride (to) apart.
/// </summary>
internal readonly unsafe struct WinogradPoints<O, V, T>
    where O : struct, IVec<V, T> where V : struct where T : unmanaged, INumberBase<T>
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
    private static V C(double value) => O.Create(T.CreateChecked(value));

    /// <summary>B' d of so many columns (or rows), next and after apart.</summary>
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
                V d1 = O.Load(from + step), d2 = O.Load(from + 2 * step);
                V v = O.Multiply(difference, d2), w = O.Multiply(aDifference, d1);
                O.Store(O.Add(v, w), to + 2 * stride);
                O.Store(O.Subtract(v, w), to + 3 * stride);
                O.Store(O.Fma(minusA2, d1, O.Load(from + 3 * step)), to + 4 * stride);
                O.Store(
                    O.Fma(a2b2, O.Load(from), O.Multiply(minusB2, d2)), to + 5 * stride);
            }
            return;
        }
        V a = A, b = B, a2 = A2, b2 = B2, minusSum = MinusSum;
        for (; count > 0; count--, from += next, to += after)
        {
            V d1 = O.Load(from + step), d2 = O.Load(from + 2 * step);
            V d3 = O.Load(from + 3 * step), d4 = O.Load(from + 4 * step);
            // Sum and difference of a product each, not two fused operations: machines have other
            // units for them.
            V oddB = O.Multiply(b, O.Fma(minusA2, d1, d3));
            V oddA = O.Multiply(a, O.Fma(minusB2, d1, d3));
            V evenB, evenA, last;
            if (M.Value == 3)
            {
                V d0 = O.Multiply(a2b2, O.Load(from));
                evenB = O.Subtract(O.Multiply(b2, d2), d0);
                evenA = O.Subtract(O.Multiply(a2, d2), d0);
                last = O.Add(O.Fma(minusSum, d2, d4), d0);
            }
            else
            {
                evenB = O.Fma(minusA2, d2, d4);
                evenA = O.Fma(minusB2, d2, d4);
                last = O.Fma(a2b2, d1, O.Fma(minusSum, d3, O.Load(from + 5 * step)));
                O.Store(
                    O.Fma(a2b2, O.Load(from), O.Fma(minusSum, d2, d4)), to + 5 * stride);
            }
            O.Store(O.Add(evenB, oddB), to);
            O.Store(O.Subtract(evenB, oddB), to + stride);
            O.Store(O.Add(evenA, oddA), to + 2 * stride);
            O.Store(O.Subtract(evenA, oddA), to + 3 * stride);
            O.Store(last, to + 4 * stride);
        }
    }

    /// <summary>A' m of so many columns (or rows), next and after apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Output<M>(
        T* from, nint step, nint next, T* to, nint stride, nint after, int count)
        where M : struct, IConst
    {
        V a1 = A, b1 = B, a2 = A2, b2 = B2, a3 = A3, b3 = B3;
        for (; count > 0; count--, from += next, to += after)
        {
            V a = O.Load(from + 2 * step), minusA = O.Load(from + 3 * step);
            V infinity = O.Load(from + 4 * step);
            V s = O.Add(a, minusA), d = O.Subtract(a, minusA);
            if (M.Value == 2)
            {
                O.Store(O.Add(O.Load(from + 5 * step), s), to);
                O.Store(O.Fma(a1, d, infinity), to + stride);
                continue;
            }
            V b = O.Load(from), minusB = O.Load(from + step);
            V s2 = O.Add(b, minusB), d2 = O.Subtract(b, minusB);
            V sum = O.Add(s, s2);
            O.Store(M.Value == 3 ? sum : O.Add(O.Load(from + 5 * step), sum), to);
            O.Store(O.Fma(a1, d, O.Multiply(b1, d2)), to + stride);
            V square = M.Value == 3 ? O.Fma(b2, s2, infinity) : O.Multiply(b2, s2);
            O.Store(O.Fma(a2, s, square), to + 2 * stride);
            if (M.Value == 4)
                O.Store(O.Fma(a3, d, O.Fma(b3, d2, infinity)), to + 3 * stride);
        }
    }

    /// <summary>A y of so many columns (or rows), next and after apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OutputTransposed<M>(
        T* from, nint step, nint next, T* to, nint stride, nint after, int count)
        where M : struct, IConst
    {
        V a = A, b = B, a2 = A2, b2 = B2;
        for (; count > 0; count--, from += next, to += after)
        {
            V y0 = O.Load(from), y1 = O.Load(from + step);
            if (M.Value == 2)
            {
                V y = O.Multiply(a, y1);
                O.Store(O.Add(y0, y), to + 2 * stride);
                O.Store(O.Subtract(y0, y), to + 3 * stride);
                O.Store(y1, to + 4 * stride);
                O.Store(y0, to + 5 * stride);
                continue;
            }
            V y2 = O.Load(from + 2 * step);
            V y3 = M.Value == 4 ? O.Load(from + 3 * step) : default;
            V even = O.Fma(b2, y2, y0), odd = M.Value == 4 ? O.Fma(b2, y3, y1) : y1;
            odd = O.Multiply(b, odd);
            O.Store(O.Add(even, odd), to);
            O.Store(O.Subtract(even, odd), to + stride);
            even = O.Fma(a2, y2, y0);
            odd = O.Multiply(a, M.Value == 4 ? O.Fma(a2, y3, y1) : y1);
            O.Store(O.Add(even, odd), to + 2 * stride);
            O.Store(O.Subtract(even, odd), to + 3 * stride);
            O.Store(M.Value == 4 ? y3 : y2, to + 4 * stride);
            if (M.Value == 4) O.Store(y0, to + 5 * stride);
        }
    }

    /// <summary>
    /// G g G' of a filter, its taps step apart, to the positions that tiles of a height use.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public void Filter(T* g, nint step, T* to, nint position, int height)
    {
        V g0 = O.Load(g), g1 = O.Load(g + step), g2 = O.Load(g + 2 * step);
        g += 3 * step;
        V h0 = O.Load(g), h1 = O.Load(g + step), h2 = O.Load(g + 2 * step);
        g += 3 * step;
        V i0 = O.Load(g), i1 = O.Load(g + step), i2 = O.Load(g + 2 * step);
        nint row = 6 * position;
        if (height != 2)
            FilterPair(B, B2, GB, g0, g1, g2, h0, h1, h2, i0, i1, i2, to, position);
        to += 2 * row;
        FilterPair(A, A2, GA, g0, g1, g2, h0, h1, h2, i0, i1, i2, to, position);
        to += 2 * row;
        FilterRow(i0, i1, i2, to, position);
        if (height == 3) return;
        V scale = G0;
        FilterRow(
            O.Multiply(scale, g0), O.Multiply(scale, g1), O.Multiply(scale, g2), to + row,
            position);
    }

    /// <summary>The rows of positions of a point and of its opposite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void FilterPair(
        V point, V square, V scale, V g0, V g1, V g2, V h0, V h1, V h2, V i0, V i1, V i2, T* to,
        nint position)
    {
        V even0 = O.Fma(square, i0, g0), odd0 = O.Multiply(point, h0);
        V even1 = O.Fma(square, i1, g1), odd1 = O.Multiply(point, h1);
        V even2 = O.Fma(square, i2, g2), odd2 = O.Multiply(point, h2);
        FilterRow(
            O.Multiply(scale, O.Add(even0, odd0)), O.Multiply(scale, O.Add(even1, odd1)),
            O.Multiply(scale, O.Add(even2, odd2)), to, position);
        FilterRow(
            O.Multiply(scale, O.Subtract(even0, odd0)),
            O.Multiply(scale, O.Subtract(even1, odd1)),
            O.Multiply(scale, O.Subtract(even2, odd2)), to + 6 * position, position);
    }

    /// <summary>A row of positions from a row of taps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void FilterRow(V g0, V g1, V g2, T* to, nint stride)
    {
        V even = O.Fma(B2, g2, g0), odd = O.Multiply(B, g1);
        O.Store(O.Multiply(GB, O.Add(even, odd)), to);
        O.Store(O.Multiply(GB, O.Subtract(even, odd)), to + stride);
        even = O.Fma(A2, g2, g0);
        odd = O.Multiply(A, g1);
        O.Store(O.Multiply(GA, O.Add(even, odd)), to + 2 * stride);
        O.Store(O.Multiply(GA, O.Subtract(even, odd)), to + 3 * stride);
        O.Store(g2, to + 4 * stride);
        O.Store(O.Multiply(G0, g0), to + 5 * stride);
    }

    /// <summary>G' u.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void FilterTransposed(T* from, nint step, T* to, nint stride)
    {
        V b = O.Load(from), minusB = O.Load(from + step);
        V a = O.Load(from + 2 * step), minusA = O.Load(from + 3 * step);
        V s = O.Multiply(GA, O.Add(a, minusA)), d = O.Multiply(GA, O.Subtract(a, minusA));
        V s2 = O.Multiply(GB, O.Add(b, minusB)), d2 = O.Multiply(GB, O.Subtract(b, minusB));
        O.Store(O.Fma(G0, O.Load(from + 5 * step), O.Add(s, s2)), to);
        O.Store(O.Fma(A, d, O.Multiply(B, d2)), to + stride);
        O.Store(O.Fma(A2, s, O.Fma(B2, s2, O.Load(from + 4 * step))), to + 2 * stride);
    }
}
