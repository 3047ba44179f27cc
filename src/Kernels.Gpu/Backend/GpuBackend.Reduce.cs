// Sums, maxima and minima over any axes, of views and of what programs compute.
namespace Engine.Kernels.Gpu;

public sealed partial class GpuBackend
{
    private const int MostOutputs = 4;

    /// <inheritdoc/>
    public void Reduce(ReduceKind kind, in Operand x, in Operand y, in Epilogue epilogue = default)
    {
        if (IsTrivial(kind, x.Layout, y))
        {
            if (x.Layout.Count > 0 && y.Layout.Count > 0) CopyViews(x, y);
            Finish(epilogue, y);
            return;
        }
        ReducedAxes axes = ReducedAxes.Of(x.Layout, y.Layout);
        ReduceStored(kind, x, y, axes.Besides, epilogue);
    }

    /// <inheritdoc/>
    public void Reduce(
        ReduceKind kind, TileProgram program, Layout sizes, ReadOnlySpan<Operand> inputs,
        ReadOnlySpan<Operand> outputs, in Epilogue epilogue = default)
    {
        ArgumentNullException.ThrowIfNull(program);
        bool[] done = new bool[outputs.Length];
        for (int i = 0; i < outputs.Length; i++)
        {
            if (done[i]) continue;
            // Outputs that are reduced alike share a launch.
            var together = new List<int>();
            for (int j = i; j < outputs.Length && together.Count < MostOutputs; j++)
                if (!done[j] && outputs[j].Type == outputs[i].Type
                    && outputs[j].Layout.Sizes.SequenceEqual(outputs[i].Layout.Sizes))
                    together.Add(j);
            foreach (int j in together) done[j] = true;
            TileProgram part = together.Count == outputs.Length ? program : program with
            {
                Outputs = [.. together.Select(j => program.Outputs[j])],
            };
            Operand[] results = new Operand[together.Count];
            for (int j = 0; j < results.Length; j++) results[j] = outputs[together[j]];
            ReduceTogether(kind, part, sizes, inputs, results, epilogue);
        }
    }

    private void ReduceTogether(
        ReduceKind kind, TileProgram program, Layout sizes, ReadOnlySpan<Operand> inputs,
        Operand[] outputs, in Epilogue epilogue)
    {
        Operand y = outputs[0];
        if (IsTrivial(kind, sizes, outputs))
        {
            if (sizes.Count > 0 && y.Layout.Count > 0) Elementwise(program, inputs, outputs);
            Finish(epilogue, y);
            return;
        }
        ReducedAxes axes = ReducedAxes.Of(sizes, y.Layout);
        if (!axes.Fit)
        {
            ReduceAfterStoring(kind, program, sizes, inputs, outputs, epilogue);
            return;
        }
        using Bound bound = Bind(program, ProgramForm.Source, inputs);
        FoldTypes one = FoldTypes.Of(kind, NumbersOf(y.Type), Stored(y.Type));
        FoldTypes fold = one.Several(outputs.Length);
        object kept = axes.Kept.Index(0), reduced = axes.Reduced.Index(0);
        object terms = Runner<IProgramTermsMaker>(
            typeof(ProgramTermsMaker<,,,>), bound.Type, fold.Value, kept.GetType(),
            reduced.GetType()).Make(bound.Program, kept, reduced);
        using Results results = ResultsOf(this, one, outputs, epilogue);
        Fold(fold, terms, typeof(long), results, Shape(axes, y.Layout.Count, axes.Besides));
    }

    // More axes than an index takes.
    private void ReduceAfterStoring(
        ReduceKind kind, TileProgram program, Layout sizes, ReadOnlySpan<Operand> inputs,
        Operand[] outputs, in Epilogue epilogue)
    {
        Operand[] stored = Array.ConvertAll(outputs, y => y with
        {
            Buffer = Rent(sizes.Count * y.Type.Size()),
            Offset = 0,
            Layout = sizes,
        });
        Elementwise(program, inputs, stored);
        for (int i = 0; i < stored.Length; i++)
        {
            Reduce(kind, stored[i], outputs[i], epilogue);
            Return(stored[i].Buffer);
        }
    }

