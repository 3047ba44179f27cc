// The matrix G of WinogradTransform for filters of R taps, 3 or 5, and its transpose.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>Transforms of filters of R x R taps and of their gradients.</summary>
internal readonly unsafe struct WinogradFilterPoints<V, T, R>
    where V : struct, IKernelLanes<V, T> where T : unmanaged, INumberBase<T>
    where R : struct, IConst
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
    /// G g G' of a filter, its taps step apart, to the positions that tiles of so many points down
    /// use.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public void Transform(T* g, nint step, T* to, nint position, int points)
    {
        // A copy, whose numbers stay in registers.
        WinogradFilterPoints<V, T, R> c = this;
        nint row = Points * position;
        if (points != 4) c.Pair(c.B, c.B2, c.GB, g, step, to, position);
        c.Pair(c.A, c.A2, c.GA, g, step, to + 2 * row, position);
        T* last = g + R.Value * (R.Value - 1) * step;
        c.Row(
            V.Load(last), V.Load(last, step), V.Load(last, 2 * step),
            R.Value == 5 ? V.Load(last, 3 * step) : default,
            R.Value == 5 ? V.Load(last, 4 * step) : default, to + 4 * row, position);
        if (points == 5) return;
        V scale = c.G0;
        c.Row(
            scale * V.Load(g), scale * V.Load(g, step), scale * V.Load(g, 2 * step),
            R.Value == 5 ? scale * V.Load(g, 3 * step) : default,
            R.Value == 5 ? scale * V.Load(g, 4 * step) : default, to + 5 * row, position);
    }

    /// <summary>The rows of positions of a point and of its opposite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Pair(V point, V square, V scale, T* g, nint step, T* to, nint position)
    {
        Column(point, square, scale, g, step, out V sum0, out V difference0);
        Column(point, square, scale, g + step, step, out V sum1, out V difference1);
        Column(point, square, scale, g + 2 * step, step, out V sum2, out V difference2);
        V sum3 = default, difference3 = default, sum4 = default, difference4 = default;
        if (R.Value == 5)
        {
            Column(point, square, scale, g + 3 * step, step, out sum3, out difference3);
            Column(point, square, scale, g + 4 * step, step, out sum4, out difference4);
        }
        Row(sum0, sum1, sum2, sum3, sum4, to, position);
        Row(
            difference0, difference1, difference2, difference3, difference4,
            to + Points * position, position);
    }

    /// <summary>The value of a column of taps, a polynomial, at a point and its opposite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Column(
        V point, V square, V scale, T* g, nint step, out V sum, out V difference)
    {
        nint row = R.Value * step;
        V even = Even(
            square, V.Load(g), V.Load(g, 2 * row), R.Value == 5 ? V.Load(g, 4 * row) : default);
        V odd = point * Odd(square, V.Load(g, row), R.Value == 5 ? V.Load(g, 3 * row) : default);
        sum = scale * (even + odd);
        difference = scale * (even - odd);
    }

    /// <summary>A row of positions from a row of taps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Row(V g0, V g1, V g2, V g3, V g4, T* to, nint stride)
    {
        V even = Even(B2, g0, g2, g4), odd = B * Odd(B2, g1, g3);
        V.Store(GB * (even + odd), to);
        V.Store(GB * (even - odd), to, stride);
        even = Even(A2, g0, g2, g4);
        odd = A * Odd(A2, g1, g3);
        V.Store(GA * (even + odd), to, 2 * stride);
        V.Store(GA * (even - odd), to, 3 * stride);
        V.Store(R.Value == 5 ? g4 : g2, to, 4 * stride);
        V.Store(G0 * g0, to, 5 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Even(V square, V g0, V g2, V g4) =>
        V.Fma(square, R.Value == 5 ? V.Fma(square, g4, g2) : g2, g0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Odd(V square, V g1, V g3) => R.Value == 5 ? V.Fma(square, g3, g1) : g1;

    /// <summary>G' u G, 36 positions to (R, R, lane): the transpose of Transform.</summary>
    [MethodImpl(Compiled.Once)]
    public void TransformBack(T* source, nint position, T* temp, T* filter)
    {
        WinogradFilterPoints<V, T, R> c = this;
        for (int j = 0; j < Points; j++)
            c.Back(
                source + j * position, Points * position, temp + j * V.Count, Points * V.Count);
        for (int i = 0; i < R.Value; i++)
            c.Back(
                temp + i * Points * V.Count, V.Count, filter + R.Value * i * V.Count, V.Count);
    }

    /// <summary>G' u.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Back(T* from, nint step, T* to, nint stride)
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
