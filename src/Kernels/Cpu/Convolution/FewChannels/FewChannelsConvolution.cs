// Convolution of few channels (at most 4) with stride 1: a product of all filters with shifted
// planes, written straight to the result. So few products go into an output that writing it is
// half the work: large results go past the caches.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels;

/// <summary>The convolution of few channels, for one width of vector and element type.</summary>
internal static unsafe class FewChannelsConvolution<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged
{
    // A result of this many bytes has left the caches before anything reads it.
    private const long StreamBytes = 8 << 20;

    // Elements of the planes that all filters pass over before the next ones are read: they take
    // up a part of the first cache.
    private const int ChunkElements = 4096;

    private struct Job
    {
        public DirectOperands<T> Operands;
        public FewChannelsPlanes Planes;
        public CpuBackend Backend;
        public T* Packed;
        public nint* Table;
        public bool Stream;
        public readonly int Groups => (Operands.Filters + V.RegisterRows - 1) / V.RegisterRows;
        public readonly nint PackedGroup => (nint)Groups * V.RegisterRows * Planes.Depth;
        public readonly nint PackedTask => PackedGroup * Operands.Groups;
    }

    /// <summary>
    /// Whether channels are few, an image has outputs enough for a block, and planes are not huge.
    /// </summary>
    public static bool Suits(in ConvolutionShape s) =>
        s is
        {
            StrideHeight: 1, StrideWidth: 1, GroupChannels: <= 4, GroupFilters: >= 4,
            KernelHeight: <= 7, KernelWidth: <= 7,
        }
        && (long)s.OutHeight * s.OutWidth >= 3 * V.Count
        && (s.OutHeight + 6L * s.DilationHeight) * s.OutWidth <= 1 << 20;

    public static void Run(CpuBackend backend, in FewChannelsPlanes planes, in DirectOperands<T> o)
    {
        long bytes = (long)o.Tasks * o.Images * o.ResultImage * sizeof(T);
        bool aligned = (nint)o.Result % (V.Count * sizeof(T)) == 0
            && planes.Outputs % V.Count == 0;
        var job = new Job
        {
            Operands = o,
            Planes = planes,
            Backend = backend,
            Stream = bytes >= StreamBytes && aligned && o.After == null,
        };
        int packedTasks = o.WeightTask == 0 ? 1 : o.Tasks;
        using var table = new Scratch<nint>(backend, planes.Depth);
        planes.Table(job.Table = table.Pointer);
        using var packed = new Scratch<T>(backend, packedTasks * job.PackedTask);
        job.Packed = packed.Pointer;
        for (int part = 0; part < packedTasks * o.Groups; part++) Pack(job, part);
        backend.Workers.Run(o.Tasks * o.Images, &Convolve, job);
    }

    /// <summary>
    /// Panels [depth][RegisterRows] of a group's weights, the last filled up with zeros.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    private static void Pack(in Job job, int part)
    {
        ref readonly DirectOperands<T> o = ref job.Operands;
        T* weights = o.Weights + part / o.Groups * o.WeightTask + part % o.Groups * o.WeightGroup;
        T* target = job.Packed + part * job.PackedGroup;
        for (int k = 0; k < job.Groups * V.RegisterRows; k += V.RegisterRows)
            for (int tap = 0; tap < job.Planes.Depth; tap++)
                for (int i = k; i < k + V.RegisterRows; i++)
                    *target++ = i < o.Filters ? weights[i * o.WeightFilter + tap] : default;
    }

    [MethodImpl(Compiled.Once)]
    private static void Convolve(in Job job, int part)
    {
        ref readonly DirectOperands<T> o = ref job.Operands;
        FewChannelsPlanes layout = job.Planes;
        CpuBackend backend = job.Backend;
        int task = part / o.Images, image = part % o.Images;
        using var planes = new Scratch<T>(backend, layout.Size);
        int columns = GemmBlock<V, T>.Columns;
        int chunk = ChunkElements / (layout.Channels * layout.KernelWidth) / columns * columns;
        var tile = new FewChannelsBlockArguments<T>
        {
            Table = job.Table,
            Depth = layout.Depth,
            RowC = o.ResultChannel,
        };
        for (int group = 0; group < o.Groups; group++)
        {
            layout.Load<V, T>(
                o.Source + task * o.SourceTask + image * o.SourceImage
                    + (nint)group * o.Channels * o.SourceChannel,
                o.SourceChannel, planes.Pointer);
            T* weights = job.Packed + group * job.PackedGroup
                + (o.WeightTask == 0 ? 0 : task * job.PackedTask);
            T* result = o.Result + task * o.ResultTask + image * o.ResultImage
                + (nint)group * o.Filters * o.ResultChannel;
            for (int start = 0; start < layout.Outputs; start += Math.Max(chunk, columns))
            {
                int end = Math.Min(start + Math.Max(chunk, columns), layout.Outputs);
                // The last block ends where the image ends, so it writes some outputs again.
                int from = Math.Min(start, layout.Outputs - columns);
                tile.B = planes.Pointer + from;
                tile.Columns = end - from;
                for (int k = 0; k < o.Filters; k += V.RegisterRows)
                {
                    tile.A = weights + (nint)k * layout.Depth;
                    tile.C = result + k * o.ResultChannel + from;
                    tile.Rows = Math.Min(V.RegisterRows, o.Filters - k);
                    tile.Added = o.Added == null ? null : o.Added + group * o.Filters + k;
                    FewChannelsBlock<V, T>.Run(tile, job.Stream);
                }
            }
        }
        if (job.Stream && Sse.IsSupported) Sse.StoreFence();
        o.Finish(task, image * o.ResultImage, o.ResultImage);
    }
}