    private void ReduceStored(
        ReduceKind kind, in Operand x, in Operand y, long besides, in Epilogue epilogue)
    {
        ReducedAxes axes = ReducedAxes.Of(x.Layout, y.Layout);
        if (!axes.Fit)
        {
            var copies = new List<DeviceBuffer>();
            Operand rows = Dense(Permuted(x, ReducedAxes.Order(x.Layout, y.Layout)), copies);
            long results = y.Layout.Count;
            ReduceStored(
                kind,
                rows with { Layout = Layout.Contiguous(results, x.Layout.Count / results) },
                y with { Layout = Layout.Contiguous(results, 1) }, besides, epilogue);
            Return(copies[0]);
            return;
        }
        FoldTypes fold = FoldTypes.Of(kind, NumbersOf(y.Type), Stored(y.Type));
        object kept = axes.Kept.Index(x.Offset), reduced = axes.Reduced.Index(0);
        object terms = Runner<IStoredTermsMaker>(
            typeof(StoredTermsMaker<,,>), fold.Value, kept.GetType(), reduced.GetType())
            .Make(Own(x.Buffer), kept, reduced);
        using Results result = ResultsOf(this, fold, [y], epilogue);
        Fold(fold, terms, typeof(long), result, Shape(axes, y.Layout.Count, besides));
    }

    private static Operand Permuted(in Operand x, int[] order)
    {
        Layout layout = x.Layout;
        long[] sizes = new long[order.Length], strides = new long[order.Length];
        for (int i = 0; i < order.Length; i++)
            (sizes[i], strides[i]) = (layout.Sizes[order[i]], layout.Strides[order[i]]);
        return x with { Layout = new(sizes, strides) };
    }

    private ReduceShape Shape(ReducedAxes axes, long results, long besides)
    {
        ReduceShape shape = ReduceShapes.Of(results, axes.Reduced.Count, besides, GroupThreads);
        return shape with { Across = axes.Across ? 1 : 0 };
    }

    /// <summary>
    /// Whether no two elements are combined: there is no result, or each has no value, which is 0
    /// and is written here, or one value, which is its result.
    /// </summary>
    private bool IsTrivial(ReduceKind kind, Layout x, params ReadOnlySpan<Operand> outputs)
    {
        Operand y = outputs[0];
        if (y.Type == DType.Bool)
            throw new ArgumentException($"Reduce: {kind} of bool; cast it first.");
        if (y.Layout.Count == 0 || y.Layout.Count == x.Count) return true;
        if (x.Count > 0) return false;
        if (kind != ReduceKind.Sum)
            throw new ArgumentException($"Reduce: {kind} of no elements, {x}.");
        foreach (Operand output in outputs) Fill(output, 0);
        return true;
    }

    /// <summary>Applies an epilogue to a result that is stored already.</summary>
    private void Finish(in Epilogue epilogue, in Operand y)
    {
        if (epilogue.Program is { } program)
            Elementwise(program, [y, .. epilogue.Operands], [y]);
    }

    private interface IProgramTermsMaker
    {
        object Make(object program, object kept, object reduced);
    }

    private sealed class ProgramTermsMaker<TProgram, TValue, TKept, TReduced> : IProgramTermsMaker
        where TProgram : struct, ISource<TProgram, TValue> where TValue : unmanaged
        where TKept : unmanaged, IIndex<TKept> where TReduced : unmanaged, IIndex<TReduced>
    {
        public object Make(object program, object kept, object reduced) =>
            new ProgramTerms<TProgram, TValue, TKept, TReduced>
            {
                Program = (TProgram)program,
                Kept = (TKept)kept,
                Reduced = (TReduced)reduced,
            };
    }

    private interface IStoredTermsMaker
    {
        object Make(GpuBuffer buffer, object kept, object reduced);
    }

    private sealed class StoredTermsMaker<T, TKept, TReduced> : IStoredTermsMaker
        where T : unmanaged
        where TKept : unmanaged, IIndex<TKept> where TReduced : unmanaged, IIndex<TReduced>
    {
        public object Make(GpuBuffer buffer, object kept, object reduced) =>
            new StoredTerms<T, TKept, TReduced>
            {
                Data = buffer.As<T>(),
                Kept = (TKept)kept,
                Reduced = (TReduced)reduced,
            };
    }
}
