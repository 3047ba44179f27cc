// Products of matrices tile by tile: a group loads a piece of both operands into shared memory,
// each of its threads multiplies what its 4 x 4 results need, and so on along the depth.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>
/// For each batch and each part of the depth: the sums of A[row, k] B[column, k] over the k of the
/// part. The target's batch is part Batches + batch.
/// </summary>
public struct TiledProduct<T, TNumbers, TTile, TA, TB, TTarget>
    : IGroupKernel<TiledProduct<T, TNumbers, TTile, TA, TB, TTarget>>
    where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
    where TTile : struct, ITile
    where TA : struct, ITileOperand<TA, T> where TB : struct, ITileOperand<TB, T>
    where TTarget : struct, ITileTarget<TTarget, T>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    // Results of a thread in each direction.
    private const int Each = 4;

    /// <summary>The operands.</summary>
    public TA A;

    /// <inheritdoc cref="A"/>
    public TB B;

    /// <summary>Where results go.</summary>
    public TTarget Target;

    /// <summary>Sizes of a product.</summary>
    public int Rows, Columns, Depth;

    /// <summary>Number of products, and of parts of the depth of each.</summary>
    public int Batches, Parts;

    /// <summary>Length of all parts but the last.</summary>
    public int PartDepth;

    internal static int Threads
    {
        [MethodImpl(Inline)]
        get => TTile.Rows * TTile.Columns / (Each * Each);
    }

    private static int PitchA
    {
        [MethodImpl(Inline)]
        get => TileLoads<T, TNumbers, TTile, TA>.Pitch(TTile.Rows);
    }

    private static int PitchB
    {
        [MethodImpl(Inline)]
        get => TileLoads<T, TNumbers, TTile, TB>.Pitch(TTile.Columns);
    }

    /// <inheritdoc/>
    public static void Run(TiledProduct<T, TNumbers, TTile, TA, TB, TTarget> kernel)
    {
        ArrayView<T> a = SharedMemory.Allocate1D<T>(TTile.Depth * PitchA);
        ArrayView<T> b = SharedMemory.Allocate1D<T>(TTile.Depth * PitchB);
        int down = (kernel.Rows + TTile.Rows - 1) / TTile.Rows;
        int across = (kernel.Columns + TTile.Columns - 1) / TTile.Columns;
        long tiles = (long)down * across, all = tiles * kernel.Batches * kernel.Parts;
        // Groups that run together have the same columns, the larger operand as a rule, in the
        // cache.
        for (long tile = Grid.IdxX; tile < all; tile += Grid.DimX)
        {
            int slab = (int)(tile / tiles), rest = (int)(tile - slab * tiles);
            int column = rest / down, row = rest - column * down;
            Tile(kernel, a, b, slab, row * TTile.Rows, column * TTile.Columns);
        }
    }

    [MethodImpl(Inline)]
    private static void Tile(
        TiledProduct<T, TNumbers, TTile, TA, TB, TTarget> kernel, ArrayView<T> a, ArrayView<T> b,
        int slab, int row, int column)
    {
        int part = slab / kernel.Batches, batch = slab - part * kernel.Batches;
        long originA = TA.Origin(kernel.A, batch), originB = TB.Origin(kernel.B, batch);
        int start = part * kernel.PartDepth;
        int end = part == kernel.Parts - 1 ? kernel.Depth : start + kernel.PartDepth;
        Four<Place> rows = TileLoads<T, TNumbers, TTile, TA>.FirstRows(kernel.A, originA, row);
        Four<Place> columns =
            TileLoads<T, TNumbers, TTile, TB>.FirstRows(kernel.B, originB, column);
        // A thread's rows and columns lie a quarter of the tile apart: threads side by side read
        // neighbours in shared memory and write neighbours of the result.
        int right = Group.IdxX % (TTile.Columns / Each);
        int below = Group.IdxX / (TTile.Columns / Each);
        Block<T, TNumbers> sums = Block<T, TNumbers>.Zero;
        for (int k = start; k < end; k += TTile.Depth)
        {
            TileLoads<T, TNumbers, TTile, TA>.Run(
                kernel.A, a, TTile.Rows, originA, rows, row, kernel.Rows, k, end);
            TileLoads<T, TNumbers, TTile, TB>.Run(
                kernel.B, b, TTile.Columns, originB, columns, column, kernel.Columns, k, end);
            Group.Barrier();
            // Four steps of the loop at once: ILGPU unrolls none.
            for (int d = 0; d < TTile.Depth; d += 4)
            {
                long i = d * PitchA + below, j = d * PitchB + right;
                sums = Add(sums, a, b, i, j);
                sums = Add(sums, a, b, i + PitchA, j + PitchB);
                sums = Add(sums, a, b, i + 2 * PitchA, j + 2 * PitchB);
                sums = Add(sums, a, b, i + 3 * PitchA, j + 3 * PitchB);
            }
            Group.Barrier();
        }

        long origin = TTarget.Origin(kernel.Target, slab);
        for (int i = 0; i < Each; i++)
        {
            int r = row + below + i * (TTile.Rows / Each);
            if (r < kernel.Rows)
                Store(kernel, origin, r, column + right, Block<T, TNumbers>.Row(sums, i));
        }
    }

    /// <summary>Adds the products of one place along the depth.</summary>
    [MethodImpl(Inline)]
    private static Block<T, TNumbers> Add(
        Block<T, TNumbers> sums, ArrayView<T> a, ArrayView<T> b, long i, long j) =>
        Block<T, TNumbers>.Add(
            sums, Read(a, i, TTile.Rows / Each), Read(b, j, TTile.Columns / Each));

    [MethodImpl(Inline)]
    private static Four<T> Read(ArrayView<T> tile, long at, int step) => new()
    {
        A = tile[at],
        B = tile[at + step],
        C = tile[at + 2 * step],
        D = tile[at + 3 * step],
    };

    [MethodImpl(Inline)]
    private static void Store(
        TiledProduct<T, TNumbers, TTile, TA, TB, TTarget> kernel, long origin, int row, int column,
        Four<T> results)
    {
        int step = TTile.Columns / Each, left = kernel.Columns - column;
        if (left > 0) TTarget.Store(kernel.Target, origin, row, column, results.A);
        if (left > step) TTarget.Store(kernel.Target, origin, row, column + step, results.B);
        if (left > 2 * step)
            TTarget.Store(kernel.Target, origin, row, column + 2 * step, results.C);
        if (left > 3 * step)
            TTarget.Store(kernel.Target, origin, row, column + 3 * step, results.D);
    }
}

/// <summary>Adds the parts of products, in order, and stores the results.</summary>
public struct SumOfParts<T, TNumbers, TTarget> : IGroupKernel<SumOfParts<T, TNumbers, TTarget>>
    where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
    where TTarget : struct, ITileTarget<TTarget, T>
{
    /// <summary>The parts.</summary>
    public DepthParts<T> From;

    /// <summary>Where results go.</summary>
    public TTarget Target;

    /// <summary>Results, and parts of each.</summary>
    public int Count, Parts;

    /// <inheritdoc/>
    public static void Run(SumOfParts<T, TNumbers, TTarget> kernel)
    {
        for (long n = Thread.Number; n < kernel.Count; n += Thread.Count)
        {
            T sum = kernel.From.Data[n];
            for (int part = 1; part < kernel.Parts; part++)
                sum = TNumbers.Add(sum, kernel.From.Data[(long)part * kernel.Count + n]);
            int row = (int)n / kernel.From.Columns;
            int column = (int)n - row * kernel.From.Columns;
            int batch = row / kernel.From.Rows;
            TTarget.Store(
                kernel.Target, TTarget.Origin(kernel.Target, batch),
                row - batch * kernel.From.Rows, column, sum);
        }
    }
}
