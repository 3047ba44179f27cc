// The weight gradient of Winograd's convolution: for each of 36 positions a product of transformed
// input tiles with transformed gradient tiles, summed over blocks, then one inverse transform.
// Blocks are summed in a few partial sums, and those in order. Shapes alone decide on the parts, so
// results do not depend on the number of threads.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>The weight gradient by Winograd's method.</summary>
internal static unsafe class WinogradWeightGradient<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged, INumberBase<T>
{
    private const int Positions = WinogradShape.Positions;
    private const int MaxPartials = 8;
    private const long MaxElements = 1 << 24;

    // A partial sum costs as much as the products of a block or so.
    private const int BlocksPerPartial = 4;

    // This many blocks are summed by themselves and then added to the sum so far: less rounding.
    private const int BlocksPerSum = 16;

    private struct Job
    {
        public DirectOperands<T> Operands;
        public WinogradShape Shape;
        public CpuBackend Backend;
        public T* Partials;

        /// <summary>Transformed tiles of all tasks, if staged.</summary>
        public T* Inputs, Gradients;
        public int Channels, Outputs, PartialCount;
        public readonly nint Position => (nint)Operands.Channels * Outputs + 16;
        public readonly nint Size => Positions * Position;
        public readonly nint InputPosition => Shape.Position(Channels);
        public readonly nint GradientPosition => Shape.Position(Outputs);
        public readonly int Slices => WinogradFilters<V, T>.Slices(Operands.Filters);
    }

    /// <summary>Writes o.Weights (contiguous within a task); o.Result holds the gradient.</summary>
    public static void Run(CpuBackend backend, WinogradShape shape, in DirectOperands<T> o)
    {
        var job = new Job
        {
            Operands = o,
            Shape = shape,
            Backend = backend,
            Channels = WinogradConvolution<V, T>.Padded(o.Channels),
            Outputs = WinogradConvolution<V, T>.Padded(o.Filters),
        };
        if (shape.Staged)
        {
            RunStaged(backend, ref job);
            return;
        }
        long partialLimit = Math.Min(MaxPartials, MaxElements / job.Size) / o.Tasks;
        int useful = (shape.Blocks + BlocksPerPartial - 1) / BlocksPerPartial;
        job.PartialCount = (int)Math.Min(useful, Math.Max(1, partialLimit));
        using var partials = new Scratch<T>(backend, o.Tasks * job.PartialCount * job.Size);
        job.Partials = partials.Pointer;
        backend.Workers.Run(o.Tasks * job.PartialCount, &Accumulate, job);
        if (job.PartialCount > 1) backend.Workers.Run(o.Tasks * Positions, &AddPartials, job);
        backend.Workers.Run(o.Tasks * job.Slices, &TransformBack, job);
    }

    private static void RunStaged(CpuBackend backend, ref Job job)
    {
        int tasks = job.Operands.Tasks;
        using var inputs = new Scratch<T>(backend, tasks * Positions * job.InputPosition);
        using var gradients = new Scratch<T>(backend, tasks * Positions * job.GradientPosition);
        job.Inputs = inputs.Pointer;
        job.Gradients = gradients.Pointer;
        backend.Workers.Run(tasks * job.Shape.StagedParts, &StageTiles, job);
        backend.Workers.Run(tasks * job.Slices, &StageSlice, job);
    }

    [MethodImpl(Compiled.Once)]
    private static void StageTiles(in Job job, int part)
    {
        ref readonly DirectOperands<T> o = ref job.Operands;
        WinogradShape shape = job.Shape;
        CpuBackend backend = job.Backend;
        (int task, int start, int end) = shape.StagedRows(part);
        using var tiles = new WinogradTiles<V, T>(backend, shape);
        using var gradientTiles = new WinogradTiles<V, T>(backend, shape);
        tiles.Input(
            WinogradConvolution<V, T>.Source(o, task), shape.Block(0), start, end,
            job.Inputs + task * Positions * job.InputPosition, job.InputPosition, job.Channels);
        gradientTiles.Gradient(
            WinogradConvolution<V, T>.Result(o, task), shape.Block(0), start, end,
            job.Gradients + task * Positions * job.GradientPosition, job.GradientPosition,
            job.Outputs);
    }

    /// <summary>
    /// The whole gradient of a slice of filters: its sums do not leave the second cache.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    private static void StageSlice(in Job job, int part)
    {
        ref readonly DirectOperands<T> o = ref job.Operands;
        int task = part / job.Slices, k = part % job.Slices * WinogradFilters<V, T>.Slice;
        int width = WinogradFilters<V, T>.Width(o.Filters, k);
        nint position = WinogradFilters<V, T>.Position(o.Channels, width);
        using var sums = new Scratch<T>(
            job.Backend, Positions * position);
        T* inputs = job.Inputs + task * Positions * job.InputPosition;
        T* gradients = job.Gradients + task * Positions * job.GradientPosition + k;
        WinogradBlock block = job.Shape.Block(0);
        for (int i = 0; i < Positions; i++)
            Multiply(
                job, block, i, inputs + i * job.InputPosition,
                gradients + i * job.GradientPosition, width, sums.Pointer + i * position, false);
        WinogradFilters<V, T>.TransformBack(o, task, k, sums.Pointer, position, width);
    }

