// The gradient of a convolution in its weights, over the planes of DirectLayout: the gradient of an
// output channel, laid out like the planes with zeros between, times shifted planes. Blocks of
// images are summed in a few partial sums, and those in order. Shapes alone decide on the parts, so
// results do not depend on the number of threads.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>The weight gradient for one width of vector and element type.</summary>
internal static unsafe class DirectWeightGradient<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged, INumberBase<T>
{
    private const int MaxPartials = 8;
    private const int DotLength = 4096;

    private struct Job
    {
        public DirectOperands<T> Operands;
        public CpuBackend Backend;
        public DirectLayout Layout;
        public nint* Table;
        public T* Partials;
        public int Depth, Blocks, PartialCount;
        public readonly nint Size => (nint)Operands.Groups * Operands.Filters * Depth;
    }

    /// <summary>
    /// Writes o.Weights (contiguous within a task); o.Result holds the gradient of the output.
    /// </summary>
    public static void Run(
        CpuBackend backend, DirectAxis rows, DirectAxis columns, DirectOperands<T> o)
    {
        int taps = rows.Taps.Length * columns.Taps.Length;
        var one = new DirectLayout(rows, columns, 1, V.Count);
        int images = DirectConvolution<V, T>.ImagesPerBlock(
            one, Math.Max(o.Channels, o.Filters), o.Images, o.Tasks);
        var layout = new DirectLayout(rows, columns, images, V.Count);
        var job = new Job
        {
            Operands = o,
            Backend = backend,
            Layout = layout,
            Depth = taps * o.Channels,
            Blocks = (o.Images + images - 1) / images,
        };
        job.PartialCount = Math.Min(job.Blocks, Math.Max(1, MaxPartials / o.Tasks));
        using var table = new Scratch<nint>(backend, job.Depth);
        layout.Table(o.Channels, job.Table = table.Pointer);
        using var partials = new Scratch<T>(backend, o.Tasks * job.PartialCount * job.Size);
        job.Partials = partials.Pointer;
        backend.Workers.Run(o.Tasks * job.PartialCount, &Accumulate, job);
        backend.Workers.Run(o.Tasks, &Combine, job);
    }

    [MethodImpl(Compiled.Once)]
    private static void Accumulate(in Job job, int part)
    {
        ref readonly DirectOperands<T> o = ref job.Operands;
        DirectLayout layout = job.Layout;
        CpuBackend backend = job.Backend;
        int task = part / job.PartialCount, partial = part % job.PartialCount;
        int start = (int)((long)job.Blocks * partial / job.PartialCount);
        int end = (int)((long)job.Blocks * (partial + 1) / job.PartialCount);
        nint channelPlanes = (nint)layout.Phases * layout.PlanePitch;
        using var planes = new Scratch<T>(backend, o.Channels * channelPlanes);
        using var gradients = new Scratch<T>(backend, (nint)o.Filters * layout.PlanePitch);
        T* sum = job.Partials + part * job.Size;
        for (int group = 0; group < o.Groups; group++, sum += (nint)o.Filters * job.Depth)
            for (int block = start; block < end; block++)
            {
                int first = block * layout.Images;
                int images = Math.Min(layout.Images, o.Images - first);
                T* source = o.Source + task * o.SourceTask + first * o.SourceImage
                    + (nint)group * o.Channels * o.SourceChannel;
                for (int c = 0; c < o.Channels; c++)
                    DirectCopy<V, T>.Load(
                        layout, source + c * o.SourceChannel, o.SourceImage, images,
                        planes.Pointer + c * channelPlanes);
                T* gradient = o.Result + task * o.ResultTask + first * o.ResultImage
                    + (nint)group * o.Filters * o.ResultChannel;
                for (int k = 0; k < o.Filters; k++)
                    DirectCopy<V, T>.LoadOutput(
                        layout, gradient + k * o.ResultChannel, o.ResultImage, images,
                        gradients.Pointer + (nint)k * layout.PlanePitch);
                int length = layout.Length(images);
                int dot = (int)Gemm<V, T>.Even(length, DotLength / V.RegisterRows, V.Count);
                for (int at = 0; at < length; at += dot)
                    Dots(job, layout, gradients.Pointer + at, planes.Pointer + at,
                        Math.Min(dot, length - at), sum, block > start || at > 0);
            }
    }

    [MethodImpl(Compiled.Once)]
    private static void Dots(
        in Job job, DirectLayout layout, T* gradients, T* planes, int length, T* sum, bool add)
    {
        int filters = job.Operands.Filters;
        var tile = new DotBlockArguments<T>
        {
            RowA = layout.PlanePitch,
            RowC = job.Depth,
            ColumnC = 1,
            // Whole vectors: the gradient's plane is zero behind its last element.
            Depth = (length + V.Count - 1) / V.Count * V.Count,
            Add = add,
        };
        for (int k = 0; k < filters; k += V.RegisterRows)
        {
            tile.A = gradients + (nint)k * layout.PlanePitch;
            int rows = Math.Min(V.RegisterRows, filters - k);
            for (int tap = 0; tap < job.Depth; tap += 3)
            {
                int taps = Math.Min(3, job.Depth - tap);
                tile.B0 = planes + job.Table[tap];
                if (taps > 1) tile.B1 = planes + job.Table[tap + 1];
                if (taps > 2) tile.B2 = planes + job.Table[tap + 2];
                tile.C = sum + (nint)k * job.Depth + tap;
                DotBlock<V, T>.Run(rows, taps, tile);
            }
        }
    }

    [MethodImpl(Compiled.Once)]
    private static void Combine(in Job job, int task)
    {
        nint size = job.Size;
        T* from = job.Partials + task * job.PartialCount * size;
        T* to = job.Operands.Weights + task * job.Operands.WeightTask;
        for (nint i = 0; i < size; i++)
        {
            T sum = from[i];
            for (int partial = 1; partial < job.PartialCount; partial++)
                sum += from[partial * size + i];
            to[i] = sum;
        }
    }
}
