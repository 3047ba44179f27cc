// The weight gradient of Winograd's convolution: for each of 36 positions a product of transformed
// input tiles with transformed gradient tiles, summed over blocks, then one inverse transform.
// Blocks are summed into a few partial sums, and those in order, all chosen by shapes.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>The weight gradient by Winograd's method.</summary>
internal static unsafe class WinogradWeightGradient<O, V, T>
    where O : struct, IVec<V, T> where V : struct where T : unmanaged, INumberBase<T>
{
    private const int Positions = 36;
    private const int MaxPartials = 8;
    private const long MaxElements = 1 << 24;

    // Sums of so many blocks are gathered before they are added to those before: less rounding.
    private const int BlocksPerSum = 16;

    private struct Job
    {
        public FlatOperands<T> Operands;
        public WinogradShape Shape;
        public void* Backend;
        public T* Partials;
        public int Channels, Outputs, PartialCount;
        public readonly nint Position => (nint)Channels * Outputs + 16;
        public readonly nint Size => Positions * Position;
    }

    /// <summary>Writes o.Weights (contiguous within a task); o.Result holds the gradient.</summary>
    public static void Run(CpuBackend backend, WinogradShape shape, in FlatOperands<T> o)
    {
        var job = new Job
        {
            Operands = o,
            Shape = shape,
            Backend = Unsafe.AsPointer(ref backend),
            Channels = WinogradConvolution<O, V, T>.Padded(o.Channels),
            Outputs = WinogradConvolution<O, V, T>.Padded(o.Filters),
        };
        long partialLimit = Math.Min(MaxPartials, MaxElements / job.Size) / o.Tasks;
        job.PartialCount = (int)Math.Min(shape.Blocks, Math.Max(1, partialLimit));
        using var partials = new Scratch<T>(backend, o.Tasks * job.PartialCount * job.Size);
        job.Partials = partials.Pointer;
        backend.Workers.Run(o.Tasks * job.PartialCount, &Accumulate, &job);
        backend.Workers.Run(o.Tasks * (job.Outputs / O.Count), &TransformBack, &job);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Accumulate(void* context, int part)
    {
        ref Job job = ref *(Job*)context;
        ref FlatOperands<T> o = ref job.Operands;
        WinogradShape shape = job.Shape;
        CpuBackend backend = Unsafe.AsRef<CpuBackend>(job.Backend);
        int task = part / job.PartialCount, partial = part % job.PartialCount;
        int firstBlock = (int)((long)shape.Blocks * partial / job.PartialCount);
        int endBlock = (int)((long)shape.Blocks * (partial + 1) / job.PartialCount);
        nint positionX = shape.Position(job.Channels), positionG = shape.Position(job.Outputs);
        using var tiles = new WinogradTiles<O, V, T>(backend, shape);
        using var gradientTiles = new WinogradTiles<O, V, T>(backend, shape);
        using var inputs = new Scratch<T>(backend, Positions * positionX);
        using var gradients = new Scratch<T>(backend, Positions * positionG);
        bool two = endBlock - firstBlock > 2 * BlocksPerSum;
        using var extra = new Scratch<T>(backend, two ? job.Size : 0);
        T* sum = job.Partials + part * job.Size;
        T* recent = two ? extra.Pointer : sum;
        var x = new WinogradImages<T>
        {
            Data = o.Source + task * o.SourceTask,
            Image = o.SourceImage,
            Channel = o.SourceChannel,
            Channels = o.Channels,
        };
        var g = new WinogradImages<T>
        {
            Data = o.Result + task * o.ResultTask,
            Image = o.ResultImage,
            Channel = o.ResultChannel,
            Channels = o.Filters,
        };
        for (int block = firstBlock; block < endBlock; block++)
        {
            int start = block * shape.BlockRows;
            int end = Math.Min(start + shape.BlockRows, shape.Images * shape.TileRows);
            tiles.Input(x, start, end, inputs.Pointer, positionX, job.Channels);
            gradientTiles.Gradient(g, start, end, gradients.Pointer, positionG, job.Outputs);
            int number = (block - firstBlock) % BlocksPerSum;
            bool add = two ? number > 0 : block > firstBlock;
            var product = new Product<T>
            {
                RowA = 1,
                ColumnA = job.Channels,
                RowB = job.Outputs,
                ColumnB = 1,
                RowC = job.Outputs,
                M = job.Channels,
                N = job.Outputs,
                K = (nint)(end - start) * shape.TileColumns,
            };
            for (int i = 0; i < Positions; i++)
            {
                product.A = inputs.Pointer + i * positionX;
                product.B = gradients.Pointer + i * positionG;
                product.C = recent + i * job.Position;
                GemmSmall<O, V, T>.Run(product, add);
            }
            if (two && (number == BlocksPerSum - 1 || block == endBlock - 1))
                AddTo(sum, recent, job.Size, block - firstBlock >= BlocksPerSum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddTo(T* sum, T* recent, nint size, bool add)
    {
        for (nint i = 0; i < size; i += O.Count)
        {
            V value = O.Load(recent + i);
            O.Store(add ? O.Add(O.Load(sum + i), value) : value, sum + i);
        }
    }

    /// <summary>Adds up and transforms back, a vector of outputs per part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransformBack(void* context, int part)
    {
        ref Job job = ref *(Job*)context;
        ref FlatOperands<T> o = ref job.Operands;
        int vectors = job.Outputs / O.Count;
        int task = part / vectors, k = part % vectors * O.Count;
        T* sums = stackalloc T[Positions * O.Count];
        T* temp = stackalloc T[18 * O.Count];
        T* filter = stackalloc T[9 * O.Count];
        T* from = job.Partials + task * job.PartialCount * job.Size + k;
        T* to = o.Weights + task * o.WeightTask + k * o.WeightFilter;
        int lanes = Math.Min(O.Count, o.Filters - k);
        for (int c = 0; c < o.Channels; c++, from += job.Outputs, to += o.WeightChannel)
        {
            for (int i = 0; i < Positions; i++)
            {
                V sum = O.Load(from + i * job.Position);
                for (int partial = 1; partial < job.PartialCount; partial++)
                    sum = O.Add(sum, O.Load(from + i * job.Position + partial * job.Size));
                O.Store(sum, sums + i * O.Count);
            }
            WinogradTransform<O, V, T>.FilterTransposed(sums, O.Count, temp, filter);
            for (int lane = 0; lane < lanes; lane++)
                for (int i = 0; i < 9; i++)
                    to[lane * o.WeightFilter + i] = filter[i * O.Count + lane];
        }
    }
}
