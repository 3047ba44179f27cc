// Matrix products: in tiles, or where a tile would be mostly empty, as a reduction.
namespace Engine.Kernels.Gpu;

public sealed partial class GpuBackend
{
    // Along k: steps of a tile that are worth a group of their own.
    private const long FewestSteps = 16;

    // Groups below which k is cut into parts, and how many groups there are then.
    private const long FewTiles = 64, EnoughTiles = 256;

    /// <inheritdoc/>
    public void MatMul(in Operand a, in Operand b, in Operand c, in Epilogue epilogue = default)
    {
        if (!c.Type.IsFloat())
            throw new NotSupportedException($"MatMul: no kernel for {c.Type.Name()}.");
        if (c.Layout.Count == 0) return;
        if (a.Layout.Sizes[^1] == 0)
        {
            Fill(c, 0);
            Finish(epilogue, c);
            return;
        }
        var copies = new List<DeviceBuffer>();
        Operand x = FewBatchAxes(a, copies), y = FewBatchAxes(b, copies);
        var shape = ProductShape.Of(x, y, c, Side(GroupThreads));
        FoldTypes sum = FoldTypes.Of(ReduceKind.Sum, NumbersOf(c.Type), Stored(c.Type));
        if (!shape.Tiled) MatMulByElements(sum, shape, x, y, c, epilogue);
        else if (shape.Parts == 1) MatMulInOne(shape, x, y, c, epilogue);
        else MatMulInParts(sum, shape, x, y, c, epilogue);
        foreach (DeviceBuffer copy in copies) Return(copy);
    }

    /// <summary>A thread or a few an element.</summary>
    private void MatMulByElements(
        FoldTypes sum, in ProductShape shape, in Operand a, in Operand b, in Operand c,
        in Epilogue epilogue)
    {
        MergedAxes rows = AxesOf(a, (shape.N, 0), (shape.M, a.Layout.Strides[^2]));
        MergedAxes columns = AxesOf(b, (shape.N, b.Layout.Strides[^1]), (shape.M, 0));
        object rowOf = rows.Index(a.Offset), columnOf = columns.Index(b.Offset);
        object terms = Runner<IProductTermsMaker>(
            typeof(ProductTermsMaker<,,,>), NumbersOf(c.Type), Stored(c.Type), rowOf.GetType(),
            columnOf.GetType()).Make(this, a, b, rowOf, columnOf);
        bool across = shape.N > 1
            ? Math.Abs(b.Layout.Strides[^1]) <= Math.Abs(b.Layout.Strides[^2])
            : Math.Abs(a.Layout.Strides[^2]) < Math.Abs(a.Layout.Strides[^1]);
        using Results results = ResultsOf(this, sum, [c], epilogue);
        ReduceShape threads = ReduceShapes.Of(c.Layout.Count, shape.K, shape.N, GroupThreads);
        Fold(
            sum, terms, typeof(Pack2<long>), results,
            threads with { Across = across ? 1 : 0 });
    }

    private void MatMulInOne(
        in ProductShape shape, in Operand a, in Operand b, in Operand c, in Epilogue epilogue)
    {
        // Each element is summed by one thread, so its parts are as wide as itself.
        Type type = Stored(c.Type), numbers = NumbersOf(c.Type);
        var fold = new FoldTypes(typeof(Sum<,>).MakeGenericType(numbers, type), type, type);
        using Results results = ResultsOf(this, fold, [c], epilogue);
        bool large = shape.Large && c.Type == DType.Float32
            && shape.LargeTiles >= accelerator.NumMultiprocessors;
        LaunchTiles(shape, large, a, b, results.Value);
    }

    private void MatMulInParts(
        FoldTypes sum, in ProductShape shape, in Operand a, in Operand b, in Operand c,
        in Epilogue epilogue)
    {
        long count = c.Layout.Count;
        DeviceBuffer buffer = Rent(shape.Parts * count * c.Type.Size());
        IPartsMaker parts = Runner<IPartsMaker>(typeof(PartsMaker<>), Stored(c.Type));
        LaunchTiles(shape, large: false, a, b, parts.Results(Own(buffer)));
        using (Results results = ResultsOf(this, sum, [c], epilogue))
            Fold(
                sum, parts.Terms(Own(buffer), count), typeof(long), results,
                ReduceShapes.Of(count, shape.Parts, count, GroupThreads) with { Across = 1 });
        Return(buffer);
    }

    private void LaunchTiles(
        in ProductShape shape, bool large, in Operand a, in Operand b, object results)
    {
        Type type = Stored(a.Type), numbers = NumbersOf(a.Type);
        Type run = large ? typeof(Eight<,>) : typeof(Four<,>);
        Type block = large ? typeof(Block8<,>) : typeof(Block4<,>);
        Type side = shape.Side switch
        {
            16 => typeof(Side16),
            8 => typeof(Side8),
            2 => typeof(Side2),
            _ => typeof(Side1),
        };
        Runner<IMatMulRunner>(
            typeof(MatMulRunner<,,,,>), type, run.MakeGenericType(numbers, type),
            block.MakeGenericType(numbers, type), side, results.GetType())
            .Run(this, shape, a, b, results);
    }

    /// <summary>Threads along a side of a group of at most so many.</summary>
    private static int Side(int threads) =>
        threads >= 256 ? 16 : threads >= 64 ? 8 : threads >= 4 ? 2 : 1;

    /// <summary>The operand, or a dense copy of it if its batch has too many axes.</summary>
    private Operand FewBatchAxes(in Operand x, List<DeviceBuffer> copies) =>
        AxesOf(x).Rank + 2 <= MergedAxes.Most ? x : Dense(x, copies);

