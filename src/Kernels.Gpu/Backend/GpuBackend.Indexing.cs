// Rows by index: gather, and its transpose, scatter-add.
namespace Engine.Kernels.Gpu;

public sealed partial class GpuBackend
{
    /// <summary>Most indices that every row of a result looks through.</summary>
    private const long FewIndices = 64;

    /// <inheritdoc/>
    public void Gather(in Operand x, in Operand index, in Operand y, string op = nameof(Gather))
    {
        if (y.Layout.Count == 0) return;
        Runner<IGatherRunner>(typeof(GatherRunner<>), Stored(x.Type)).Run(this, x, index, y, op);
    }

    /// <inheritdoc/>
    public void ScatterAdd(
        in Operand g, in Operand index, in Operand y, string op = nameof(ScatterAdd))
    {
        if (y.Layout.Count == 0) return;
        if (y.Type == DType.Bool)
            throw new ArgumentException("ScatterAdd: bools cannot be added; cast them.");
        if (g.Layout.Count == 0)
        {
            Fill(y, 0);
            return;
        }
        Runner<IScatterRunner>(typeof(ScatterRunner<,>), Stored(y.Type), NumbersOf(y.Type))
            .Run(this, g, index, y, op);
    }

    private Places32 Places32Of(in Operand index) => new()
    {
        Data = From<int>(index),
        Batch = index.Layout.Strides[0],
        Step = index.Layout.Strides[1],
    };

    private Places64 Places64Of(in Operand index) => new()
    {
        Data = From<long>(index),
        Batch = index.Layout.Strides[0],
        Step = index.Layout.Strides[1],
    };

    private interface IGatherRunner
    {
        void Run(
            GpuBackend backend, in Operand x, in Operand index, in Operand y, string op);
    }

    private sealed class GatherRunner<T> : IGatherRunner where T : unmanaged
    {
        public void Run(
            GpuBackend backend, in Operand x, in Operand index, in Operand y, string op)
        {
            if (index.Type == DType.Int64) Run(backend, x, backend.Places64Of(index), y, op);
            else Run(backend, x, backend.Places32Of(index), y, op);
        }

        private static void Run<TPlaces>(
            GpuBackend backend, in Operand x, TPlaces places, in Operand y, string op)
            where TPlaces : struct, IPlaces<TPlaces>
        {
            ReadOnlySpan<long> sizes = y.Layout.Sizes;
            RowThreads threads = RowThreads.For(sizes[2], backend.GroupThreads);
            backend.LaunchFor(
                new Gather<T, TPlaces>
                {
                    X = backend.From<T>(x),
                    Y = backend.From<T>(y),
                    Index = places,
                    Batch = x.Layout.Strides[0],
                    Row = x.Layout.Strides[1],
                    Rows = x.Layout.Sizes[1],
                    Indices = sizes[1],
                    Columns = sizes[2],
                    Count = sizes[0] * sizes[1],
                    Threads = threads,
                    Notes = backend.NotesFor(op, x.Layout.Sizes[1], sizes[1]),
                },
                sizes[0] * sizes[1] << threads.Shift);
        }
    }

    private interface IScatterRunner
    {
        void Run(
            GpuBackend backend, in Operand g, in Operand index, in Operand y, string op);
    }

    private sealed class ScatterRunner<T, TNumbers> : IScatterRunner
        where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
    {
        public void Run(
            GpuBackend backend, in Operand g, in Operand index, in Operand y, string op)
        {
            if (index.Type == DType.Int64) Run(backend, g, backend.Places64Of(index), y, op);
            else Run(backend, g, backend.Places32Of(index), y, op);
        }

        private static void Run<TPlaces>(
            GpuBackend backend, in Operand g, TPlaces places, in Operand y, string op)
            where TPlaces : struct, IPlaces<TPlaces>
        {
            long rows = y.Layout.Sizes[1], indices = g.Layout.Sizes[1];
            IndexNotes notes = backend.NotesFor(op, rows, indices);
            if (indices > FewIndices)
            {
                Sorted(backend, g, y, new PlaceKeys<TPlaces>
                {
                    Index = places,
                    Rows = rows,
                    Indices = indices,
                    Notes = notes,
                });
                return;
            }
            ReadOnlySpan<long> sizes = y.Layout.Sizes, strides = g.Layout.Strides;
            RowThreads threads = RowThreads.For(sizes[2], backend.GroupThreads);
            backend.LaunchFor(
                new ScatterFew<T, TNumbers, TPlaces>
                {
                    G = backend.From<T>(g),
                    Y = backend.From<T>(y),
                    Index = places,
                    Batch = strides[0],
                    Row = strides[1],
                    Column = strides[2],
                    Rows = rows,
                    Indices = indices,
                    Columns = sizes[2],
                    Count = sizes[0] * rows,
                    Threads = threads,
                    Notes = notes,
                },
                sizes[0] * rows << threads.Shift);
        }

        private static void Sorted<TKeys>(
            GpuBackend backend, in Operand g, in Operand y, TKeys source)
            where TKeys : struct, ISortKeys<TKeys>
        {
            ReadOnlySpan<long> sizes = y.Layout.Sizes, strides = g.Layout.Strides;
            long indices = g.Layout.Sizes[1];
            GpuBuffer order = backend.memory.Rent(sizes[0] * indices * sizeof(long));
            GpuBuffer keys = backend.Sort(
                source, sizes[0], indices, order.As<long>(), keepKeys: true);
            RowThreads threads = RowThreads.For(sizes[2], backend.GroupThreads);
            backend.LaunchFor(
                new ScatterSorted<T, TNumbers>
                {
                    G = backend.From<T>(g),
                    Y = backend.From<T>(y),
                    Keys = keys.As<ulong>(),
                    Order = order.As<long>(),
                    Batch = strides[0],
                    Row = strides[1],
                    Column = strides[2],
                    Rows = sizes[1],
                    Indices = indices,
                    Columns = sizes[2],
                    Count = sizes[0] * sizes[1],
                    Threads = threads,
                },
                sizes[0] * sizes[1] << threads.Shift);
            backend.Return(keys);
            backend.Return(order);
        }
    }
}
