// The matrix G of WinogradTransform for filters of 3 and 5 taps, and its transpose. 3 x 3 taps are
// transformed in registers, which hold them all: where images are few, and each task has filters of
// its own, a convolution takes a fifth less time for it. For 5 x 5 there are not enough.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>Transforms of filters and of their gradients.</summary>
internal readonly unsafe struct WinogradFilterPoints<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged, INumberBase<T>
{
    private const int Points = WinogradShape.Points;

    private readonly V A, B, A2, B2, A3, B3, A4, B4, G0, GA, GB;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WinogradFilterPoints()
    {
        const double a = WinogradShape.PointA, b = WinogradShape.PointB;
        (A, A2, A3, A4) = (C(a), C(a * a), C(a * a * a), C(a * a * a * a));
        (B, B2, B3, B4) = (C(b), C(b * b), C(b * b * b), C(b * b * b * b));
        G0 = C(1 / (a * a * b * b));
        GA = C(1 / (2 * a * a * (a * a - b * b)));
        GB = C(1 / (2 * b * b * (b * b - a * a)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V C(double value) => V.Const(value);

    /// <summary>
    /// G g G' of a filter of 5 x 5 taps step apart. Temp holds the 6 x 5 numbers between the two.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public void Transform5(T* g, nint step, T* temp, T* to, nint position)
    {
        // A copy, whose numbers stay in registers.
        WinogradFilterPoints<V, T> c = this;
        nint row = 5 * V.Count;
        for (int j = 0; j < 5; j++) c.Values(g + j * step, 5 * step, temp + j * V.Count, row);
        for (int i = 0; i < Points; i++)
            c.Values(temp + i * row, V.Count, to + i * Points * position, position);
    }

    /// <summary>G g: the scaled values of a polynomial with 5 coefficients at the points.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Values(T* from, nint step, T* to, nint stride)
    {
        V g0 = V.Load(from), g1 = V.Load(from, step), g2 = V.Load(from, 2 * step);
        V g3 = V.Load(from, 3 * step), g4 = V.Load(from, 4 * step);
        V even = V.Fma(B2, V.Fma(B2, g4, g2), g0), odd = B * V.Fma(B2, g3, g1);
        V.Store(GB * (even + odd), to);
        V.Store(GB * (even - odd), to, stride);
        even = V.Fma(A2, V.Fma(A2, g4, g2), g0);
        odd = A * V.Fma(A2, g3, g1);
        V.Store(GA * (even + odd), to, 2 * stride);
        V.Store(GA * (even - odd), to, 3 * stride);
        V.Store(g4, to, 4 * stride);
        V.Store(G0 * g0, to, 5 * stride);
    }

    /// <summary>
    /// G g G' of a filter of 3 x 3 taps step apart, to the positions that tiles of so many points
    /// downwards use.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public void Transform3(T* g, nint step, T* to, nint position, int points)
    {
        WinogradFilterPoints<V, T> c = this;
        V g0 = V.Load(g), g1 = V.Load(g, step), g2 = V.Load(g, 2 * step);
        g += 3 * step;
        V h0 = V.Load(g), h1 = V.Load(g, step), h2 = V.Load(g, 2 * step);
        g += 3 * step;
        V i0 = V.Load(g), i1 = V.Load(g, step), i2 = V.Load(g, 2 * step);
        nint row = Points * position;
        if (points != 4)
            c.Pair(c.B, c.B2, c.GB, g0, g1, g2, h0, h1, h2, i0, i1, i2, to, position);
        to += 2 * row;
        c.Pair(c.A, c.A2, c.GA, g0, g1, g2, h0, h1, h2, i0, i1, i2, to, position);
        to += 2 * row;
        c.Row(i0, i1, i2, to, position);
        if (points == 5) return;
        V scale = c.G0;
        c.Row(scale * g0, scale * g1, scale * g2, to + row, position);
    }

    /// <summary>The rows of positions of a point and of its opposite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Pair(
        V point, V square, V scale, V g0, V g1, V g2, V h0, V h1, V h2, V i0, V i1, V i2, T* to,
        nint position)
    {
        V even0 = V.Fma(square, i0, g0), odd0 = point * h0;
        V even1 = V.Fma(square, i1, g1), odd1 = point * h1;
        V even2 = V.Fma(square, i2, g2), odd2 = point * h2;
        Row(
            scale * (even0 + odd0), scale * (even1 + odd1), scale * (even2 + odd2), to,
            position);
        Row(
            scale * (even0 - odd0), scale * (even1 - odd1), scale * (even2 - odd2),
            to + Points * position, position);
    }

    /// <summary>A row of positions from a row of taps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Row(V g0, V g1, V g2, T* to, nint stride)
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

    /// <summary>G' u G, 36 positions to (R, R, lane): the transpose of the others.</summary>
    [MethodImpl(Compiled.Once)]
    public void TransformBack<R>(T* source, nint position, T* temp, T* filter)
        where R : struct, IConst
    {
        WinogradFilterPoints<V, T> c = this;
        for (int j = 0; j < Points; j++)
            c.Back<R>(
                source + j * position, Points * position, temp + j * V.Count, Points * V.Count);
        for (int i = 0; i < R.Value; i++)
            c.Back<R>(
                temp + i * Points * V.Count, V.Count, filter + R.Value * i * V.Count, V.Count);
    }

    /// <summary>G' u.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Back<R>(T* from, nint step, T* to, nint stride) where R : struct, IConst
    {
        V b = V.Load(from), minusB = V.Load(from, step);
        V a = V.Load(from, 2 * step), minusA = V.Load(from, 3 * step);
        V infinity = V.Load(from, 4 * step);
        V s = GA * (a + minusA), d = GA * (a - minusA);
        V s2 = GB * (b + minusB), d2 = GB * (b - minusB);
        V.Store(V.Fma(G0, V.Load(from, 5 * step), s + s2), to);
        V.Store(V.Fma(A, d, B * d2), to, stride);
        if (R.Value == 3)
        {
            V.Store(V.Fma(A2, s, V.Fma(B2, s2, infinity)), to, 2 * stride);
            return;
        }
        V.Store(V.Fma(A2, s, B2 * s2), to, 2 * stride);
        V.Store(V.Fma(A3, d, B3 * d2), to, 3 * stride);
        V.Store(V.Fma(A4, s, V.Fma(B4, s2, infinity)), to, 4 * stride);
    }
}
