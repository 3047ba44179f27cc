// Winograd's convolutions F(4x4, 3x3) and F(2x2, 5x5): 36 products of transformed tiles with
// transformed filters. A tile takes 36 multiplications instead of 16 times 9 or 4 times 25. float32
// errors are some 4e-6 of the result's root mean square.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>The convolution, and its transpose in the input, by Winograd's method.</summary>
internal static unsafe class WinogradConvolution<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged, INumberBase<T>
{
    private const int Positions = WinogradShape.Positions;

    private struct Job
    {
        public DirectOperands<T> Operands;
        public WinogradShape Shape;
        public CpuBackend Backend;
        public T* Filters;

        /// <summary>Transformed tiles of all tasks, if staged.</summary>
        public T* Inputs;
        public int Channels, Outputs;
        public bool Flip;
        public readonly nint FilterPosition => (nint)Operands.Channels * Outputs + 16;
        public readonly nint FilterTask => Positions * FilterPosition;
        public readonly nint InputPosition => Shape.Position(Channels);
        public readonly int Slices => WinogradFilters<V, T>.Slices(Operands.Filters);
    }

    /// <summary>Channels rounded up to whole vectors.</summary>
    internal static int Padded(int channels) => (channels + V.Count - 1) / V.Count * V.Count;

    /// <summary>
    /// Writes o.Result; flip rotates the filters by half a turn, which a transpose undoes.
    /// </summary>
    public static void Run(
        CpuBackend backend, WinogradShape shape, in DirectOperands<T> o, bool flip)
    {
        var job = new Job
        {
            Operands = o,
            Shape = shape,
            Backend = backend,
            Channels = Padded(o.Channels),
            Outputs = Padded(o.Filters),
            Flip = flip != shape.Transposed,
        };
        if (shape.Staged)
        {
            using var inputs = new Scratch<T>(backend, o.Tasks * Positions * job.InputPosition);
            job.Inputs = inputs.Pointer;
            backend.Workers.Run(o.Tasks * shape.StagedParts, &StageInput, job);
            backend.Workers.Run(o.Tasks * job.Slices, &StageSlice, job);
            return;
        }
        int filterTasks = o.WeightTask == 0 ? 1 : o.Tasks;
        using var filters = new Scratch<T>(backend, filterTasks * job.FilterTask);
        job.Filters = filters.Pointer;
        backend.Workers.Run(filterTasks * job.Slices, &TransformFilters, job);
        backend.Workers.Run(o.Tasks * shape.Blocks, &Convolve, job);
    }

    /// <summary>Filters as (position, channel, output), a slice of outputs per part.</summary>
    [MethodImpl(Compiled.Once)]
    private static void TransformFilters(in Job job, int part)
    {
        int task = part / job.Slices, k = part % job.Slices * WinogradFilters<V, T>.Slice;
        WinogradFilters<V, T>.Transform(
            job.Operands, task, k, job.Flip, job.Shape.MaxPoints,
            job.Filters + task * job.FilterTask + k, job.FilterPosition, job.Outputs);
    }

    [MethodImpl(Compiled.Once)]
    private static void Convolve(in Job job, int part)
    {
        ref readonly DirectOperands<T> o = ref job.Operands;
        WinogradShape shape = job.Shape;
        CpuBackend backend = job.Backend;
        int task = part / shape.Blocks;
        WinogradBlock block = shape.Block(part % shape.Blocks);
        nint position = shape.Position(Math.Max(job.Channels, job.Outputs));
        using var tiles = new WinogradTiles<V, T>(backend, shape);
        // Products of a position overwrite the tiles of the position before, no longer needed.
        using var scratch = new Scratch<T>(backend, (Positions + 1) * position);
        T* products = scratch.Pointer, inputs = products + position;
        T* filters = job.Filters + (o.WeightTask == 0 ? 0 : task * job.FilterTask);
        tiles.Source(
            Source(o, task), block, block.Start, block.End, inputs, position, job.Channels);
        for (int i = 0; i < Positions; i++)
            Multiply(
                job, block, i, inputs + i * position, filters + i * job.FilterPosition,
                job.Outputs, products + i * position);
        tiles.Result(products, position, job.Outputs, block, Result(o, task), o.Added);
        if (o.After != null) Finish(o, shape, task, block.Start, block.End);
    }

