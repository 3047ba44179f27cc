// Gather and the two forms of scatter-add. Some threads of a group share a row, each with columns
// at a stride, so that neighbours read neighbours; a group has as many rows at a time as fit.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>Which rows and columns a thread has.</summary>
public struct RowThreads
{
    /// <summary>Base-2 logarithm of the threads of a row.</summary>
    public int Shift;

    /// <summary>Threads for rows of so many columns.</summary>
    public static RowThreads For(long columns, int threads)
    {
        int shift = 0;
        while (1 << shift < Math.Min(columns, threads)) shift++;
        return new() { Shift = shift };
    }

    /// <summary>
    /// The thread's first column; the further ones are <see cref="Columns"/> apart.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Column(RowThreads threads) => Group.IdxX & ((1 << threads.Shift) - 1);

    /// <summary>Distance of a thread's columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Columns(RowThreads threads) => 1 << threads.Shift;

    /// <summary>The thread's first row; the further ones are <see cref="Rows"/> apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Row(RowThreads threads) => Thread.Number >> threads.Shift;

    /// <summary>Distance of a thread's rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Rows(RowThreads threads) => Thread.Count >> threads.Shift;
}

/// <summary>Row numbers (batch, indices), of any strides.</summary>
public interface IPlaces<TSelf> where TSelf : struct, IPlaces<TSelf>
{
    /// <summary>Number i of batch b.</summary>
    static abstract long At(TSelf places, long b, long i);
}

/// <summary>int32 row numbers.</summary>
public struct Places32 : IPlaces<Places32>
{
    /// <summary>The numbers, from the first on.</summary>
    public ArrayView<int> Data;

    /// <summary>Strides of the two axes.</summary>
    public long Batch, Step;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long At(Places32 places, long b, long i) =>
        places.Data[b * places.Batch + i * places.Step];
}

/// <summary>int64 row numbers.</summary>
public struct Places64 : IPlaces<Places64>
{
    /// <summary>The numbers, from the first on.</summary>
    public ArrayView<long> Data;

    /// <summary>Strides of the two axes.</summary>
    public long Batch, Step;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long At(Places64 places, long b, long i) =>
        places.Data[b * places.Batch + i * places.Step];
}

/// <summary>Y[b, i, :] = X[b, index[b, i], :]; zeros where the index is outside.</summary>
public struct Gather<T, TPlaces> : IGroupKernel<Gather<T, TPlaces>>
    where T : unmanaged where TPlaces : struct, IPlaces<TPlaces>
{
    /// <summary>What is read, and written.</summary>
    public ArrayView<T> X, Y;

    /// <summary>Rows to read.</summary>
    public TPlaces Index;

    /// <summary>Strides of X; its columns are contiguous.</summary>
    public long Batch, Row;

    /// <summary>Rows of X, indices of a batch, columns, and rows of all of Y.</summary>
    public long Rows, Indices, Columns, Count;

    /// <summary>How threads share rows.</summary>
    public RowThreads Threads;

    /// <summary>Where a bad index is noted.</summary>
    public IndexNotes Notes;

    /// <inheritdoc/>
    public static void Run(Gather<T, TPlaces> kernel)
    {
        int first = RowThreads.Column(kernel.Threads), step = RowThreads.Columns(kernel.Threads);
        for (long r = RowThreads.Row(kernel.Threads); r < kernel.Count;
            r += RowThreads.Rows(kernel.Threads))
        {
            long b = r / kernel.Indices;
            long index = TPlaces.At(kernel.Index, b, r - b * kernel.Indices);
            bool inside = index >= 0 && index < kernel.Rows;
            if (!inside && first == 0) IndexNotes.Bad(kernel.Notes, r, index);
            long from = b * kernel.Batch + index * kernel.Row, to = r * kernel.Columns;
            for (long c = first; c < kernel.Columns; c += step)
            {
                T value = default;
                if (inside) value = kernel.X[from + c];
                kernel.Y[to + c] = value;
            }
        }
    }
}

