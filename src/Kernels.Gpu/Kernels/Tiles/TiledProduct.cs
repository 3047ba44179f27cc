// Products of matrices tile by tile: a group loads a piece of both operands into shared memory, each
// of its threads multiplies what its 4 x 4 results need, and so on along the depth.
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

    // Elements between the rows of a tile in shared memory, so that threads which write along the
    // depth meet in different banks.
    private const int Gap = 4;

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

    /// <inheritdoc/>
    public static void Run(TiledProduct<T, TNumbers, TTile, TA, TB, TTarget> kernel)
    {
        ArrayView<T> a = SharedMemory.Allocate1D<T>(TTile.Depth * (TTile.Rows + Gap));
        ArrayView<T> b = SharedMemory.Allocate1D<T>(TTile.Depth * (TTile.Columns + Gap));
        int down = (kernel.Rows + TTile.Rows - 1) / TTile.Rows;
        int across = (kernel.Columns + TTile.Columns - 1) / TTile.Columns;
        long tiles = (long)down * across, all = tiles * kernel.Batches * kernel.Parts;
        // Groups that run together have the same columns, the larger operand as a rule, in the cache.
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
        // A thread's rows and columns lie a quarter of the tile apart: threads side by side read
        // neighbours in shared memory and write neighbours of the result.
        int right = Group.IdxX % (TTile.Columns / Each), below = Group.IdxX / (TTile.Columns / Each);
        Block<T, TNumbers> sums = Block<T, TNumbers>.Zero;
        for (int k = start; k < end; k += TTile.Depth)
        {
            Load(kernel.A, a, TTile.Rows, originA, row, kernel.Rows, k, end);
            Load(kernel.B, b, TTile.Columns, originB, column, kernel.Columns, k, end);
            Group.Barrier();
            for (int d = 0; d < TTile.Depth; d++)
                sums = Block<T, TNumbers>.Add(
                    sums, Read(a, TTile.Rows, d, below), Read(b, TTile.Columns, d, right));
            Group.Barrier();
        }

        long origin = TTarget.Origin(kernel.Target, slab);
        for (int i = 0; i < Each; i++)
        {
            int r = row + below + i * (TTile.Rows / Each);
            for (int j = 0; j < Each; j++)
            {
                int c = column + right + j * (TTile.Columns / Each);
                if (r < kernel.Rows && c < kernel.Columns)
                    TTarget.Store(
                        kernel.Target, origin, r, c, Block<T, TNumbers>.Get(sums, i, j));
            }
        }
    }

    /// <summary>Loads the piece of an operand at a row and a depth; 0 behind the ends.</summary>
    [MethodImpl(Inline)]
    private static void Load<TOperand>(
        TOperand operand, ArrayView<T> tile, int size, long origin, int row, int rows, int k,
        int end)
        where TOperand : struct, ITileOperand<TOperand, T>
    {
        int pitch = size + Gap;
        if (TOperand.AlongDepth)
        {
            int wide = IntrinsicMath.Min(TTile.Depth, Threads);
            for (int i = 0; i < TTile.Depth / wide; i++)
            {
                int d = i * wide + Group.IdxX % wide;
                Place depth = TOperand.Depth(operand, k + d);
                for (int j = 0; j < size * wide / Threads; j++)
                {
                    int r = j * (Threads / wide) + Group.IdxX / wide;
                    tile[d * pitch + r] = TOperand.Load(
                        operand, origin, TOperand.Row(operand, row + r), depth,
                        row + r < rows && k + d < end);
                }
            }
        }
        else
        {
            int wide = IntrinsicMath.Min(size, Threads);
            for (int i = 0; i < size / wide; i++)
            {
                int r = i * wide + Group.IdxX % wide;
                Place place = TOperand.Row(operand, row + r);
                for (int j = 0; j < TTile.Depth * wide / Threads; j++)
                {
                    int d = j * (Threads / wide) + Group.IdxX / wide;
                    tile[d * pitch + r] = TOperand.Load(
                        operand, origin, place, TOperand.Depth(operand, k + d),
                        row + r < rows && k + d < end);
                }
            }
        }
    }

    [MethodImpl(Inline)]
    private static Four<T> Read(ArrayView<T> tile, int size, int depth, int first)
    {
        int at = depth * (size + Gap) + first, step = size / Each;
        return new()
        {
            A = tile[at],
            B = tile[at + step],
            C = tile[at + 2 * step],
            D = tile[at + 3 * step],
        };
    }
}

/// <summary>Adds the parts of products, in order, and stores the results.</summary>
public struct SumOfParts<T, TNumbers, TTarget> : IGroupKernel<SumOfParts<T, TNumbers, TTarget>>
    where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
    where TTarget : struct, ITileTarget<TTarget, T>
{
    /// <summary>The parts.</summary>
    public Parts<T> From;

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
