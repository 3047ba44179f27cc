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
    /// use. Temp holds the 6 x R numbers between the two.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public void Transform(T* g, nint step, T* temp, T* to, nint position, int points)
    {
        // A copy, whose numbers stay in registers.
        WinogradFilterPoints<V, T, R> c = this;
        nint row = R.Value * V.Count;
        for (int j = 0; j < R.Value; j++)
            c.Values(g + j * step, R.Value * step, temp + j * V.Count, row);
        int end = points == 5 ? 5 : Points;
        for (int i = points == 4 ? 2 : 0; i < end; i++)
            c.Values(temp + i * row, V.Count, to + i * Points * position, position);
    }

    /// <summary>G g: the scaled values of the polynomial with coefficients g at the points.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Values(T* from, nint step, T* to, nint stride)
    {
        V g0 = V.Load(from), g1 = V.Load(from, step), g2 = V.Load(from, 2 * step);
        V g3 = R.Value == 5 ? V.Load(from, 3 * step) : default;
        V g4 = R.Value == 5 ? V.Load(from, 4 * step) : default;
        V even = V.Fma(B2, R.Value == 5 ? V.Fma(B2, g4, g2) : g2, g0);
        V odd = B * (R.Value == 5 ? V.Fma(B2, g3, g1) : g1);
        V.Store(GB * (even + odd), to);
        V.Store(GB * (even - odd), to, stride);
        even = V.Fma(A2, R.Value == 5 ? V.Fma(A2, g4, g2) : g2, g0);
        odd = A * (R.Value == 5 ? V.Fma(A2, g3, g1) : g1);
        V.Store(GA * (even + odd), to, 2 * stride);
        V.Store(GA * (even - odd), to, 3 * stride);
        V.Store(R.Value == 5 ? g4 : g2, to, 4 * stride);
        V.Store(G0 * g0, to, 5 * stride);
    }

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
