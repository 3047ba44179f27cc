// Matrix products in tiles. A group computes a square tile of the result, side x side threads, each
// a block of it that stays in registers. The group goes along k in steps of as many as a side has
// threads: what the next step needs of A and B is on its way to registers while the products of
// this one are computed from shared memory. Each element is summed in order of k, whatever the
// tile.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>Threads along a side of a group.</summary>
public interface ISide
{
    /// <summary>How many; at most 16.</summary>
    static abstract int Threads { get; }
}

/// <summary>256 threads.</summary>
public readonly struct Side16 : ISide
{
    /// <inheritdoc/>
    public static int Threads
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 16;
    }
}

/// <summary>64 threads.</summary>
public readonly struct Side8 : ISide
{
    /// <inheritdoc/>
    public static int Threads
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 8;
    }
}

/// <summary>4 threads.</summary>
public readonly struct Side2 : ISide
{
    /// <inheritdoc/>
    public static int Threads
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }
}

/// <summary>1 thread.</summary>
public readonly struct Side1 : ISide
{
    /// <inheritdoc/>
    public static int Threads
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }
}

/// <summary>One operand, as lines (rows of A, columns of B) along k.</summary>
public struct Lines<T> where T : unmanaged
{
    /// <summary>The whole buffer.</summary>
    public ArrayView<T> Data;

    /// <summary>Where the matrix of a batch begins.</summary>
    public Strided6 Batch;

    /// <summary>Number of lines, how far they are apart, and the numbers of a line.</summary>
    public long Count, Stride, Step;

    /// <summary>
    /// 1 where neighbouring threads load along k, 0 where they load neighbouring lines: whichever
    /// lie side by side.
    /// </summary>
    public int AlongK;
}

/// <summary>C = A B, or its parts along k.</summary>
public struct MatMul<T, TRun, TBlock, TSide, TResults>
    : IGroupKernel<MatMul<T, TRun, TBlock, TSide, TResults>>
    where T : unmanaged where TRun : unmanaged, IRun<TRun, T>
    where TBlock : unmanaged, IBlock<TBlock, TRun> where TSide : unmanaged, ISide
    where TResults : struct, IResults<TResults, T>
{
    // 16 steps of k times 16 threads of 8 results, and the gaps. ILGPU wants a constant here.
    private const int Shared = 16 * (16 * 8 + Gap);

    // Keeps threads that store along k, a line each, out of each other's memory banks.
    private const int Gap = 2;

    /// <summary>The operands.</summary>
    public Lines<T> A, B;

    /// <summary>Where results go.</summary>
    public TResults Results;

    /// <summary>Matrices, length of a line, parts of it, and length of a part.</summary>
    public long Batches, Depth, Parts, PartDepth;

    /// <inheritdoc/>
    public static void Run(MatMul<T, TRun, TBlock, TSide, TResults> kernel)
    {
        ArrayView<T> tileA = SharedMemory.Allocate1D<T>(Shared);
        ArrayView<T> tileB = SharedMemory.Allocate1D<T>(Shared);
        int side = TSide.Threads, tile = side * TRun.Length, pitch = tile + Gap;
        int x = Group.IdxX % side, y = Group.IdxX / side;
        int lineA = kernel.A.AlongK != 0 ? y : x, depthA = kernel.A.AlongK != 0 ? x : y;
        int lineB = kernel.B.AlongK != 0 ? y : x, depthB = kernel.B.AlongK != 0 ? x : y;
        long down = (kernel.A.Count + tile - 1) / tile;
        long across = (kernel.B.Count + tile - 1) / tile;
        long tiles = down * across * kernel.Batches * kernel.Parts;
        for (long number = Grid.IdxX; number < tiles; number += Grid.DimX)
        {
            long upper = number / across, matrix = upper / down, part = matrix / kernel.Batches;
            long column = (number - upper * across) * tile, row = (upper - matrix * down) * tile;
            long batch = matrix - part * kernel.Batches;
            long begin = part * kernel.PartDepth, end = begin + kernel.PartDepth;
            if (end > kernel.Depth) end = kernel.Depth;

            TBlock block = default;
            TRun nextA = Stage(kernel.A, batch, row + lineA, begin + depthA, end);
            TRun nextB = Stage(kernel.B, batch, column + lineB, begin + depthB, end);
            for (long k = begin; k < end; k += side)
            {
                Group.Barrier();
                TRun.Store(tileA, depthA * pitch + lineA, side, nextA);
                TRun.Store(tileB, depthB * pitch + lineB, side, nextB);
                Group.Barrier();
                nextA = Stage(kernel.A, batch, row + lineA, k + side + depthA, end);
                nextB = Stage(kernel.B, batch, column + lineB, k + side + depthB, end);
                for (int i = 0; i < side; i++)
                    block = TBlock.Fma(
                        TRun.Load(tileA, i * pitch + y, side),
                        TRun.Load(tileB, i * pitch + x, side), block);
            }
            Store(kernel, matrix, row + y, column + x, block);
        }
    }

    /// <summary>What a thread loads of a step: every side-th line, at one depth.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TRun Stage(Lines<T> lines, long batch, long line, long depth, long end)
    {
        int side = TSide.Threads;
        long count = depth < end ? (lines.Count - line + side - 1) / side : 0;
        long place = Strided6.At(lines.Batch, batch) + line * lines.Stride + depth * lines.Step;
        return TRun.LoadSome(lines.Data, place, side * lines.Stride, count);
    }

    private static void Store(
        MatMul<T, TRun, TBlock, TSide, TResults> kernel, long matrix, long row, long column,
        TBlock block)
    {
        int side = TSide.Threads;
        for (int i = 0; i < TRun.Length; i++)
        {
            long y = row + i * side;
            TRun run = TBlock.Row(block, i);
            for (int j = 0; j < TRun.Length; j++)
            {
                long x = column + j * side;
                if (y < kernel.A.Count && x < kernel.B.Count)
                    TResults.Store(
                        kernel.Results, (matrix * kernel.A.Count + y) * kernel.B.Count + x,
                        TRun.At(run, j));
            }
        }
    }
}
