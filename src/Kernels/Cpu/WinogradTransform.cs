// The transforms of Winograd's convolution F(4x4, 3x3) (Lavin and Gray, 2016, "Fast algorithms for
// convolutional neural networks"), channels in the lanes of vectors. The interpolation points are
// 0, +-5/8, +-3/2 and infinity: half the rounding error of the usual 0, +-1, +-2.
//
// y = A'((G g G') * (B' d B))A with 6 x 6 tiles d of the input and 4 x 4 tiles y of the output.
// Each matrix is applied to columns, then to rows. Tiles of 3 or 2 outputs use the first 5 or 4 of
// the points, in the order 0, 5/8, -5/8, infinity, 3/2, -3/2: F(3, 3) and F(2, 3) with G as it is,
// since B takes up the difference of the scales.
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
        public readonly V Difference, ADifference;
        public readonly V G0, GA, GB;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Points()
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
    }

    /// <summary>
    /// B' d B of a row of tiles: 6 rows of 4 * tiles + 2 columns at image; as much scratch at temp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Input(
        T* image, nint rowPitch, in WinogradRow row, T* temp, T* target, nint position,
        nint tilePitch)
    {
        var c = new Points();
        int edge = row.EdgeWidth == 4 ? 0 : 1;
        nint end = (Out * (row.FullColumns + edge) + 2) * O.Count;
        switch (row.Height)
        {
            case 4: InputDown<C4>(c, image, end, rowPitch, temp); break;
            case 3: InputDown<C3>(c, image, end, rowPitch, temp); break;
            default: InputDown<C2>(c, image, end, rowPitch, temp); break;
        }
        int rows = row.Height + 2;
        T* to = target + row.Place * tilePitch;
        for (int t = 0; t < row.FullColumns; t++, to += tilePitch, temp += Out * O.Count)
            InputAcross<C4>(c, temp, rowPitch, rows, to, position);
        to = target + row.EdgePlace * tilePitch;
        if (row.EdgeWidth == 3) InputAcross<C3>(c, temp, rowPitch, rows, to, position);
        if (row.EdgeWidth == 2) InputAcross<C2>(c, temp, rowPitch, rows, to, position);
    }

    /// <summary>A' m A of a row of tiles, to 4 rows of 4 * tiles columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Output(
        T* source, nint position, nint tilePitch, in WinogradRow row, T* temp, T* image,
        nint rowPitch)
    {
        var c = new Points();
        T* from = source + row.Place * tilePitch;
        for (int t = 0; t < row.FullColumns; t++, from += tilePitch, image += Out * O.Count)
        {
            OutputDown(c, row.Height, from, position, 6, temp);
            OutputAcross<C4>(c, temp, row.Height, image, rowPitch);
        }
        if (row.EdgeWidth == 4) return;
        OutputDown(
            c, row.Height, source + row.EdgePlace * tilePitch, position, row.EdgeWidth + 2, temp);
        if (row.EdgeWidth == 3) OutputAcross<C3>(c, temp, row.Height, image, rowPitch);
        else OutputAcross<C2>(c, temp, row.Height, image, rowPitch);
    }

    /// <summary>A y A' of a row of tiles, the transpose of Output.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OutputTransposed(
        T* image, nint rowPitch, in WinogradRow row, T* temp, T* target, nint position,
        nint tilePitch)
    {
        var c = new Points();
        int rows = row.Height + 2;
        T* to = target + row.Place * tilePitch;
        for (int t = 0; t < row.FullColumns; t++, to += tilePitch, image += Out * O.Count)
        {
            TransposedDown(c, row.Height, image, rowPitch, temp);
            TransposedAcross<C4>(c, temp, rows, to, position);
        }
        if (row.EdgeWidth == 4) return;
        TransposedDown(c, row.Height, image, rowPitch, temp);
        to = target + row.EdgePlace * tilePitch;
        if (row.EdgeWidth == 3) TransposedAcross<C3>(c, temp, rows, to, position);
        else TransposedAcross<C2>(c, temp, rows, to, position);
    }

    /// <summary>
    /// G g G' of one filter, vectors step apart, to the first positions of so many rows.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Filter(T* filter, nint step, T* temp, T* target, nint position, int rows)
    {
        var c = new Points();
        for (int s = 0; s < 3; s++)
            Filter(c, filter + s * step, 3 * step, temp + s * O.Count, 3 * O.Count);
        for (int i = 0; i < rows; i++)
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void InputDown<M>(in Points c, T* image, nint end, nint rowPitch, T* temp)
        where M : struct, IConst
    {
        for (nint w = 0; w < end; w += O.Count)
            Input<M>(c, image + w, rowPitch, temp + w, rowPitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void InputAcross<M>(
        in Points c, T* temp, nint rowPitch, int rows, T* target, nint position)
        where M : struct, IConst
    {
        for (int i = 0; i < rows; i++, temp += rowPitch, target += In * position)
            Input<M>(c, temp, O.Count, target, position);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OutputDown(
        in Points c, int height, T* source, nint position, int columns, T* temp)
    {
        nint step = In * position, row = In * O.Count;
        for (int j = 0; j < columns; j++, source += position, temp += O.Count)
            if (height == 4) Output<C4>(c, source, step, temp, row);
            else if (height == 3) Output<C3>(c, source, step, temp, row);
            else Output<C2>(c, source, step, temp, row);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OutputAcross<M>(in Points c, T* temp, int rows, T* image, nint rowPitch)
        where M : struct, IConst
    {
        for (int i = 0; i < rows; i++, temp += In * O.Count, image += rowPitch)
            Output<M>(c, temp, O.Count, image, O.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransposedDown(
        in Points c, int height, T* image, nint rowPitch, T* temp)
    {
        nint row = Out * O.Count;
        for (int j = 0; j < Out; j++, image += O.Count, temp += O.Count)
            if (height == 4) OutputTransposed<C4>(c, image, rowPitch, temp, row);
            else if (height == 3) OutputTransposed<C3>(c, image, rowPitch, temp, row);
            else OutputTransposed<C2>(c, image, rowPitch, temp, row);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransposedAcross<M>(
        in Points c, T* temp, int rows, T* target, nint position) where M : struct, IConst
    {
        for (int i = 0; i < rows; i++, temp += Out * O.Count, target += In * position)
            OutputTransposed<M>(c, temp, O.Count, target, position);
    }

    // The five transforms of one column or row. M is the number of outputs.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Input<M>(in Points c, T* from, nint step, T* to, nint stride)
        where M : struct, IConst
    {
        V d1 = O.Load(from + step), d2 = O.Load(from + 2 * step), d3 = O.Load(from + 3 * step);
        if (M.Value == 2)
        {
            O.Store(O.Fma(c.A2B2, O.Load(from), O.Multiply(c.MinusB2, d2)), to);
            V v = O.Multiply(c.Difference, d2);
            O.Store(O.Fma(c.ADifference, d1, v), to + stride);
            O.Store(O.Subtract(v, O.Multiply(c.ADifference, d1)), to + 2 * stride);
            O.Store(O.Fma(c.MinusA2, d1, d3), to + 3 * stride);
            return;
        }
        V d4 = O.Load(from + 4 * step);
        V odd = O.Fma(c.MinusB2, d1, d3);
        if (M.Value == 3)
        {
            V e = O.Multiply(c.B, O.Fma(c.MinusA2, d1, d3));
            O.Store(O.Fma(c.A2B2, O.Load(from), O.Fma(c.MinusB2, d2, e)), to);
            V v = O.Fma(c.Difference, d2, e);
            O.Store(O.Fma(c.A, odd, v), to + stride);
            O.Store(O.Fma(c.MinusA, odd, v), to + 2 * stride);
            O.Store(O.Subtract(O.Fma(c.MinusA2, d2, d4), e), to + 3 * stride);
            O.Store(O.Add(e, e), to + 4 * stride);
            return;
        }
        O.Store(O.Fma(c.A2B2, O.Load(from), O.Fma(c.MinusSum, d2, d4)), to);
        V even = O.Fma(c.MinusB2, d2, d4);
        O.Store(O.Fma(c.A, odd, even), to + stride);
        O.Store(O.Fma(c.MinusA, odd, even), to + 2 * stride);
        V last = O.Fma(c.MinusSum, d3, O.Load(from + 5 * step));
        O.Store(O.Fma(c.A2B2, d1, last), to + 3 * stride);
        even = O.Fma(c.MinusA2, d2, d4);
        odd = O.Fma(c.MinusA2, d1, d3);
        O.Store(O.Fma(c.B, odd, even), to + 4 * stride);
        O.Store(O.Fma(c.MinusB, odd, even), to + 5 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Output<M>(in Points c, T* from, nint step, T* to, nint stride)
        where M : struct, IConst
    {
        V m1 = O.Load(from + step), m2 = O.Load(from + 2 * step), m3 = O.Load(from + 3 * step);
        V s = O.Add(m1, m2), d = O.Subtract(m1, m2);
        if (M.Value == 2)
        {
            O.Store(O.Add(O.Load(from), s), to);
            O.Store(O.Fma(c.A, d, m3), to + stride);
            return;
        }
        V m4 = O.Load(from + 4 * step);
        if (M.Value == 3)
        {
            O.Store(O.Add(O.Load(from), O.Add(s, m4)), to);
            O.Store(O.Fma(c.A, d, O.Multiply(c.B, m4)), to + stride);
            O.Store(O.Fma(c.A2, s, O.Fma(c.B2, m4, m3)), to + 2 * stride);
            return;
        }
        V m5 = O.Load(from + 5 * step);
        V s2 = O.Add(m4, m5), d2 = O.Subtract(m4, m5);
        O.Store(O.Add(O.Load(from), O.Add(s, s2)), to);
        O.Store(O.Fma(c.A, d, O.Multiply(c.B, d2)), to + stride);
        O.Store(O.Fma(c.A2, s, O.Multiply(c.B2, s2)), to + 2 * stride);
        O.Store(O.Fma(c.A3, d, O.Fma(c.B3, d2, m3)), to + 3 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OutputTransposed<M>(in Points c, T* from, nint step, T* to, nint stride)
        where M : struct, IConst
    {
        V y0 = O.Load(from), y1 = O.Load(from + step);
        O.Store(y0, to);
        if (M.Value == 2)
        {
            O.Store(O.Fma(c.A, y1, y0), to + stride);
            O.Store(O.Fma(c.MinusA, y1, y0), to + 2 * stride);
            O.Store(y1, to + 3 * stride);
            return;
        }
        V y2 = O.Load(from + 2 * step), y3 = M.Value == 4 ? O.Load(from + 3 * step) : default;
        V even = O.Fma(c.A2, y2, y0), odd = M.Value == 4 ? O.Fma(c.A2, y3, y1) : y1;
        O.Store(O.Fma(c.A, odd, even), to + stride);
        O.Store(O.Fma(c.MinusA, odd, even), to + 2 * stride);
        O.Store(M.Value == 4 ? y3 : y2, to + 3 * stride);
        even = O.Fma(c.B2, y2, y0);
        odd = M.Value == 4 ? O.Fma(c.B2, y3, y1) : y1;
        O.Store(O.Fma(c.B, odd, even), to + 4 * stride);
        if (M.Value == 4) O.Store(O.Fma(c.MinusB, odd, even), to + 5 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Filter(in Points c, T* from, nint step, T* to, nint stride)
    {
        V g0 = O.Load(from), g1 = O.Load(from + step), g2 = O.Load(from + 2 * step);
        O.Store(O.Multiply(c.G0, g0), to);
        V even = O.Fma(c.A2, g2, g0), odd = O.Multiply(c.A, g1);
        O.Store(O.Multiply(c.GA, O.Add(even, odd)), to + stride);
        O.Store(O.Multiply(c.GA, O.Subtract(even, odd)), to + 2 * stride);
        O.Store(g2, to + 3 * stride);
        even = O.Fma(c.B2, g2, g0);
        odd = O.Multiply(c.B, g1);
        O.Store(O.Multiply(c.GB, O.Add(even, odd)), to + 4 * stride);
        O.Store(O.Multiply(c.GB, O.Subtract(even, odd)), to + 5 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FilterTransposed(in Points c, T* from, nint step, T* to, nint stride)
    {
        V u1 = O.Load(from + step), u2 = O.Load(from + 2 * step), u3 = O.Load(from + 3 * step);
        V u4 = O.Load(from + 4 * step), u5 = O.Load(from + 5 * step);
        V s = O.Multiply(c.GA, O.Add(u1, u2)), d = O.Multiply(c.GA, O.Subtract(u1, u2));
        V s2 = O.Multiply(c.GB, O.Add(u4, u5)), d2 = O.Multiply(c.GB, O.Subtract(u4, u5));
        O.Store(O.Fma(c.G0, O.Load(from), O.Add(s, s2)), to);
        O.Store(O.Fma(c.A, d, O.Multiply(c.B, d2)), to + stride);
        O.Store(O.Fma(c.A2, s, O.Fma(c.B2, s2, u3)), to + 2 * stride);
    }
}
