// Reductions. Some threads of a group share a result: of n threads each folds every n-th value, and
// a tree in shared memory joins what they have. Where results are few and values many, the values
// are cut into parts, each folded as if it were a result; a second launch folds the parts. How many
// threads and parts there are depends on shapes alone, and so do the bits of a sum.
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>How a reduction is shared among threads.</summary>
public struct ReduceShape
{
    /// <summary>Results, values of each, parts of each result, and values of a part.</summary>
    public long Results, Count, Parts, PartCount;

    /// <summary>Threads that share a part; a power of two.</summary>
    public int Lanes;

    /// <summary>
    /// 1 where neighbouring threads have neighbouring results, 0 where they share one: whichever
    /// reads neighbouring elements.
    /// </summary>
    public int Across;
}

/// <summary>Folds values; the body of a group of at most <see cref="MostThreads"/>.</summary>
public struct Reduce<TFold, TTerms, TStart, TResults, TValue, TPart>
    : IGroupKernel<Reduce<TFold, TTerms, TStart, TResults, TValue, TPart>>
    where TFold : unmanaged, IFold<TFold, TValue, TPart>
    where TTerms : struct, ITerms<TTerms, TStart, TValue>
    where TResults : struct, IResults<TResults, TPart>
    where TStart : unmanaged where TValue : unmanaged where TPart : unmanaged
{
    private const int MostThreads = 256;

    // Values that are taken as they are before they become a part.
    private const int Block = 16;

    /// <summary>What is folded.</summary>
    public TTerms Terms;

    /// <summary>Where it goes.</summary>
    public TResults Results;

    /// <summary>Who does what.</summary>
    public ReduceShape Shape;

    /// <inheritdoc/>
    public static void Run(Reduce<TFold, TTerms, TStart, TResults, TValue, TPart> kernel)
    {
        ArrayView<TPart> shared = SharedMemory.Allocate1D<TPart>(MostThreads);
        ReduceShape shape = kernel.Shape;
        int thread = Group.IdxX, side = Group.DimX / shape.Lanes;
        int slot = shape.Across != 0 ? thread % side : thread / shape.Lanes;
        int lane = shape.Across != 0 ? thread / side : thread % shape.Lanes;
        int step = shape.Across != 0 ? side : 1;
        long units = shape.Results * shape.Parts;
        for (long first = (long)Grid.IdxX * side; first < units; first += (long)Grid.DimX * side)
        {
            long unit = first + slot;
            TPart part = TFold.Part(TFold.Start);
            if (unit < units) part = Fold(kernel, unit, lane);
            if (shape.Lanes > 1)
            {
                shared[thread] = part;
                Group.Barrier();
                for (int half = shape.Lanes / 2; half > 0; half /= 2)
                {
                    if (lane < half)
                        shared[thread] = TFold.Join(shared[thread], shared[thread + half * step]);
                    Group.Barrier();
                }
                // From here on each thread touches its own place alone, until the next barrier.
                part = shared[thread];
            }
            if (lane == 0 && unit < units) TResults.Store(kernel.Results, unit, part);
        }
    }

    /// <summary>What one thread has of a part.</summary>
    private static TPart Fold(
        Reduce<TFold, TTerms, TStart, TResults, TValue, TPart> kernel, long unit, int lane)
    {
        ReduceShape shape = kernel.Shape;
        long result = unit, j = 0, end = shape.Count;
        if (shape.Parts > 1)
        {
            long number = unit / shape.Results;
            result = unit - number * shape.Results;
            j = number * shape.PartCount;
            end = j + shape.PartCount;
            if (end > shape.Count) end = shape.Count;
        }
        j += lane;
        TStart start = TTerms.Start(kernel.Terms, result);
        TPart part = TFold.Part(TFold.Start);
        while (j < end)
        {
            long stop = j + (long)Block * shape.Lanes;
            if (stop > end) stop = end;
            TValue block = TFold.Start;
            for (; j < stop; j += shape.Lanes)
                block = TFold.Take(block, TTerms.Value(kernel.Terms, start, j));
            part = TFold.Join(part, TFold.Part(block));
        }
        return part;
    }
}
