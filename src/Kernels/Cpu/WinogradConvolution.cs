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
        public int Channels, Outputs;
        public bool Flip;
        public readonly nint FilterPosition => (nint)Channels * Outputs + 16;
        public readonly nint FilterTask => Positions * FilterPosition;
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
        backend.Workers.Run(o.Tasks * shape.Blocks, &Convolve, &job);
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
        new Span<T>(filter, 9 * O.Count).Clear();
        T* from = o.Weights + task * o.WeightTask + k * o.WeightFilter;
        T* to = job.Filters + task * job.FilterTask + k;
        int lanes = Math.Min(O.Count, o.Filters - k);
        for (int c = 0; c < job.Channels; c++, from += o.WeightChannel, to += job.Outputs)
        {
            if (c >= o.Channels) new Span<T>(filter, 9 * O.Count).Clear();
            else
                for (int lane = 0; lane < lanes; lane++)
                {
                    T* w = from + lane * o.WeightFilter;
                    for (int i = 0; i < 9; i++)
                        filter[i * O.Count + lane] = w[job.Flip ? 8 - i : i];
                }
            WinogradTransform<O, V, T>.Filter(filter, temp, to, job.FilterPosition);
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
        int start = part % shape.Blocks * shape.BlockRows;
        int end = Math.Min(start + shape.BlockRows, shape.Images * shape.TileRows);
        nint position = shape.Position(Math.Max(job.Channels, job.Outputs));
        using var tiles = new WinogradTiles<O, V, T>(backend, shape);
        // Products of a position overwrite the tiles of the one before, which are done with.
        using var scratch = new Scratch<T>(backend, (Positions + 1) * position);
        T* products = scratch.Pointer, inputs = products + position;
        var x = new WinogradImages<T>
        {
            Data = o.Source + task * o.SourceTask,
            Image = o.SourceImage,
            Channel = o.SourceChannel,
            Channels = o.Channels,
        };
        tiles.Input(x, start, end, inputs, position, job.Channels);
        T* filters = job.Filters + (o.WeightTask == 0 ? 0 : task * job.FilterTask);
        var product = new Product<T>
        {
            RowA = job.Channels,
            ColumnA = 1,
            RowB = job.Outputs,
            ColumnB = 1,
            RowC = job.Outputs,
            M = (nint)(end - start) * shape.TileColumns,
            N = job.Outputs,
            K = job.Channels,
        };
        for (int i = 0; i < Positions; i++)
        {
            product.A = inputs + i * position;
            product.B = filters + i * job.FilterPosition;
            product.C = products + i * position;
            GemmSmall<O, V, T>.Run(product);
        }
        var y = new WinogradImages<T>
        {
            Data = o.Result + task * o.ResultTask,
            Image = o.ResultImage,
            Channel = o.ResultChannel,
            Channels = o.Filters,
        };
        tiles.Output(products, position, job.Outputs, start, end, y);
        if (o.After != null) Finish(o, shape, task, start, end);
    }

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