    [MethodImpl(Compiled.Once)]
    private static void StageInput(in Job job, int part)
    {
        WinogradShape shape = job.Shape;
        (int task, int start, int end) = shape.StagedRows(part);
        using var tiles = new WinogradTiles<V, T>(
            job.Backend, shape);
        tiles.Source(
            Source(job.Operands, task), shape.Block(0), start, end,
            job.Inputs + task * Positions * job.InputPosition, job.InputPosition, job.Channels);
    }

    /// <summary>
    /// All outputs of a slice of filters: its filters and products do not leave the second cache.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    private static void StageSlice(in Job job, int part)
    {
        ref readonly DirectOperands<T> o = ref job.Operands;
        WinogradShape shape = job.Shape;
        CpuBackend backend = job.Backend;
        int task = part / job.Slices, k = part % job.Slices * WinogradFilters<V, T>.Slice;
        int width = WinogradFilters<V, T>.Width(o.Filters, k);
        nint position = shape.Position(width);
        nint filterPosition = WinogradFilters<V, T>.Position(o.Channels, width);
        using var filters = new Scratch<T>(backend, Positions * filterPosition);
        using var products = new Scratch<T>(backend, Positions * position);
        using var tiles = new WinogradTiles<V, T>(backend, shape);
        WinogradFilters<V, T>.Transform(
            o, task, k, job.Flip, shape.MaxPoints, filters.Pointer, filterPosition, width);
        T* inputs = job.Inputs + task * Positions * job.InputPosition;
        WinogradBlock block = shape.Block(0);
        for (int i = 0; i < Positions; i++)
            Multiply(
                job, block, i, inputs + i * job.InputPosition,
                filters.Pointer + i * filterPosition, width, products.Pointer + i * position);
        WinogradImages<T> y = Result(o, task);
        y.Data += k * y.Channel;
        y.Channels = Math.Min(width, o.Filters - k);
        tiles.Result(
            products.Pointer, position, width, block, y, o.Added == null ? null : o.Added + k);
        for (int image = 0; image < o.Images; image++)
            o.Finish(
                task, image * o.ResultImage + k * o.ResultChannel, y.Channels * o.ResultChannel);
    }

    /// <summary>The product of one position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(
        in Job job, in WinogradBlock block, int position, T* inputs, T* filters, int outputs,
        T* products)
    {
        (int first, int count) = block.Tiles(position);
        if (count == 0) return;
        GemmSmall<V, T>.Run(new Product<T>
        {
            A = inputs + (nint)first * job.Channels,
            RowA = job.Channels,
            ColumnA = 1,
            B = filters,
            RowB = outputs,
            ColumnB = 1,
            C = products + (nint)first * outputs,
            RowC = outputs,
            M = count,
            N = outputs,
            K = job.Operands.Channels,
        });
    }

    internal static WinogradImages<T> Source(in DirectOperands<T> o, int task) => new()
    {
        Data = o.Source + task * o.SourceTask,
        Image = o.SourceImage,
        Channel = o.SourceChannel,
        Channels = o.Channels,
    };

    internal static WinogradImages<T> Result(in DirectOperands<T> o, int task) => new()
    {
        Data = o.Result + task * o.ResultTask,
        Image = o.ResultImage,
        Channel = o.ResultChannel,
        Channels = o.Filters,
    };

    /// <summary>The epilogue on the rows of tiles start .. end - 1, plane by plane.</summary>
    private static void Finish(
        in DirectOperands<T> o, WinogradShape shape, int task, int start, int end)
    {
        while (start < end)
        {
            int image = start / shape.TileRows, first = start % shape.TileRows;
            int last = Math.Min(shape.TileRows, first + end - start);
            nint row = Math.Min(shape.Out * first, shape.OutHeight);
            nint rows = Math.Min(shape.Out * last, shape.OutHeight) - row;
            nint place = image * o.ResultImage + row * shape.OutWidth;
            if (rows == shape.OutHeight) o.Finish(task, place, o.ResultImage);
            else
                for (int k = 0; k < o.Filters; k++)
                    o.Finish(task, place + k * o.ResultChannel, rows * shape.OutWidth);
            start += last - first;
        }
    }
}
