// The transforms of Winograd's convolutions F(4x4, 3x3) and F(2x2, 5x5) (Lavin and Gray, 2016,
// "Fast algorithms for convolutional neural networks"), channels in the lanes of vectors. The
// interpolation points are 0, +-5/8, +-3/2 and infinity: half the rounding error of the usual 0,
// +-1, +-2.
//
// y = A'((G g G') * (B' d B))A with 6 x 6 tiles d of the input and 4 x 4 or 2 x 2 tiles y of the
// output. B depends on the points alone: the two have it in common. Each matrix is applied to
// columns, then to rows. The points stand in the order 3/2, -3/2, 5/8, -5/8, infinity, 0. Tiles of
// 3 outputs of 3 taps use the first 5 of them, tiles of 2 the last 4: F(3, 3) and F(2, 3) with G as
// it is, since B takes up the difference of the scales.
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
    /// <summary>Rows and columns of an input tile.</summary>
    public const int In = WinogradShape.Points;

    /// <summary>
    /// B' d B of a row of tiles, of 6 rows of the image (fewer if the tiles are low). Their
    /// downward transform goes to down, from column left on; the columns around it are zero.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public static void Input(
        in WinogradPoints<V, T> c, T* image, nint rowPitch, int columns, in WinogradRow row,
        T* down, int left, nint downPitch, T* target, nint position, nint tilePitch)
    {
        T* to = down + left * V.Count;
        switch (row.Points)
        {
            case 6: InputDown<C6>(c, image, rowPitch, columns, to, downPitch); break;
            case 5: InputDown<C5>(c, image, rowPitch, columns, to, downPitch); break;
            default: InputDown<C4>(c, image, rowPitch, columns, to, downPitch); break;
        }
        InputAcross<C6>(
            c, down, downPitch, row, row.FullColumns, target + row.Place * tilePitch, position,
            tilePitch);
        down += row.FullColumns * (In + 1 - row.Taps) * V.Count;
        target += row.EdgePlace * tilePitch;
        if (row.EdgePoints == 5)
            InputAcross<C5>(c, down, downPitch, row, 1, target, position, tilePitch);
        if (row.EdgePoints == 4)
            InputAcross<C4>(c, down, downPitch, row, 1, target, position, tilePitch);
    }

    /// <summary>
    /// Adds B v B' of a row of tiles, all of them whole, to 6 rows of the image: the transpose of
    /// Input. Down is cleared and holds what is transformed across only.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public static void AddInputTransposed(
        in WinogradPoints<V, T> c, T* source, nint position, nint tilePitch,
        in WinogradRow row, T* down, int left, nint downPitch, T* image, nint rowPitch,
        int columns)
    {
        new Span<T>(down, In * (int)downPitch).Clear();
        T* to = down;
        source += row.Place * tilePitch;
        for (int i = 0; i < row.FullColumns; i++, source += tilePitch, to += row.Height * V.Count)
            c.AddInputTransposed(source, position, In * position, to, V.Count, downPitch, In);
        c.AddInputTransposed(
            down + left * V.Count, downPitch, V.Count, image, rowPitch, V.Count, columns);
    }

    /// <summary>A' m A of a row of tiles, to as many rows and columns as they have.</summary>
    [MethodImpl(Compiled.Once)]
    public static void Output(
        in WinogradPoints<V, T> c, T* source, nint position, nint tilePitch,
        in WinogradRow row, T* temp, T* image, nint rowPitch)
    {
        T* full = source + row.Place * tilePitch;
        source += row.EdgePlace * tilePitch;
        int tiles = row.FullColumns;
        if (row.Taps == 5)
        {
            OutputTiles<F25>(c, row, tiles, full, position, tilePitch, temp, image, rowPitch);
            return;
        }
        OutputTiles<F43>(c, row, tiles, full, position, tilePitch, temp, image, rowPitch);
        image += tiles * F43.Outputs * V.Count;
        if (row.EdgeWidth == 3)
            OutputTiles<F33>(c, row, 1, source, position, tilePitch, temp, image, rowPitch);
        if (row.EdgeWidth == 2)
            OutputTiles<F23>(c, row, 1, source, position, tilePitch, temp, image, rowPitch);
    }

    /// <summary>A y A' of a row of tiles, the transpose of Output.</summary>
    [MethodImpl(Compiled.Once)]
    public static void OutputTransposed(
        in WinogradPoints<V, T> c, T* image, nint rowPitch, in WinogradRow row, T* temp,
        T* target, nint position, nint tilePitch)
    {
        T* full = target + row.Place * tilePitch;
        target += row.EdgePlace * tilePitch;
        int tiles = row.FullColumns;
        if (row.Taps == 5)
        {
            TransposedTiles<F25>(c, row, tiles, image, rowPitch, temp, full, position, tilePitch);
            return;
        }
        TransposedTiles<F43>(c, row, tiles, image, rowPitch, temp, full, position, tilePitch);
        image += tiles * F43.Outputs * V.Count;
        if (row.EdgeWidth == 3)
            TransposedTiles<F33>(c, row, 1, image, rowPitch, temp, target, position, tilePitch);
        if (row.EdgeWidth == 2)
            TransposedTiles<F23>(c, row, 1, image, rowPitch, temp, target, position, tilePitch);
    }

    /// <summary>The first of the points that a tile uses.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int First(int points) => points == 4 ? 2 : 0;

    [MethodImpl(Compiled.Once)]
    private static void InputDown<P>(
        in WinogradPoints<V, T> c, T* image, nint rowPitch, int columns, T* down,
        nint downPitch) where P : struct, IConst =>
        c.Input<P>(image, rowPitch, V.Count, down, downPitch, V.Count, columns);

    [MethodImpl(Compiled.Once)]
    private static void InputAcross<P>(
        in WinogradPoints<V, T> c, T* down, nint rowPitch, in WinogradRow row, int tiles,
        T* target, nint position, nint tilePitch) where P : struct, IConst
    {
        int points = row.Points, first = First(points), step = (In + 1 - row.Taps) * V.Count;
        down += first * rowPitch;
        target += first * In * position;
        for (; tiles > 0; tiles--, down += step, target += tilePitch)
            c.Input<P>(down, V.Count, rowPitch, target, position, In * position, points);
    }

    [MethodImpl(Compiled.Once)]
    private static void OutputTiles<F>(
        in WinogradPoints<V, T> c, in WinogradRow row, int tiles, T* source, nint position,
        nint tilePitch, T* temp, T* image, nint rowPitch) where F : struct, IWinogradTile
    {
        nint step = In * position, pitch = In * V.Count;
        int columns = F.Outputs + F.Taps - 1, first = First(columns), height = row.Height;
        source += first * position;
        temp += first * V.Count;
        for (; tiles > 0; tiles--, source += tilePitch, image += F.Outputs * V.Count)
        {
            if (F.Taps == 5)
                c.Output<F25>(source, step, position, temp, pitch, V.Count, columns);
            else if (height == 4)
                c.Output<F43>(source, step, position, temp, pitch, V.Count, columns);
            else if (height == 3)
                c.Output<F33>(source, step, position, temp, pitch, V.Count, columns);
            else c.Output<F23>(source, step, position, temp, pitch, V.Count, columns);
            T* from = temp - first * V.Count;
            c.Output<F>(from, V.Count, pitch, image, V.Count, rowPitch, height);
        }
    }

    [MethodImpl(Compiled.Once)]
    private static void TransposedTiles<F>(
        in WinogradPoints<V, T> c, in WinogradRow row, int tiles, T* image, nint rowPitch,
        T* temp, T* target, nint position, nint tilePitch) where F : struct, IWinogradTile
    {
        nint pitch = F.Outputs * V.Count;
        int points = row.Points, first = First(points), height = row.Height;
        target += first * In * position;
        for (; tiles > 0; tiles--, image += pitch, target += tilePitch)
        {
            if (F.Taps == 5)
                c.OutputTransposed<F25>(
                    image, rowPitch, V.Count, temp, pitch, V.Count, F.Outputs);
            else if (height == 4)
                c.OutputTransposed<F43>(
                    image, rowPitch, V.Count, temp, pitch, V.Count, F.Outputs);
            else if (height == 3)
                c.OutputTransposed<F33>(
                    image, rowPitch, V.Count, temp, pitch, V.Count, F.Outputs);
            else
                c.OutputTransposed<F23>(
                    image, rowPitch, V.Count, temp, pitch, V.Count, F.Outputs);
            c.OutputTransposed<F>(
                temp + first * pitch, V.Count, pitch, target, position, In * position, points);
        }
    }
}
