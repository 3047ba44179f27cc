// Running sums. With many lines a thread has a line and adds in order. Few long lines are cut into
// tiles: a group sums a tile, the sums of the tiles are summed in turn, and each tile then starts
// with what is before it.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>Where the elements of a line lie: x is (B, Length, Inner), contiguous.</summary>
public struct ScanLines
{
    /// <summary>Lines, elements of a line, and their distance.</summary>
    public long Count, Length, Inner;

    /// <summary>1 if a line is summed from its end.</summary>
    public int Reverse;

    /// <summary>The place of element i of a line, counted in the order of the sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long At(ScanLines lines, long line, long i)
    {
        long b = line / lines.Inner, column = line - b * lines.Inner;
        long row = lines.Reverse != 0 ? lines.Length - 1 - i : i;
        return (b * lines.Length + row) * lines.Inner + column;
    }
}

/// <summary>A thread a line.</summary>
public struct ScanWhole<T, TNumbers> : IGroupKernel<ScanWhole<T, TNumbers>>
    where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
{
    /// <summary>The numbers and their sums.</summary>
    public ArrayView<T> X, Y;

    /// <summary>Where they lie.</summary>
    public ScanLines Lines;

    /// <inheritdoc/>
    public static void Run(ScanWhole<T, TNumbers> kernel)
    {
        long step = kernel.Lines.Reverse != 0 ? -kernel.Lines.Inner : kernel.Lines.Inner;
        for (long line = Thread.Number; line < kernel.Lines.Count; line += Thread.Count)
        {
            long at = ScanLines.At(kernel.Lines, line, 0);
            T sum = kernel.X[at];
            kernel.Y[at] = sum;
            for (long i = 1; i < kernel.Lines.Length; i++)
            {
                at += step;
                sum = TNumbers.Add(sum, kernel.X[at]);
                kernel.Y[at] = sum;
            }
        }
    }
}

/// <summary>A group a tile: running sums of a tile, or its total alone.</summary>
public struct ScanTiles<T, TNumbers> : IGroupKernel<ScanTiles<T, TNumbers>>
    where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
{
    /// <summary>Elements of a tile.</summary>
    public const int Tile = 2048;

    /// <summary>Most threads of a group.</summary>
    private const int MostThreads = 1024;

    /// <summary>The numbers, and their sums if <see cref="Totals"/> is 0.</summary>
    public ArrayView<T> X, Y;

    /// <summary>
    /// (lines, tiles): written if <see cref="Totals"/> is 1, else the running sums of the totals,
    /// which are read where a line has several tiles.
    /// </summary>
    public ArrayView<T> Sums;

    /// <summary>Where they lie.</summary>
    public ScanLines Lines;

    /// <summary>Tiles of a line.</summary>
    public long Tiles;

    /// <summary>Whether totals are asked for.</summary>
    public int Totals;

    /// <inheritdoc/>
    public static void Run(ScanTiles<T, TNumbers> kernel)
    {
        ArrayView<T> tile = SharedMemory.Allocate<T>(Tile);
        ArrayView<T> sums = SharedMemory.Allocate<T>(MostThreads);
        int thread = Group.IdxX, each = Tile / Group.DimX;
        for (long n = Grid.IdxX; n < kernel.Lines.Count * kernel.Tiles; n += Grid.DimX)
        {
            long line = n / kernel.Tiles, number = n - line * kernel.Tiles, start = number * Tile;
            int count = (int)IntrinsicMath.Min((long)Tile, kernel.Lines.Length - start);
            for (int i = thread; i < Tile; i += Group.DimX)
                tile[i] = i < count
                    ? kernel.X[ScanLines.At(kernel.Lines, line, start + i)] : TNumbers.Zero;
            Group.Barrier();

            // Each thread has neighbouring elements; the threads' totals are summed by doubling
            // the distance (Hillis and Steele, 1986).
            T sum = tile[thread * each];
            for (int i = 1; i < each; i++) sum = TNumbers.Add(sum, tile[thread * each + i]);
            sums[thread] = sum;
            Group.Barrier();
            for (int distance = 1; distance < Group.DimX; distance <<= 1)
            {
                T total = sums[thread];
                if (thread >= distance) total = TNumbers.Add(sums[thread - distance], total);
                Group.Barrier();
                sums[thread] = total;
                Group.Barrier();
            }
            if (kernel.Totals != 0)
            {
                if (thread == 0) kernel.Sums[n] = sums[Group.DimX - 1];
            }
            else
            {
                T before = thread > 0 ? sums[thread - 1] : TNumbers.Zero;
                if (number > 0) before = TNumbers.Add(kernel.Sums[n - 1], before);
                bool first = thread == 0 && number == 0;
                for (int i = 0; i < each; i++)
                {
                    T value = tile[thread * each + i];
                    // Not added to 0: -0 at the start of a line stays as it is.
                    before = first && i == 0 ? value : TNumbers.Add(before, value);
                    tile[thread * each + i] = before;
                }
                Group.Barrier();
                for (int i = thread; i < count; i += Group.DimX)
                    kernel.Y[ScanLines.At(kernel.Lines, line, start + i)] = tile[i];
            }
            Group.Barrier();
        }
    }
}
