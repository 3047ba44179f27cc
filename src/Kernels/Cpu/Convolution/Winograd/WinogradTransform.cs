// The transforms of Winograd's convolution F(4x4, 3x3) (Lavin and Gray, 2016, "Fast algorithms for
// convolutional neural networks"), channels in the lanes of vectors. The interpolation points are
// 0, +-5/8, +-3/2 and infinity: half the rounding error of the usual 0, +-1, +-2.
//
// y = A'((G g G') * (B' d B))A with 6 x 6 tiles d of the input and 4 x 4 tiles y of the output.
// Each matrix is applied to columns, then to rows. The points stand in the order 3/2, -3/2, 5/8,
// -5/8, infinity, 0. Tiles of 3 outputs use the first 5 of them, tiles of 2 the last 4: F(3, 3) and
// F(2, 3) with G as it is, since B takes up the difference of the scales.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>
/// Transforms of rows of tiles. Images have the layout (row, column, lane), transformed tiles
/// (position, tile, channel) with pitches in elements; there are 36 positions.
/// </summary>
internal static unsafe class WinogradTransform<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged, INumberBase<T>
{
    /// <summary>Rows and columns of an output tile, and of an input tile.</summary>
    public const int Out = 4, In = 6;

    /// <summary>
    /// B' d B of a row of tiles, of 6 rows of the image (fewer if the tiles are low). Their downward
    /// transform goes to down, from column left on; the columns around it are zero.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public static void Input(
        in WinogradPoints<V, T> c, T* image, nint rowPitch, int columns, in WinogradRow row,
        T* down, int left, nint downPitch, T* target, nint position, nint tilePitch)
    {
        T* to = down + left * V.Count;
        switch (row.Height)
        {
            case 4: InputDown<C4>(c, image, rowPitch, columns, to, downPitch); break;
            case 3: InputDown<C3>(c, image, rowPitch, columns, to, downPitch); break;
            default: InputDown<C2>(c, image, rowPitch, columns, to, downPitch); break;
        }
        InputAcross<C4>(
            c, down, downPitch, row.Height, row.FullColumns, target + row.Place * tilePitch,
            position, tilePitch);
        down += row.FullColumns * Out * V.Count;
        target += row.EdgePlace * tilePitch;
        if (row.EdgeWidth == 3)
            InputAcross<C3>(c, down, downPitch, row.Height, 1, target, position, tilePitch);
        if (row.EdgeWidth == 2)
            InputAcross<C2>(c, down, downPitch, row.Height, 1, target, position, tilePitch);
    }

    /// <summary>A' m A of a row of tiles, to 4 rows of 4 * tiles columns.</summary>
    [MethodImpl(Compiled.Once)]
    public static void Output(
        in WinogradPoints<V, T> c, T* source, nint position, nint tilePitch,
        in WinogradRow row, T* temp, T* image, nint rowPitch)
    {
        OutputTiles<C4>(
            c, row.Height, row.FullColumns, source + row.Place * tilePitch, position, tilePitch,
            temp, image, rowPitch);
        image += row.FullColumns * Out * V.Count;
        source += row.EdgePlace * tilePitch;
        if (row.EdgeWidth == 3)
            OutputTiles<C3>(
                c, row.Height, 1, source, position, tilePitch, temp, image, rowPitch);
        if (row.EdgeWidth == 2)
            OutputTiles<C2>(
                c, row.Height, 1, source, position, tilePitch, temp, image, rowPitch);
    }

    /// <summary>A y A' of a row of tiles, the transpose of Output.</summary>
    [MethodImpl(Compiled.Once)]
    public static void OutputTransposed(
        in WinogradPoints<V, T> c, T* image, nint rowPitch, in WinogradRow row, T* temp,
        T* target, nint position, nint tilePitch)
    {
        TransposedTiles<C4>(
            c, row.Height, row.FullColumns, image, rowPitch, temp,
            target + row.Place * tilePitch, position, tilePitch);
        image += row.FullColumns * Out * V.Count;
        target += row.EdgePlace * tilePitch;
        if (row.EdgeWidth == 3)
            TransposedTiles<C3>(
                c, row.Height, 1, image, rowPitch, temp, target, position, tilePitch);
        if (row.EdgeWidth == 2)
            TransposedTiles<C2>(
                c, row.Height, 1, image, rowPitch, temp, target, position, tilePitch);
    }

    /// <summary>G' u G, 36 positions to (3, 3, lane): Filter's transpose.</summary>
    [MethodImpl(Compiled.Once)]
    public static void FilterTransposed(
        in WinogradPoints<V, T> c, T* source, nint position, T* temp, T* filter)
    {
        // A copy, whose numbers stay in registers.
        WinogradPoints<V, T> points = c;
        for (int j = 0; j < In; j++)
            points.FilterTransposed(
                source + j * position, In * position, temp + j * V.Count, In * V.Count);
        for (int i = 0; i < 3; i++)
            points.FilterTransposed(
                temp + i * In * V.Count, V.Count, filter + 3 * i * V.Count, V.Count);
    }

    /// <summary>The first point of tiles of m outputs; they use m + 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int First(int m) => m == 2 ? 2 : 0;

    [MethodImpl(Compiled.Once)]
    private static void InputDown<M>(
        in WinogradPoints<V, T> c, T* image, nint rowPitch, int columns, T* down,
        nint downPitch) where M : struct, IConst =>
        c.Input<M>(image, rowPitch, V.Count, down, downPitch, V.Count, columns);

    [MethodImpl(Compiled.Once)]
    private static void InputAcross<M>(
        in WinogradPoints<V, T> c, T* down, nint rowPitch, int height, int tiles, T* target,
        nint position, nint tilePitch) where M : struct, IConst
    {
        int first = First(height);
        down += first * rowPitch;
        target += first * In * position;
        for (; tiles > 0; tiles--, down += Out * V.Count, target += tilePitch)
            c.Input<M>(
                down, V.Count, rowPitch, target, position, In * position, height + 2);
    }

    [MethodImpl(Compiled.Once)]
    private static void OutputTiles<M>(
        in WinogradPoints<V, T> c, int height, int tiles, T* source, nint position,
        nint tilePitch, T* temp, T* image, nint rowPitch) where M : struct, IConst
    {
        nint step = In * position, row = In * V.Count;
        int first = First(M.Value), columns = M.Value + 2;
        source += first * position;
        temp += first * V.Count;
        for (; tiles > 0; tiles--, source += tilePitch, image += Out * V.Count)
        {
            if (height == 4)
                c.Output<C4>(source, step, position, temp, row, V.Count, columns);
            else if (height == 3)
                c.Output<C3>(source, step, position, temp, row, V.Count, columns);
            else c.Output<C2>(source, step, position, temp, row, V.Count, columns);
            T* from = temp - first * V.Count;
            c.Output<M>(from, V.Count, row, image, V.Count, rowPitch, height);
        }
    }

    [MethodImpl(Compiled.Once)]
    private static void TransposedTiles<M>(
        in WinogradPoints<V, T> c, int height, int tiles, T* image, nint rowPitch, T* temp,
        T* target, nint position, nint tilePitch) where M : struct, IConst
    {
        nint row = Out * V.Count;
        int first = First(height);
        target += first * In * position;
        for (; tiles > 0; tiles--, image += Out * V.Count, target += tilePitch)
        {
            if (height == 4)
                c.OutputTransposed<C4>(image, rowPitch, V.Count, temp, row, V.Count, M.Value);
            else if (height == 3)
                c.OutputTransposed<C3>(image, rowPitch, V.Count, temp, row, V.Count, M.Value);
            else c.OutputTransposed<C2>(image, rowPitch, V.Count, temp, row, V.Count, M.Value);
            c.OutputTransposed<M>(
                temp + first * row, V.Count, row, target, position, In * position, height + 2);
        }
    }
}