    [MethodImpl(Compiled.Once)]
    private static void Accumulate(in Job job, int part)
    {
        ref readonly DirectOperands<T> o = ref job.Operands;
        WinogradShape shape = job.Shape;
        CpuBackend backend = job.Backend;
        int task = part / job.PartialCount, partial = part % job.PartialCount;
        int firstBlock = (int)((long)shape.Blocks * partial / job.PartialCount);
        int endBlock = (int)((long)shape.Blocks * (partial + 1) / job.PartialCount);
        nint positionX = job.InputPosition, positionG = job.GradientPosition;
        using var tiles = new WinogradTiles<V, T>(backend, shape);
        using var gradientTiles = new WinogradTiles<V, T>(backend, shape);
        using var inputs = new Scratch<T>(backend, Positions * positionX);
        using var gradients = new Scratch<T>(backend, Positions * positionG);
        bool two = endBlock - firstBlock > 2 * BlocksPerSum;
        using var extra = new Scratch<T>(backend, two ? job.Size : 0);
        T* sum = job.Partials + part * job.Size;
        T* recent = two ? extra.Pointer : sum;
        WinogradImages<T> x = WinogradConvolution<V, T>.Source(o, task);
        WinogradImages<T> g = WinogradConvolution<V, T>.Result(o, task);
        for (int number = firstBlock; number < endBlock; number++)
        {
            WinogradBlock block = shape.Block(number);
            tiles.Input(
                x, block, block.Start, block.End, inputs.Pointer, positionX, job.Channels);
            gradientTiles.Gradient(
                g, block, block.Start, block.End, gradients.Pointer, positionG, job.Outputs);
            int place = (number - firstBlock) % BlocksPerSum;
            bool add = two ? place > 0 : number > firstBlock;
            for (int i = 0; i < Positions; i++)
                Multiply(
                    job, block, i, inputs.Pointer + i * positionX,
                    gradients.Pointer + i * positionG, job.Outputs,
                    recent + i * job.Position, add);
            if (two && (place == BlocksPerSum - 1 || number == endBlock - 1))
                AddTo(sum, recent, job.Size, number - firstBlock >= BlocksPerSum);
        }
    }

    /// <summary>The product of one position; zeros where no tile takes part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(
        in Job job, in WinogradBlock block, int position, T* inputs, T* gradients, int width,
        T* sum, bool add)
    {
        (int first, int count) = block.Tiles(position);
        var product = new Product<T>
        {
            A = inputs + (nint)first * job.Channels,
            RowA = 1,
            ColumnA = job.Channels,
            B = gradients + (nint)first * job.Outputs,
            RowB = job.Outputs,
            ColumnB = 1,
            C = sum,
            RowC = width,
            M = job.Operands.Channels,
            N = width,
            K = count,
        };
        GemmSmall<V, T>.Run(product, add);
    }

    [MethodImpl(Compiled.Once)]
    private static void AddTo(T* sum, T* recent, nint size, bool add)
    {
        for (nint i = 0; i < size; i += V.Count)
        {
            V value = V.Load(recent, i);
            V.Store(add ? V.Load(sum, i) + value : value, sum, i);
        }
    }

    /// <summary>Adds the partial sums of a position to the first, as they lie in memory.</summary>
    [MethodImpl(Compiled.Once)]
    private static void AddPartials(in Job job, int part)
    {
        int task = part / Positions, position = part % Positions;
        T* sums = job.Partials + task * job.PartialCount * job.Size + position * job.Position;
        nint elements = (nint)job.Operands.Channels * job.Outputs;
        for (nint i = 0; i < elements; i += V.Count)
        {
            V sum = V.Load(sums, i);
            for (int partial = 1; partial < job.PartialCount; partial++)
                sum = sum + V.Load(sums + i, partial * job.Size);
            V.Store(sum, sums, i);
        }
    }

    /// <summary>Transforms the sums back, a slice of outputs per part.</summary>
    [MethodImpl(Compiled.Once)]
    private static void TransformBack(in Job job, int part)
    {
        int task = part / job.Slices, k = part % job.Slices * WinogradFilters<V, T>.Slice;
        WinogradFilters<V, T>.TransformBack(
            job.Operands, task, k, job.Partials + task * job.PartialCount * job.Size + k,
            job.Position, job.Outputs);
    }
}
