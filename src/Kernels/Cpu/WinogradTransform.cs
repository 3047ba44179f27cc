// The transforms of Winograd's convolution F(4x4, 3x3) (Lavin and Gray, 2016, "Fast algorithms for
// convolutional neural networks"), channels in the lanes of vectors. The interpolation points are
// 0, +-5/8, +-3/2 and infinity: half the rounding error of the usual 0, +-1, +-2.
//
// y = A'((G g G') * (B' d B))A with 6 x 6 tiles d of the input and 4 x 4 tiles y of the output.
// Each matrix is applied to columns, then to rows.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>
/// Transforms of rows of tiles. Images have the layout (row, column, lane), transformed tiles
/// (position, tile, channel) with pitches in elements; there are 36 positions.
/// </summary>
internal static unsafe class WinogradTransform<O, V, T>
    where O : struct, IVec<V, T> where V : struct where T : unmanaged, INumberBase<T>
{
    /// <summary>Rows and columns of an output tile, and of an input tile.</summary>
    public const int Out = 4, In = 6;

    /// <summary>Polynomials in the points a and b that appear in the matrices.</summary>
    private readonly struct Points
    {
        public readonly V A, B, MinusA, MinusB, A2, B2, A3, B3, MinusA2, MinusB2, A2B2, MinusSum;
        public readonly V G0, GA, GB;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Points()
        {
            const double a = 0.625, b = 1.5;
            (A, B, MinusA, MinusB) = (C(a), C(b), C(-a), C(-b));
            (A2, B2, A3, B3) = (C(a * a), C(b * b), C(a * a * a), C(b * b * b));
            (MinusA2, MinusB2, A2B2) = (C(-a * a), C(-b * b), C(a * a * b * b));
            MinusSum = C(-(a * a + b * b));
            G0 = C(1 / (a * a * b * b));
            GA = C(1 / (2 * a * a * (a * a - b * b)));
            GB = C(1 / (2 * b * b * (b * b - a * a)));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static V C(double value) => O.Create(T.CreateChecked(value));
    }

    /// <summary>
    /// B' d B of a row of tiles: 6 rows of 4 * tiles + 2 columns at image; as much scratch at temp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Input(
        T* image, nint rowPitch, int tiles, T* temp, T* target, nint position, nint tilePitch)
    {
        var c = new Points();
        nint end = (Out * tiles + 2) * O.Count;
        for (nint w = 0; w < end; w += O.Count)
            Input(c, image + w, rowPitch, temp + w, rowPitch);
        for (int t = 0; t < tiles; t++)
            for (int i = 0; i < In; i++)
                Input(
                    c, temp + i * rowPitch + t * Out * O.Count, O.Count,
                    target + t * tilePitch + i * In * position, position);
    }

    /// <summary>A' m A of a row of tiles, to 4 rows of 4 * tiles columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Output(
        T* source, nint position, nint tilePitch, int tiles, T* temp, T* image, nint rowPitch)
    {
        var c = new Points();
        for (int t = 0; t < tiles; t++)
        {
            for (int j = 0; j < In; j++)
                Output(
                    c, source + t * tilePitch + j * position, In * position,
                    temp + j * O.Count, In * O.Count);
            for (int i = 0; i < Out; i++)
                Output(
                    c, temp + i * In * O.Count, O.Count,
                    image + i * rowPitch + t * Out * O.Count, O.Count);
        }
    }

    /// <summary>A y A' of a row of tiles, the transpose of Output.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OutputTransposed(
        T* image, nint rowPitch, int tiles, T* temp, T* target, nint position, nint tilePitch)
    {
        var c = new Points();
        for (int t = 0; t < tiles; t++)
        {
            for (int j = 0; j < Out; j++)
                OutputTransposed(
                    c, image + (t * Out + j) * O.Count, rowPitch,
                    temp + j * O.Count, Out * O.Count);
            for (int i = 0; i < In; i++)
                OutputTransposed(
                    c, temp + i * Out * O.Count, O.Count,
                    target + t * tilePitch + i * In * position, position);
        }
    }

    /// <summary>G g G' of one filter, (3, 3, lane) to 36 positions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Filter(T* filter, T* temp, T* target, nint position)
    {
        var c = new Points();
        for (int s = 0; s < 3; s++)
            Filter(c, filter + s * O.Count, 3 * O.Count, temp + s * O.Count, 3 * O.Count);
        for (int i = 0; i < In; i++)
            Filter(c, temp + 3 * i * O.Count, O.Count, target + i * In * position, position);
    }

    /// <summary>G' u G, 36 positions to (3, 3, lane): Filter's transpose.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FilterTransposed(T* source, nint position, T* temp, T* filter)
    {
        var c = new Points();
        for (int j = 0; j < In; j++)
            FilterTransposed(
                c, source + j * position, In * position, temp + j * O.Count, In * O.Count);
        for (int i = 0; i < 3; i++)
            FilterTransposed(
                c, temp + i * In * O.Count, O.Count, filter + 3 * i * O.Count, O.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Input(in Points c, T* from, nint step, T* to, nint stride)
    {
        V d1 = O.Load(from + step), d2 = O.Load(from + 2 * step);
        V d3 = O.Load(from + 3 * step), d4 = O.Load(from + 4 * step);
        V even = O.Fma(c.MinusSum, d2, d4), odd = O.Fma(c.MinusSum, d3, O.Load(from + 5 * step));
        O.Store(O.Fma(c.A2B2, O.Load(from), even), to);
        V t = O.Fma(c.MinusB2, d2, d4), u = O.Fma(c.MinusB2, d1, d3);
        O.Store(O.Fma(c.A, u, t), to + stride);
        O.Store(O.Fma(c.MinusA, u, t), to + 2 * stride);
        t = O.Fma(c.MinusA2, d2, d4);
        u = O.Fma(c.MinusA2, d1, d3);
        O.Store(O.Fma(c.B, u, t), to + 3 * stride);
        O.Store(O.Fma(c.MinusB, u, t), to + 4 * stride);
        O.Store(O.Fma(c.A2B2, d1, odd), to + 5 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Output(in Points c, T* from, nint step, T* to, nint stride)
    {
        V m1 = O.Load(from + step), m2 = O.Load(from + 2 * step);
        V m3 = O.Load(from + 3 * step), m4 = O.Load(from + 4 * step);
        V s = O.Add(m1, m2), d = O.Subtract(m1, m2), s2 = O.Add(m3, m4), d2 = O.Subtract(m3, m4);
        O.Store(O.Add(O.Load(from), O.Add(s, s2)), to);
        O.Store(O.Fma(c.A, d, O.Multiply(c.B, d2)), to + stride);
        O.Store(O.Fma(c.A2, s, O.Multiply(c.B2, s2)), to + 2 * stride);
        O.Store(O.Fma(c.A3, d, O.Fma(c.B3, d2, O.Load(from + 5 * step))), to + 3 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OutputTransposed(in Points c, T* from, nint step, T* to, nint stride)
    {
        V y0 = O.Load(from), y1 = O.Load(from + step);
        V y2 = O.Load(from + 2 * step), y3 = O.Load(from + 3 * step);
        O.Store(y0, to);
        V even = O.Fma(c.A2, y2, y0), odd = O.Fma(c.A2, y3, y1);
        O.Store(O.Fma(c.A, odd, even), to + stride);
        O.Store(O.Fma(c.MinusA, odd, even), to + 2 * stride);
        even = O.Fma(c.B2, y2, y0);
        odd = O.Fma(c.B2, y3, y1);
        O.Store(O.Fma(c.B, odd, even), to + 3 * stride);
        O.Store(O.Fma(c.MinusB, odd, even), to + 4 * stride);
        O.Store(y3, to + 5 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Filter(in Points c, T* from, nint step, T* to, nint stride)
    {
        V g0 = O.Load(from), g1 = O.Load(from + step), g2 = O.Load(from + 2 * step);
        O.Store(O.Multiply(c.G0, g0), to);
        V even = O.Fma(c.A2, g2, g0), odd = O.Multiply(c.A, g1);
        O.Store(O.Multiply(c.GA, O.Add(even, odd)), to + stride);
        O.Store(O.Multiply(c.GA, O.Subtract(even, odd)), to + 2 * stride);
        even = O.Fma(c.B2, g2, g0);
        odd = O.Multiply(c.B, g1);
        O.Store(O.Multiply(c.GB, O.Add(even, odd)), to + 3 * stride);
        O.Store(O.Multiply(c.GB, O.Subtract(even, odd)), to + 4 * stride);
        O.Store(g2, to + 5 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FilterTransposed(in Points c, T* from, nint step, T* to, nint stride)
    {
        V u1 = O.Load(from + step), u2 = O.Load(from + 2 * step);
        V u3 = O.Load(from + 3 * step), u4 = O.Load(from + 4 * step);
        V s = O.Multiply(c.GA, O.Add(u1, u2)), d = O.Multiply(c.GA, O.Subtract(u1, u2));
        V s2 = O.Multiply(c.GB, O.Add(u3, u4)), d2 = O.Multiply(c.GB, O.Subtract(u3, u4));
        O.Store(O.Fma(c.G0, O.Load(from), O.Add(s, s2)), to);
        O.Store(O.Fma(c.A, d, O.Multiply(c.B, d2)), to + stride);
        O.Store(
            O.Fma(c.A2, s, O.Fma(c.B2, s2, O.Load(from + 5 * step))), to + 2 * stride);
    }
}