/// <summary>
/// Y[b, index[b, i], :] = the sum of G[b, i, :] in order of i, for few indices: each row of Y looks
/// through all of them.
/// </summary>
public struct ScatterFew<T, TNumbers, TPlaces> : IGroupKernel<ScatterFew<T, TNumbers, TPlaces>>
    where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
    where TPlaces : struct, IPlaces<TPlaces>
{
    /// <summary>What is added, and the sums.</summary>
    public ArrayView<T> G, Y;

    /// <summary>Rows to add to.</summary>
    public TPlaces Index;

    /// <summary>Strides of G.</summary>
    public long Batch, Row, Column;

    /// <summary>Rows of a batch of Y, indices of a batch, columns, and rows of all of Y.</summary>
    public long Rows, Indices, Columns, Count;

    /// <summary>How threads share rows.</summary>
    public RowThreads Threads;

    /// <summary>Where a bad index is noted.</summary>
    public IndexNotes Notes;

    /// <inheritdoc/>
    public static void Run(ScatterFew<T, TNumbers, TPlaces> kernel)
    {
        int first = RowThreads.Column(kernel.Threads), step = RowThreads.Columns(kernel.Threads);
        for (long r = RowThreads.Row(kernel.Threads); r < kernel.Count;
            r += RowThreads.Rows(kernel.Threads))
        {
            long b = r / kernel.Rows, row = r - b * kernel.Rows;
            for (long c = first; c < kernel.Columns; c += step)
            {
                T sum = TNumbers.Zero;
                for (long i = 0; i < kernel.Indices; i++)
                {
                    long index = TPlaces.At(kernel.Index, b, i);
                    if (index == row)
                        sum = TNumbers.Add(
                            sum,
                            kernel.G[b * kernel.Batch + i * kernel.Row + c * kernel.Column]);
                    else if (row == 0 && c == 0 && (index < 0 || index >= kernel.Rows))
                        IndexNotes.Bad(kernel.Notes, b * kernel.Indices + i, index);
                }
                kernel.Y[r * kernel.Columns + c] = sum;
            }
        }
    }
}

/// <summary>
/// As <see cref="ScatterFew{T, TNumbers, TPlaces}"/> for many indices, sorted by a stable sort
/// beforehand: a row of Y finds its first one by bisection.
/// </summary>
public struct ScatterSorted<T, TNumbers> : IGroupKernel<ScatterSorted<T, TNumbers>>
    where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
{
    /// <summary>What is added, and the sums.</summary>
    public ArrayView<T> G, Y;

    /// <summary>Row numbers in ascending order, (batch, Indices).</summary>
    public ArrayView<ulong> Keys;

    /// <summary>Where each of them stood.</summary>
    public ArrayView<long> Order;

    /// <summary>Strides of G.</summary>
    public long Batch, Row, Column;

    /// <summary>Rows of a batch of Y, indices of a batch, columns, and rows of all of Y.</summary>
    public long Rows, Indices, Columns, Count;

    /// <summary>How threads share rows.</summary>
    public RowThreads Threads;

    /// <inheritdoc/>
    public static void Run(ScatterSorted<T, TNumbers> kernel)
    {
        int first = RowThreads.Column(kernel.Threads), step = RowThreads.Columns(kernel.Threads);
        for (long r = RowThreads.Row(kernel.Threads); r < kernel.Count;
            r += RowThreads.Rows(kernel.Threads))
        {
            long b = r / kernel.Rows, begin = b * kernel.Indices, end = begin + kernel.Indices;
            ulong row = (ulong)(r - b * kernel.Rows);
            long start = SortedKeys.CountBelow(kernel.Keys, begin, kernel.Indices, row) + begin;
            for (long c = first; c < kernel.Columns; c += step)
            {
                T sum = TNumbers.Zero;
                for (long at = start; at < end && kernel.Keys[at] == row; at++)
                    sum = TNumbers.Add(
                        sum,
                        kernel.G[b * kernel.Batch + kernel.Order[at] * kernel.Row
                            + c * kernel.Column]);
                kernel.Y[r * kernel.Columns + c] = sum;
            }
        }
    }
}
