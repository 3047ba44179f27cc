// Winograd's convolution F(4x4, 3x3): 36 products of transformed tiles with transformed filters
// instead of one with 9 taps, a quarter of the multiplications. float32 errors are some 4e-6 of the
// result's root mean square.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>The convolution, and its transpose in the input, by Winograd's method.</summary>
internal static unsafe class WinogradConvolution<O, V, T>
    where O : struct, IVec<V, T> where V : struct where T : unmanaged, INumberBase<T>
{
    private const int Positions = 36;

    private struct Job
    {
        public FlatOperands<T> Operands;
        public WinogradShape Shape;
        public void* Backend;
        public T* Filters;

        /// <summary>Transformed tiles and products of all tasks, if staged.</summary>
        public T* Inputs, Products;
        public int Channels, Outputs;
        public bool Flip;
        public readonly nint FilterPosition => (nint)Channels * Outputs + 16;
        public readonly nint FilterTask => Positions * FilterPosition;
        public readonly nint InputPosition => Shape.Position(Channels);
        public readonly nint ProductPosition => Shape.Position(Outputs);
    }

    /// <summary>Channels rounded up to whole vectors.</summary>
    internal static int Padded(int channels) => (channels + O.Count - 1) / O.Count * O.Count;

    /// <summary>Writes o.Result; flip rotates the filters, as the transpose does.</summary>
    public static void Run(
        CpuBackend backend, WinogradShape shape, in FlatOperands<T> o, bool flip)
    {
        var job = new Job
        {
            Operands = o,
            Shape = shape,
            Backend = Unsafe.AsPointer(ref backend),
            Channels = Padded(o.Channels),
            Outputs = Padded(o.Filters),
            Flip = flip,
        };
        int filterTasks = o.WeightTask == 0 ? 1 : o.Tasks;
        using var filters = new Scratch<T>(backend, filterTasks * job.FilterTask);
        job.Filters = filters.Pointer;
        backend.Workers.Run(filterTasks * (job.Outputs / O.Count), &TransformFilters, &job);
        if (!shape.Staged)
        {
            backend.Workers.Run(o.Tasks * shape.Blocks, &Convolve, &job);
            return;
        }
        int all = o.Tasks * Positions;
        using var inputs = new Scratch<T>(backend, all * job.InputPosition);
        using var products = new Scratch<T>(backend, all * job.ProductPosition);
        job.Inputs = inputs.Pointer;
        job.Products = products.Pointer;
        backend.Workers.Run(o.Tasks * o.Images, &StageInput, &job);
        backend.Workers.Run(all, &StageProduct, &job);
        backend.Workers.Run(o.Tasks * o.Images, &StageOutput, &job);
    }

    /// <summary>Filters as (position, channel, output), a vector of outputs per part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransformFilters(void* context, int part)
    {
        ref Job job = ref *(Job*)context;
        ref FlatOperands<T> o = ref job.Operands;
        int vectors = job.Outputs / O.Count;
        int task = part / vectors, k = part % vectors * O.Count;
        T* filter = stackalloc T[9 * O.Count];
        T* temp = stackalloc T[18 * O.Count];
        // Rotated by half a turn: the same taps from the last to the first.
        T* first = job.Flip ? filter + 8 * O.Count : filter;
        nint step = job.Flip ? -O.Count : O.Count;
        T* from = o.Weights + task * o.WeightTask + k * o.WeightFilter;
        T* to = job.Filters + task * job.FilterTask + k;
        int lanes = Math.Min(O.Count, o.Filters - k);
        var points = new WinogradPoints<O, V, T>();
        for (int c = 0; c < job.Channels; c++, from += o.WeightChannel, to += job.Outputs)
        {
            WinogradLanes<O, V, T>.Gather(from, o.WeightFilter, lanes, c < o.Channels, 9, filter);
            WinogradTransform<O, V, T>.Filter(
                points, first, step, temp, to, job.FilterPosition, job.Shape.MaxHeight);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Convolve(void* context, int part)
    {
        ref Job job = ref *(Job*)context;
        ref FlatOperands<T> o = ref job.Operands;
        WinogradShape shape = job.Shape;
        CpuBackend backend = Unsafe.AsRef<CpuBackend>(job.Backend);
        int task = part / shape.Blocks;
        WinogradBlock block = shape.Block(part % shape.Blocks);
        nint position = shape.Position(Math.Max(job.Channels, job.Outputs));
        using var tiles = new WinogradTiles<O, V, T>(backend, shape);
        // Products of a position overwrite the tiles of the one before, which are done with.
        using var scratch = new Scratch<T>(backend, (Positions + 1) * position);
        T* products = scratch.Pointer, inputs = products + position;
        tiles.Input(
            Source(o, task), block, block.Start, block.End, inputs, position, job.Channels);
        for (int i = 0; i < Positions; i++)
            Multiply(job, block, task, i, inputs + i * position, products + i * position);
        tiles.Output(
            products, position, job.Outputs, block, block.Start, block.End, Result(o, task));
        if (o.After != null) Finish(o, shape, task, block.Start, block.End);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StageInput(void* context, int part)
    {
        ref Job job = ref *(Job*)context;
        WinogradShape shape = job.Shape;
        int task = part / shape.Images, start = part % shape.Images * shape.TileRows;
        using var tiles = new WinogradTiles<O, V, T>(
            Unsafe.AsRef<CpuBackend>(job.Backend), shape);
        tiles.Input(
            Source(job.Operands, task), shape.Block(0), start, start + shape.TileRows,
            job.Inputs + task * Positions * job.InputPosition, job.InputPosition, job.Channels);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StageProduct(void* context, int part)
    {
        ref Job job = ref *(Job*)context;
        Multiply(
            job, job.Shape.Block(0), part / Positions, part % Positions,
            job.Inputs + part * job.InputPosition, job.Products + part * job.ProductPosition);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StageOutput(void* context, int part)
    {
        ref Job job = ref *(Job*)context;
        ref FlatOperands<T> o = ref job.Operands;
        WinogradShape shape = job.Shape;
        int task = part / shape.Images, start = part % shape.Images * shape.TileRows;
        int end = start + shape.TileRows;
        using var tiles = new WinogradTiles<O, V, T>(
            Unsafe.AsRef<CpuBackend>(job.Backend), shape);
        tiles.Output(
            job.Products + task * Positions * job.ProductPosition, job.ProductPosition,
            job.Outputs, shape.Block(0), start, end, Result(o, task));
        if (o.After != null) Finish(o, shape, task, start, end);
    }

    /// <summary>The product of one position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(
        in Job job, in WinogradBlock block, int task, int position, T* inputs, T* products)
    {
        (int first, int count) = block.Tiles(position);
        if (count == 0) return;
        T* filters = job.Filters + (job.Operands.WeightTask == 0 ? 0 : task * job.FilterTask);
        GemmSmall<O, V, T>.Run(new Product<T>
        {
            A = inputs + (nint)first * job.Channels,
            RowA = job.Channels,
            ColumnA = 1,
            B = filters + position * job.FilterPosition,
            RowB = job.Outputs,
            ColumnB = 1,
            C = products + (nint)first * job.Outputs,
            RowC = job.Outputs,
            M = count,
            N = job.Outputs,
            K = job.Channels,
        });
    }

    internal static WinogradImages<T> Source(in FlatOperands<T> o, int task) => new()
    {
        Data = o.Source + task * o.SourceTask,
        Image = o.SourceImage,
        Channel = o.SourceChannel,
        Channels = o.Channels,
    };

    internal static WinogradImages<T> Result(in FlatOperands<T> o, int task) => new()
    {
        Data = o.Result + task * o.ResultTask,
        Image = o.ResultImage,
        Channel = o.ResultChannel,
        Channels = o.Filters,
    };

    /// <summary>The epilogue on the rows of tiles start .. end - 1, plane by plane.</summary>
    private static void Finish(
        in FlatOperands<T> o, WinogradShape shape, int task, int start, int end)
    {
        while (start < end)
        {
            int image = start / shape.TileRows, first = start % shape.TileRows;
            int last = Math.Min(shape.TileRows, first + end - start);
            nint row = Math.Min(4 * first, shape.OutHeight);
            nint rows = Math.Min(4 * last, shape.OutHeight) - row;
            nint place = image * o.ResultImage + row * shape.OutWidth;
            if (rows == shape.OutHeight) o.Finish(task, place, o.ResultImage);
            else
                for (int k = 0; k < o.Filters; k++)
                    o.Finish(task, place + k * o.ResultChannel, rows * shape.OutWidth);
            start += last - first;
        }
    }
}
