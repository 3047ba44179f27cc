// The transforms of one column or row of a tile in Winograd's convolution, the matrices of
// WinogradTransform. M is the number of outputs: 4, or less at an edge.
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
    private readonly V A, B, MinusA, MinusB, A2, B2, A3, B3, MinusA2, MinusB2, A2B2, MinusSum;
    private readonly V Difference, ADifference;
    private readonly V G0, GA, GB;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WinogradPoints()
    {
        const double a = 0.625, b = 1.5;
        (A, B, MinusA, MinusB) = (C(a), C(b), C(-a), C(-b));
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

    /// <summary>B' d.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Input<M>(T* from, nint step, T* to, nint stride)
        where M : struct, IConst
    {
        V d1 = O.Load(from + step), d2 = O.Load(from + 2 * step), d3 = O.Load(from + 3 * step);
        if (M.Value == 2)
        {
            V v = O.Multiply(Difference, d2), w = O.Multiply(ADifference, d1);
            O.Store(O.Add(v, w), to + 2 * stride);
            O.Store(O.Subtract(v, w), to + 3 * stride);
            O.Store(O.Fma(MinusA2, d1, d3), to + 4 * stride);
            O.Store(O.Fma(A2B2, O.Load(from), O.Multiply(MinusB2, d2)), to + 5 * stride);
            return;
        }
        V d4 = O.Load(from + 4 * step);
        V oddA = O.Fma(MinusB2, d1, d3), oddB = O.Fma(MinusA2, d1, d3);
        if (M.Value == 3)
        {
            V d0 = O.Multiply(A2B2, O.Load(from));
            V even = O.Subtract(O.Multiply(B2, d2), d0);
            O.Store(O.Fma(B, oddB, even), to);
            O.Store(O.Fma(MinusB, oddB, even), to + stride);
            even = O.Subtract(O.Multiply(A2, d2), d0);
            O.Store(O.Fma(A, oddA, even), to + 2 * stride);
            O.Store(O.Fma(MinusA, oddA, even), to + 3 * stride);
            O.Store(O.Add(O.Fma(MinusSum, d2, d4), d0), to + 4 * stride);
            return;
        }
        V evenB = O.Fma(MinusA2, d2, d4);
        O.Store(O.Fma(B, oddB, evenB), to);
        O.Store(O.Fma(MinusB, oddB, evenB), to + stride);
        V evenA = O.Fma(MinusB2, d2, d4);
        O.Store(O.Fma(A, oddA, evenA), to + 2 * stride);
        O.Store(O.Fma(MinusA, oddA, evenA), to + 3 * stride);
        V last = O.Fma(MinusSum, d3, O.Load(from + 5 * step));
        O.Store(O.Fma(A2B2, d1, last), to + 4 * stride);
        O.Store(O.Fma(A2B2, O.Load(from), O.Fma(MinusSum, d2, d4)), to + 5 * stride);
    }

    /// <summary>A' m.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Output<M>(T* from, nint step, T* to, nint stride)
        where M : struct, IConst
    {
        V a = O.Load(from + 2 * step), minusA = O.Load(from + 3 * step);
        V infinity = O.Load(from + 4 * step);
        V s = O.Add(a, minusA), d = O.Subtract(a, minusA);
        if (M.Value == 2)
        {
            O.Store(O.Add(O.Load(from + 5 * step), s), to);
            O.Store(O.Fma(A, d, infinity), to + stride);
            return;
        }
        V b = O.Load(from), minusB = O.Load(from + step);
        V s2 = O.Add(b, minusB), d2 = O.Subtract(b, minusB);
        V sum = O.Add(s, s2);
        O.Store(M.Value == 3 ? sum : O.Add(O.Load(from + 5 * step), sum), to);
        O.Store(O.Fma(A, d, O.Multiply(B, d2)), to + stride);
        V square = M.Value == 3 ? O.Fma(B2, s2, infinity) : O.Multiply(B2, s2);
        O.Store(O.Fma(A2, s, square), to + 2 * stride);
        if (M.Value == 4)
            O.Store(O.Fma(A3, d, O.Fma(B3, d2, infinity)), to + 3 * stride);
    }

    /// <summary>A y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OutputTransposed<M>(T* from, nint step, T* to, nint stride)
        where M : struct, IConst
    {
        V y0 = O.Load(from), y1 = O.Load(from + step);
        if (M.Value == 2)
        {
            O.Store(O.Fma(A, y1, y0), to + 2 * stride);
            O.Store(O.Fma(MinusA, y1, y0), to + 3 * stride);
            O.Store(y1, to + 4 * stride);
            O.Store(y0, to + 5 * stride);
            return;
        }
        V y2 = O.Load(from + 2 * step), y3 = M.Value == 4 ? O.Load(from + 3 * step) : default;
        V even = O.Fma(B2, y2, y0), odd = M.Value == 4 ? O.Fma(B2, y3, y1) : y1;
        O.Store(O.Fma(B, odd, even), to);
        O.Store(O.Fma(MinusB, odd, even), to + stride);
        even = O.Fma(A2, y2, y0);
        odd = M.Value == 4 ? O.Fma(A2, y3, y1) : y1;
        O.Store(O.Fma(A, odd, even), to + 2 * stride);
        O.Store(O.Fma(MinusA, odd, even), to + 3 * stride);
        O.Store(M.Value == 4 ? y3 : y2, to + 4 * stride);
        if (M.Value == 4) O.Store(y0, to + 5 * stride);
    }

    /// <summary>G g.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Filter(T* from, nint step, T* to, nint stride)
    {
        V g0 = O.Load(from), g1 = O.Load(from + step), g2 = O.Load(from + 2 * step);
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