    /// <summary>These axes, innermost first, and those of the batch.</summary>
    private static MergedAxes AxesOf(
        in Operand x, params ReadOnlySpan<(long Size, long Stride)> inner)
    {
        var axes = new MergedAxes();
        foreach (var (size, stride) in inner) axes.Add(size, stride);
        for (int axis = x.Layout.Rank - 3; axis >= 0; axis--)
            axes.Add(x.Layout.Sizes[axis], x.Layout.Strides[axis]);
        return axes;
    }

    private interface IProductTermsMaker
    {
        object Make(
            GpuBackend backend, in Operand a, in Operand b, object rowOf, object columnOf);
    }

    private sealed class ProductTermsMaker<TNumbers, T, TA, TB> : IProductTermsMaker
        where TNumbers : unmanaged, INumbers<TNumbers, T> where T : unmanaged
        where TA : unmanaged, IIndex<TA> where TB : unmanaged, IIndex<TB>
    {
        public object Make(
            GpuBackend backend, in Operand a, in Operand b, object rowOf, object columnOf) =>
            new ProductTerms<TNumbers, T, TA, TB>
            {
                A = backend.Own(a.Buffer).As<T>(),
                B = backend.Own(b.Buffer).As<T>(),
                RowOf = (TA)rowOf,
                ColumnOf = (TB)columnOf,
                StepA = a.Layout.Strides[^1],
                StepB = b.Layout.Strides[^2],
            };
    }

    private interface IPartsMaker
    {
        object Results(GpuBuffer buffer);

        object Terms(GpuBuffer buffer, long results);
    }

    private sealed class PartsMaker<T> : IPartsMaker where T : unmanaged
    {
        public object Results(GpuBuffer buffer) => new Parts<T> { Data = buffer.As<T>() };

        public object Terms(GpuBuffer buffer, long results) =>
            new PartTerms<T> { Data = buffer.As<T>(), Results = results };
    }

    private interface IMatMulRunner
    {
        void Run(
            GpuBackend backend, in ProductShape shape, in Operand a, in Operand b, object results);
    }

    private sealed class MatMulRunner<T, TRun, TBlock, TSide, TResults> : IMatMulRunner
        where T : unmanaged where TRun : unmanaged, IRun<TRun, T>
        where TBlock : unmanaged, IBlock<TBlock, TRun> where TSide : unmanaged, ISide
        where TResults : struct, IResults<TResults, T>
    {
        public void Run(
            GpuBackend backend, in ProductShape shape, in Operand a, in Operand b, object results)
        {
            int side = TSide.Threads;
            backend.Launch(
                new MatMul<T, TRun, TBlock, TSide, TResults>
                {
                    A = Lines(backend, a, line: 2, step: 1),
                    B = Lines(backend, b, line: 1, step: 2),
                    Results = (TResults)results,
                    Batches = shape.Batches,
                    Depth = shape.K,
                    Parts = shape.Parts,
                    PartDepth = shape.PartDepth,
                },
                shape.Tiles(side * TRun.Length) * shape.Parts, side * side);
        }

        /// <summary>An operand whose lines and steps are these axes, from the end.</summary>
        private static Lines<T> Lines(GpuBackend backend, in Operand x, int line, int step)
        {
            ReadOnlySpan<long> strides = x.Layout.Strides;
            return new()
            {
                Data = backend.Own(x.Buffer).As<T>(),
                Batch = AxesOf(x).Strided6(x.Offset),
                Count = x.Layout.Sizes[^line],
                Stride = strides[^line],
                Step = strides[^step],
                AlongK = Math.Abs(strides[^step]) < Math.Abs(strides[^line]) ? 1 : 0,
            };
        }
    }

    /// <summary>
    /// Sizes of a product, and how it is computed. Sizes alone decide in which order an element is
    /// summed.
    /// </summary>
    private readonly record struct ProductShape(long Batches, long M, long N, long K, int Side)
    {
        // Numbers along a side of a thread's block.
        private const int Run = 4, LargeRun = 8;

        /// <summary>Parts along k.</summary>
        public long Parts { get; private init; } = 1;

        /// <summary>Length of a part.</summary>
        public long PartDepth { get; private init; } = K;

        /// <summary>Whether tiles would be full enough: a fourth of each.</summary>
        public bool Tiled => 4 * M * N >= Tiles(Side * Run) / Batches * Side * Run * Side * Run;

        /// <summary>Whether large tiles would be full.</summary>
        public bool Large => M >= Side * LargeRun && N >= Side * LargeRun;

        /// <summary>Number of large tiles.</summary>
        public long LargeTiles => Tiles(Side * LargeRun);

        public static ProductShape Of(in Operand a, in Operand b, in Operand c, int side)
        {
            long m = c.Layout.Sizes[^2], n = c.Layout.Sizes[^1], k = a.Layout.Sizes[^1];
            var shape = new ProductShape(c.Layout.Count / (m * n), m, n, k, side);
            long tiles = shape.Tiles(side * Run);
            if (!shape.Tiled || tiles >= FewTiles) return shape;
            long parts = Math.Min(k / (FewestSteps * side), EnoughTiles / tiles);
            if (parts < 2) return shape;
            long depth = (k + parts - 1) / parts;
            depth = (depth + side - 1) / side * side;
            return shape with { Parts = (k + depth - 1) / depth, PartDepth = depth };
        }

        /// <summary>Number of tiles of a size.</summary>
        public long Tiles(long tile) =>
            Batches * ((M + tile - 1) / tile) * ((N + tile - 1) / tile);
    }
}
