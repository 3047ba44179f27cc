// Convolution, and its transpose in the input, over the planes of DirectLayout: products of the
// weights with rows of the planes, which are read in place through a table, block by block.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>Places and strides of the operands of a convolution over images.</summary>
internal unsafe struct DirectOperands<T> where T : unmanaged
{
    /// <summary>Source (task, image, channel, plane), result with filters for channels.</summary>
    public T* Source, Result;
    public nint SourceTask, SourceImage, SourceChannel;
    public nint ResultTask, ResultImage, ResultChannel, ResultRow;

    /// <summary>Weights: the taps of a filter and channel are contiguous.</summary>
    public T* Weights;
    public nint WeightTask, WeightFilter, WeightChannel, WeightGroup;

    /// <summary>Columns of the kernel: tap (r, s) is number r * KernelWidth + s.</summary>
    public int KernelWidth;

    public int Tasks, Images, Groups;

    /// <summary>Channels and filters of a group.</summary>
    public int Channels, Filters;

    /// <summary>
    /// The <see cref="BoundEpilogue"/> over the whole contiguous result, or null.
    /// </summary>
    public void* After;

    /// <summary>
    /// The numbers added to the channels of the result, if that is all the epilogue does, or null.
    /// </summary>
    public T* Added;

    /// <summary>
    /// If the epilogue only adds a number to each channel, the kernel takes it over, so that
    /// results are written once.
    /// </summary>
    public void TakeSums()
    {
        if (After == null) return;
        Added = (T*)Unsafe.AsRef<BoundEpilogue>(After).Bias(Groups * (long)Filters, ResultChannel);
        if (Added != null) After = null;
    }

    /// <summary>
    /// Runs the epilogue on count elements of a task's result from the given one on.
    /// </summary>
    public readonly void Finish(int task, nint start, nint count)
    {
        if (After == null) return;
        start += task * (nint)Images * ResultImage;
        Unsafe.AsRef<BoundEpilogue>(After).Run(start, start + count);
    }
}

/// <summary>The convolution for one width of vector and element type.</summary>
internal static unsafe class DirectConvolution<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged
{
    // The planes of a block of images stay in the second cache; so do the results of a chunk of
    // columns until they are copied to their place. Depth is cut so that the rows of the planes
    // that a register block reads stay in the first cache.
    private const int SourceElements = 65536;
    private const int ResultElements = 16384;
    private const int DepthBlock = 288;

    private struct Job
    {
        public DirectOperands<T> Operands;
        public CpuBackend Backend;
        public DirectLayout Layout;
        public T* Packed;
        public nint* Table;
        public int Depth, RowTiles, Blocks, Chunk;
        public readonly nint PackedGroup => (nint)RowTiles * V.RegisterRows * Depth;
        public readonly nint PackedTask => PackedGroup * Operands.Groups;
    }

    public static void Run(
        CpuBackend backend, DirectAxis rows, DirectAxis columns, DirectOperands<T> o)
    {
        if (rows.OutSize == 0 || columns.OutSize == 0) return;
        int taps = rows.Taps.Length * columns.Taps.Length;
        int packedTasks = o.WeightTask == 0 ? 1 : o.Tasks;
        var one = new DirectLayout(rows, columns, 1, GemmBlock<V, T>.Columns);
        int images = ImagesPerBlock(one, o.Channels, o.Images, o.Tasks);
        var layout = new DirectLayout(rows, columns, images, GemmBlock<V, T>.Columns);
        var job = new Job
        {
            Operands = o,
            Backend = backend,
            Layout = layout,
            Depth = taps * o.Channels,
            RowTiles = (o.Filters + V.RegisterRows - 1) / V.RegisterRows,
            Blocks = (o.Images + images - 1) / images,
        };
        int tiles = ResultElements / (job.RowTiles * V.RegisterRows * GemmBlock<V, T>.Columns);
        job.Chunk = Math.Clamp(tiles, 4, 64) * GemmBlock<V, T>.Columns;
        using var table = new Scratch<nint>(backend, job.Depth);
        layout.Table(o.Channels, job.Table = table.Pointer);
        using var packed = new Scratch<T>(backend, packedTasks * job.PackedTask);
        job.Packed = packed.Pointer;
        backend.Workers.Run(packedTasks * o.Groups, &PackWeights, job);
        backend.Workers.Run(o.Tasks * job.Blocks, &Convolve, job);
    }

    /// <summary>
    /// Images per block: planes that fit the second-level cache, and enough blocks for threads.
    /// </summary>
    internal static int ImagesPerBlock(DirectLayout one, int channels, int images, int tasks)
    {
        int fit = SourceElements / Math.Max(1, one.PlanePitch * one.Phases * channels);
        int few = Math.Max(1, 4096 / one.ImagePitch);
        int wanted = (images * tasks + 15) / 16;
        return Math.Max(1, Math.Min(Math.Min(fit, few), Math.Min(wanted, images)));
    }

