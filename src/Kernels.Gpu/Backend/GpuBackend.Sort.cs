// Sorts of rows.
using System.Numerics;
using ILGPU;

namespace Engine.Kernels.Gpu;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void ArgSort(in Operand x, in Operand y)
    {
        if (y.Layout.Count == 0) return;
        long rows = x.Layout.Sizes[0], n = x.Layout.Sizes[1];
        ArrayView<long> order = From<long>(y);
        switch (x.Type)
        {
            case DType.Float32:
                Sort(new Float32Keys { X = From<float>(x), Length = n }, rows, n, order);
                break;
            case DType.Float64:
                Sort(new Float64Keys { X = From<double>(x), Length = n }, rows, n, order);
                break;
            case DType.Int32:
                Sort(new Int32Keys { X = From<int>(x), Length = n }, rows, n, order);
                break;
            case DType.Int64:
                Sort(new Int64Keys { X = From<long>(x), Length = n }, rows, n, order);
                break;
            default:
                throw new ArgumentException("ArgSort: bools have no order; cast them.");
        }
    }

    private void Sort<TKeys>(TKeys source, long rows, long n, ArrayView<long> order)
        where TKeys : struct, ISortKeys<TKeys> =>
        Return(Sort(source, rows, n, order, keepKeys: false));

    /// <summary>
    /// Sorts rows of n elements; returns a buffer to give back, which holds the sorted keys if they
    /// are wanted.
    /// </summary>
    private GpuBuffer Sort<TKeys>(
        TKeys source, long rows, long n, ArrayView<long> order, bool keepKeys)
        where TKeys : struct, ISortKeys<TKeys>
    {
        long most = SortPieces<TKeys>.Most, pieces = (n + most - 1) / most;
        int passes = BitOperations.Log2((ulong)(2 * pieces - 1));
        bool merged = passes > 0;
        long bytes = rows * n * sizeof(long);
        GpuBuffer keys = memory.Rent(merged || keepKeys ? bytes : 0);
        GpuBuffer otherKeys = memory.Rent(merged ? bytes : 0);
        GpuBuffer otherOrder = memory.Rent(merged ? bytes : 0);

        // Each pass writes to the other buffer; the last one is to write to the result.
        ArrayView<long> from = passes % 2 == 0 ? order : otherOrder.As<long>();
        ArrayView<long> to = passes % 2 == 0 ? otherOrder.As<long>() : order;
        int size = (int)Math.Min(most, (long)BitOperations.RoundUpToPowerOf2((ulong)n));
        Launch(
            new SortPieces<TKeys>
            {
                Source = source,
                Keys = keys.As<ulong>(),
                Order = from,
                Length = n,
                Pieces = pieces,
                Count = rows * pieces,
                Size = size,
                KeepKeys = merged || keepKeys ? 1 : 0,
            },
            (rows * pieces * size + most - 1) / most, GroupThreads);
        for (long run = most; run < n; run *= 2)
        {
            LaunchFor(
                new MergeRuns
                {
                    Keys = keys.As<ulong>(),
                    Merged = otherKeys.As<ulong>(),
                    Order = from,
                    MergedOrder = to,
                    Length = n,
                    RunLength = run,
                    Count = rows * n,
                },
                rows * n);
            (keys, otherKeys) = (otherKeys, keys);
            (from, to) = (to, from);
        }
        Return(otherKeys);
        Return(otherOrder);
        return keys;
    }
}
