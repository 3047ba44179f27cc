// Stable sorts of rows. Pieces of a row are sorted in shared memory by a bitonic network (Batcher,
// 1968) over pairs (key, position), which makes it stable; longer rows are then merged run by run.
//
// ILGPU.Algorithms has a radix sort, which is not used: it sorts one array a call, so that rows
// would cost a series of launches each.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>Keys in ascending order.</summary>
public static class SortedKeys
{
    /// <summary>How many of the keys from a place on are less than a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long CountBelow(ArrayView<ulong> keys, long start, long length, ulong key)
    {
        long low = 0, high = length;
        while (low < high)
        {
            long middle = (low + high) >> 1;
            if (keys[start + middle] < key) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>How many of the keys from a place on are not greater than a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long CountUpTo(ArrayView<ulong> keys, long start, long length, ulong key)
    {
        long low = 0, high = length;
        while (low < high)
        {
            long middle = (low + high) >> 1;
            if (keys[start + middle] <= key) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}

/// <summary>Sorts pieces of rows: a group has as many pieces at a time as fit.</summary>
public struct SortPieces<TKeys> : IGroupKernel<SortPieces<TKeys>>
    where TKeys : struct, ISortKeys<TKeys>
{
    /// <summary>Elements that a group sorts at a time, in shared memory.</summary>
    public const int Most = 1024;

    /// <summary>What is sorted.</summary>
    public TKeys Source;

    /// <summary>The sorted keys, (rows, Length); written if <see cref="KeepKeys"/> is 1.</summary>
    public ArrayView<ulong> Keys;

    /// <summary>Where in its row each of them stood.</summary>
    public ArrayView<long> Order;

    /// <summary>Elements of a row, pieces of a row, and pieces of all rows.</summary>
    public long Length, Pieces, Count;

    /// <summary>A piece's elements, a power of two up to <see cref="Most"/>.</summary>
    public int Size, KeepKeys;

    /// <inheritdoc/>
    public static void Run(SortPieces<TKeys> kernel)
    {
        ArrayView<ulong> keys = SharedMemory.Allocate<ulong>(Most);
        ArrayView<int> order = SharedMemory.Allocate<int>(Most);
        int each = Most / kernel.Size;
        for (long first = (long)Grid.IdxX * each; first < kernel.Count;
            first += (long)Grid.DimX * each)
        {
            int count = (int)IntrinsicMath.Min(each, kernel.Count - first) * kernel.Size;
            for (int e = Group.IdxX; e < count; e += Group.DimX)
            {
                long piece = first + e / kernel.Size, row = piece / kernel.Pieces;
                int within = e & (kernel.Size - 1);
                long i = (piece - row * kernel.Pieces) * kernel.Size + within;
                // What fills up a piece stays behind its elements: its positions are greater.
                ulong key = ulong.MaxValue;
                if (i < kernel.Length) key = TKeys.At(kernel.Source, row, i);
                keys[e] = key;
                order[e] = within;
            }
            Group.Barrier();
            Sort(keys, order, count, kernel.Size);
            for (int e = Group.IdxX; e < count; e += Group.DimX)
            {
                long piece = first + e / kernel.Size, row = piece / kernel.Pieces;
                long start = (piece - row * kernel.Pieces) * kernel.Size;
                long i = start + (e & (kernel.Size - 1));
                if (i >= kernel.Length) continue;
                long to = row * kernel.Length + i;
                kernel.Order[to] = start + order[e];
                if (kernel.KeepKeys != 0) kernel.Keys[to] = keys[e];
            }
            Group.Barrier();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sort(ArrayView<ulong> keys, ArrayView<int> order, int count, int size)
    {
        for (int length = 2; length <= size; length <<= 1)
            for (int distance = length >> 1; distance > 0; distance >>= 1)
            {
                for (int pair = Group.IdxX; pair < count / 2; pair += Group.DimX)
                {
                    int low = pair & (distance - 1), a = ((pair - low) << 1) + low;
                    int b = a + distance;
                    bool ascending = (a & (size - 1) & length) == 0;
                    bool greater = keys[a] > keys[b]
                        || (keys[a] == keys[b] && order[a] > order[b]);
                    if (greater == ascending)
                    {
                        (ulong key, int position) = (keys[a], order[a]);
                        keys[a] = keys[b];
                        order[a] = order[b];
                        keys[b] = key;
                        order[b] = position;
                    }
                }
                Group.Barrier();
            }
    }
}

/// <summary>
/// Merges sorted runs of a row in pairs: an element goes as far beyond its run's start as there are
/// elements before it in both runs, those of the other run counted by bisection.
/// </summary>
public struct MergeRuns : IGroupKernel<MergeRuns>
{
    /// <summary>Keys before and after, (rows, Length).</summary>
    public ArrayView<ulong> Keys, Merged;

    /// <summary>Positions before and after.</summary>
    public ArrayView<long> Order, MergedOrder;

    /// <summary>Elements of a row, of a run, and of all rows.</summary>
    public long Length, RunLength, Count;

    /// <inheritdoc/>
    public static void Run(MergeRuns kernel)
    {
        for (long e = Thread.Number; e < kernel.Count; e += Thread.Count)
        {
            long row = e / kernel.Length, start = row * kernel.Length, i = e - start;
            long own = i & (kernel.RunLength - 1), run = i - own;
            bool left = (run & kernel.RunLength) == 0;
            long other = left ? run + kernel.RunLength : run - kernel.RunLength;
            long length = IntrinsicMath.Clamp(kernel.Length - other, 0L, kernel.RunLength);
            ulong key = kernel.Keys[e];
            // Equal keys: those of the left run stood first.
            long before = left
                ? SortedKeys.CountBelow(kernel.Keys, start + other, length, key)
                : SortedKeys.CountUpTo(kernel.Keys, start + other, length, key);
            long to = start + (left ? run : other) + own + before;
            kernel.Merged[to] = key;
            kernel.MergedOrder[to] = kernel.Order[e];
        }
    }
}