    /// <summary>
    /// Panels [depth][RegisterRows] of a group's weights, the last filled up with zeros.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    private static void PackWeights(in Job job, int part)
    {
        ref readonly DirectOperands<T> o = ref job.Operands;
        DirectLayout layout = job.Layout;
        int task = part / o.Groups, group = part % o.Groups;
        T* weights = o.Weights + task * o.WeightTask + group * o.WeightGroup;
        T* target = job.Packed + part * job.PackedGroup;
        int[] rows = layout.Rows.Taps, columns = layout.Columns.Taps;
        for (int tile = 0; tile < job.RowTiles; tile++)
            for (int c = 0; c < o.Channels; c++)
                foreach (int r in rows)
                    foreach (int s in columns)
                    {
                        T* from = weights + c * o.WeightChannel + r * o.KernelWidth + s;
                        for (int i = 0; i < V.RegisterRows; i++)
                        {
                            int filter = tile * V.RegisterRows + i;
                            *target++ = filter < o.Filters
                                ? from[filter * o.WeightFilter] : default;
                        }
                    }
    }

    [MethodImpl(Compiled.Once)]
    private static void Convolve(in Job job, int part)
    {
        ref readonly DirectOperands<T> o = ref job.Operands;
        DirectLayout layout = job.Layout;
        CpuBackend backend = job.Backend;
        int task = part / job.Blocks;
        int first = part % job.Blocks * layout.Images;
        int images = Math.Min(layout.Images, o.Images - first);
        nint channelPlanes = (nint)layout.Phases * layout.PlanePitch;
        using var planes = new Scratch<T>(backend, o.Channels * channelPlanes);
        int chunk = job.Chunk;
        using var runs = new Scratch<Segment>(backend, chunk);
        using var results = new Scratch<T>(backend, (nint)job.RowTiles * V.RegisterRows * chunk);
        int length = layout.Length(images);
        for (int group = 0; group < o.Groups; group++)
        {
            T* source = o.Source + task * o.SourceTask + first * o.SourceImage
                + (nint)group * o.Channels * o.SourceChannel;
            for (int c = 0; c < o.Channels; c++)
                DirectCopy<V, T>.Load(
                    layout, source + c * o.SourceChannel, o.SourceImage, images,
                    planes.Pointer + c * channelPlanes);
            T* weights = job.Packed + group * job.PackedGroup
                + (o.WeightTask == 0 ? 0 : task * job.PackedTask);
            T* result = o.Result + task * o.ResultTask + first * o.ResultImage
                + (nint)group * o.Filters * o.ResultChannel;
            for (int start = 0; start < length; start += chunk)
            {
                int columns = Math.Min(chunk, length - start);
                Multiply(job, weights, planes.Pointer + start, columns, results.Pointer);
                Scatter(
                    job, layout, results.Pointer, start, start + columns, runs.Pointer, result);
            }
        }
        o.Finish(task, first * o.ResultImage, images * o.ResultImage);
    }

    [MethodImpl(Compiled.Once)]
    private static void Multiply(
        in Job job, T* weights, T* planes, int columns, T* results)
    {
        var tile = new GemmBlockArguments<T>
        {
            RowA = 1,
            StepA = V.RegisterRows,
            RowC = job.Chunk,
            Tail = V.Count,
        };
        int block = (int)Gemm<V, T>.Even(job.Depth, DepthBlock, 1);
        for (int j = 0; j < columns; j += GemmBlock<V, T>.Columns)
            for (int k = 0; k < job.Depth; k += block)
            {
                tile.B = planes + j;
                tile.Table = job.Table + k;
                tile.Depth = Math.Min(block, job.Depth - k);
                tile.Add = k > 0;
                for (int i = 0; i < job.RowTiles; i++)
                {
                    tile.A = weights + (nint)V.RegisterRows * ((nint)i * job.Depth + k);
                    tile.C = results + (nint)i * V.RegisterRows * job.Chunk + j;
                    GemmBlock<V, T>.RunTable(tile);
                }
            }
    }

    /// <summary>Outputs that lie one after another in the planes and in the result.</summary>
    private struct Segment
    {
        public int From, Count;
        public nint To;
    }

    /// <summary>Copies the outputs among columns start .. end - 1 to the result.</summary>
    [MethodImpl(Compiled.Once)]
    private static void Scatter(
        in Job job, DirectLayout layout, T* results, int start, int end, Segment* runs, T* target)
    {
        DirectAxis rows = layout.Rows, columns = layout.Columns;
        nint image = job.Operands.ResultImage, resultRow = job.Operands.ResultRow;
        int count = 0;
        for (int p = start; p < end;)
        {
            int row = p % layout.ImagePitch / layout.RowPitch;
            int column = p % layout.ImagePitch % layout.RowPitch;
            int length = Math.Min(layout.RowPitch - column, end - p);
            int outputs = Math.Min(length, columns.OutSize - column);
            if (row < rows.OutSize && outputs > 0)
                runs[count++] = new Segment
                {
                    From = p - start,
                    Count = outputs,
                    To = p / layout.ImagePitch * image
                        + (rows.OutStart + row * rows.OutStep) * resultRow
                        + columns.OutStart + column * columns.OutStep,
                };
            p += length;
        }
        for (int k = 0; k < job.Operands.Filters; k++)
        {
            for (int i = 0; i < count; i++)
                Copy(
                    results + runs[i].From, target + runs[i].To, runs[i].Count, columns.OutStep);
            results += job.Chunk;
            target += job.Operands.ResultChannel;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(T* from, T* to, int count, int step)
    {
        if (step != 1)
            for (int j = 0; j < count; j++) to[j * step] = from[j];
        else if (count < V.Count)
            for (int j = 0; j < count; j++) to[j] = from[j];
        else
        {
            for (int j = 0; j + V.Count <= count; j += V.Count)
                V.Store(V.Load(from, j), to, j);
            V.Store(V.Load(from + count - V.Count), to + count - V.Count);
        }
    }
}
