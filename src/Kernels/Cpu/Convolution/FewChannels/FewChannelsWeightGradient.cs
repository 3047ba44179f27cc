// The weight gradient of a convolution of few channels with stride 1: dot products of the output's
// gradient, read where it lies, with shifted planes. Products are summed lane by lane over some
// images, and these few partial sums in order. Shapes alone decide on the parts, so results do not
// depend on the number of threads.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>The weight gradient for few channels, for one width and element type.</summary>
internal static unsafe class FewChannelsWeightGradient<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged, INumberBase<T>
{
    private const int MaxPartials = 8;

    // Outputs in a run of products: the gradient of a run stays in the first cache.
    private const int RunLength = 1024;

    private struct Job
    {
        public DirectOperands<T> Operands;
        public FewChannelsPlanes Planes;
        public CpuBackend Backend;
        public nint* Table;
        public T* Partials;
        public int PartialCount;
        public readonly nint Size =>
            (nint)Operands.Groups * Operands.Filters * Planes.Depth * V.Count;
    }

    /// <summary>Writes o.Weights (contiguous within a task); o.Result holds the gradient.</summary>
    public static void Run(CpuBackend backend, in FewChannelsPlanes planes, in DirectOperands<T> o)
    {
        var job = new Job
        {
            Operands = o,
            Planes = planes,
            Backend = backend,
            PartialCount = Math.Min(o.Images, Math.Max(1, MaxPartials / o.Tasks)),
        };
        using var table = new Scratch<nint>(backend, planes.Depth);
        planes.Table(job.Table = table.Pointer);
        using var partials = new Scratch<T>(backend, o.Tasks * job.PartialCount * job.Size);
        job.Partials = partials.Pointer;
        backend.Workers.Run(o.Tasks * job.PartialCount, &Accumulate, job);
        for (int task = 0; task < o.Tasks; task++) Combine(job, task);
    }

    [MethodImpl(Compiled.Once)]
    private static void Accumulate(in Job job, int part)
    {
        ref readonly DirectOperands<T> o = ref job.Operands;
        FewChannelsPlanes layout = job.Planes;
        CpuBackend backend = job.Backend;
        int task = part / job.PartialCount, partial = part % job.PartialCount;
        int first = (int)((long)o.Images * partial / job.PartialCount);
        int end = (int)((long)o.Images * (partial + 1) / job.PartialCount);
        using var planes = new Scratch<T>(backend, layout.Size);
        int whole = layout.Outputs / V.Count * V.Count, rest = layout.Outputs - whole;
        T* tail = stackalloc T[V.RegisterRows * V.Count];
        for (int image = first; image < end; image++)
        {
            T* sum = job.Partials + part * job.Size;
            for (int group = 0; group < o.Groups; group++)
            {
                layout.Load<V, T>(
                    o.Source + task * o.SourceTask + image * o.SourceImage
                        + (nint)group * o.Channels * o.SourceChannel,
                    o.SourceChannel, planes.Pointer);
                T* gradient = o.Result + task * o.ResultTask + image * o.ResultImage
                    + (nint)group * o.Filters * o.ResultChannel;
                for (int k = 0; k < o.Filters; k += V.RegisterRows)
                {
                    int rows = Math.Min(V.RegisterRows, o.Filters - k);
                    bool add = image > first;
                    for (int at = 0; at < whole; at += RunLength, add = true)
                        Products(
                            job, gradient + at, o.ResultChannel, planes.Pointer + at,
                            Math.Min(RunLength, whole - at), rows, sum, add);
                    if (rest > 0)
                    {
                        // The last outputs, filled up to a vector with zeros.
                        new Span<T>(tail, V.RegisterRows * V.Count).Clear();
                        for (int i = 0; i < rows; i++)
                            for (int j = 0; j < rest; j++)
                                tail[i * V.Count + j] = gradient[i * o.ResultChannel + whole + j];
                        Products(
                            job, tail, V.Count, planes.Pointer + whole, V.Count, rows, sum, add);
                    }
                    gradient += rows * o.ResultChannel;
                    sum += (nint)rows * layout.Depth * V.Count;
                }
            }
        }
    }

    /// <summary>Some outputs of some filters times all taps.</summary>
    [MethodImpl(Compiled.Once)]
    private static void Products(
        in Job job, T* gradient, nint gradientRow, T* planes, int length, int rows, T* sum,
        bool add)
    {
        int depth = job.Planes.Depth;
        // Memory is as slow as the products, so the gradient of the next filters is prefetched
        // meanwhile, a part of it with each group of taps.
        int ahead = (rows * length / ((depth + 2) / 3) + 15) / 16 * 16;
        T* next = gradient + rows * gradientRow;
        var tile = new DotBlockArguments<T>
        {
            A = gradient,
            RowA = gradientRow,
            RowC = (nint)depth * V.Count,
            ColumnC = V.Count,
            Depth = length,
            Add = add,
            Lanes = true,
        };
        for (int tap = 0; tap < depth; tap += 3)
        {
            int taps = Math.Min(3, depth - tap);
            TileMemory.Prefetch(next, ahead * sizeof(T));
            next += ahead;
            tile.B0 = planes + job.Table[tap];
            if (taps > 1) tile.B1 = planes + job.Table[tap + 1];
            if (taps > 2) tile.B2 = planes + job.Table[tap + 2];
            tile.C = sum + (nint)tap * V.Count;
            DotBlock<V, T>.Run(rows, taps, tile);
        }
    }

    [MethodImpl(Compiled.Once)]
    private static void Combine(in Job job, int task)
    {
        nint size = job.Size;
        T* from = job.Partials + task * job.PartialCount * size;
        T* to = job.Operands.Weights + task * job.Operands.WeightTask;
        for (nint i = 0; i < size; i += V.Count)
        {
            V sum = V.Load(from, i);
            for (int partial = 1; partial < job.PartialCount; partial++)
                sum = sum + V.Load(from + partial * size, i);
            *to++ = V.Total(sum);
        }
    }
}
