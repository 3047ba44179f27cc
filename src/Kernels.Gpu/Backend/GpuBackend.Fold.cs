// What all reductions share: where results go, and the one or two launches of a fold.
namespace Engine.Kernels.Gpu;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void ArgMax(in Operand x, in Operand y)
    {
        if (y.Layout.Count == 0) return;
        if (x.Type == DType.Bool)
            throw new ArgumentException("ArgMax: bools have no order; cast them.");
        if (x.Layout.Count == 0)
            throw new ArgumentException($"ArgMax: of no elements, {x.Layout}.");
        Runner<IArgMaxRunner>(typeof(ArgMaxRunner<,>), NumbersOf(x.Type), Stored(x.Type))
            .Run(this, x, y);
    }

    /// <summary>Folds terms to results.</summary>
    private void Fold(
        FoldTypes fold, object terms, Type start, Results results, in ReduceShape shape) =>
        Runner<IFoldRunner>(
            typeof(FoldRunner<,,,,,>), fold.Fold, terms.GetType(), start, results.Value.GetType(),
            fold.Value, fold.Part).Run(this, terms, results.Value, shape);

    private static Results ResultsOf(
        GpuBackend backend, FoldTypes fold, Operand[] outputs, in Epilogue epilogue)
    {
        if (outputs.Length > 1)
        {
            Type several = outputs.Length switch
            {
                2 => typeof(Results2Maker<,,>),
                3 => typeof(Results3Maker<,,>),
                _ => typeof(Results4Maker<,,>),
            };
            return new(
                Runner<IResultsMaker>(several, fold.Fold, fold.Value, fold.Part)
                    .Make(backend, outputs, null),
                null);
        }
        Bound after = backend.BindAfter(epilogue, outputs[0].Type);
        return new(
            Runner<IResultsMaker>(
                typeof(Results1Maker<,,,>), fold.Fold, fold.Value, fold.Part, after.Type)
                .Make(backend, outputs, after.Program),
            after);
    }

    private View<T, Dense> Contiguous<T>(in Operand y) where T : unmanaged =>
        new() { Data = Own(y.Buffer).As<T>(), Index = new() { Offset = y.Offset } };

    /// <summary>Where results go, boxed, and what to give back after the launch.</summary>
    private sealed class Results(object value, IDisposable? after) : IDisposable
    {
        public object Value => value;

        public void Dispose() => after?.Dispose();
    }

    private interface IFoldRunner
    {
        void Run(GpuBackend backend, object terms, object results, in ReduceShape shape);
    }

    private sealed class FoldRunner<TFold, TTerms, TStart, TResults, TValue, TPart> : IFoldRunner
        where TFold : unmanaged, IFold<TFold, TValue, TPart>
        where TTerms : struct, ITerms<TTerms, TStart, TValue>
        where TResults : struct, IResults<TResults, TPart>
        where TStart : unmanaged where TValue : unmanaged where TPart : unmanaged
    {
        public unsafe void Run(
            GpuBackend backend, object terms, object results, in ReduceShape shape)
        {
            if (shape.Parts == 1)
            {
                backend.LaunchFor(
                    new Reduce<TFold, TTerms, TStart, TResults, TValue, TPart>
                    {
                        Terms = (TTerms)terms,
                        Results = (TResults)results,
                        Shape = shape,
                    },
                    shape.Results * shape.Lanes);
                return;
            }
            long count = shape.Results * shape.Parts;
            var parts = (GpuBuffer)backend.Rent(count * sizeof(TPart));
            backend.LaunchFor(
                new Reduce<TFold, TTerms, TStart, Parts<TPart>, TValue, TPart>
                {
                    Terms = (TTerms)terms,
                    Results = new() { Data = parts.As<TPart>() },
                    Shape = shape,
                },
                count * shape.Lanes);
            ReduceShape last = ReduceShapes.OfParts(shape, backend.GroupThreads);
            Runner<IFoldRunner>(
                typeof(FoldRunner<,,,,,>), typeof(OfParts<TFold, TValue, TPart>),
                typeof(PartTerms<TPart>), typeof(long), typeof(TResults), typeof(TPart),
                typeof(TPart)).Run(
                    backend,
                    new PartTerms<TPart> { Data = parts.As<TPart>(), Results = shape.Results },
                    results, last);
            backend.Return(parts);
        }
    }

    private interface IResultsMaker
    {
        object Make(GpuBackend backend, Operand[] y, object? after);
    }

    private sealed class Results1Maker<TFold, TValue, TPart, TAfter> : IResultsMaker
        where TFold : unmanaged, IFold<TFold, TValue, TPart>
        where TValue : unmanaged where TPart : unmanaged
        where TAfter : struct, IAfter<TAfter, TValue>
    {
        public object Make(GpuBackend backend, Operand[] y, object? after) =>
            new Result1<TFold, TValue, TPart, TAfter>
            {
                A = backend.Contiguous<TValue>(y[0]),
                After = (TAfter)after!,
            };
    }

    private sealed class Results2Maker<TFold, TValue, TPart> : IResultsMaker
        where TFold : unmanaged, IFold<TFold, TValue, TPart>
        where TValue : unmanaged where TPart : unmanaged
    {
        public object Make(GpuBackend backend, Operand[] y, object? after) =>
            new Result2<TFold, TValue, TPart>
            {
                A = backend.Contiguous<TValue>(y[0]),
                B = backend.Contiguous<TValue>(y[1]),
            };
    }

    private sealed class Results3Maker<TFold, TValue, TPart> : IResultsMaker
        where TFold : unmanaged, IFold<TFold, TValue, TPart>
        where TValue : unmanaged where TPart : unmanaged
    {
        public object Make(GpuBackend backend, Operand[] y, object? after) =>
            new Result3<TFold, TValue, TPart>
            {
                A = backend.Contiguous<TValue>(y[0]),
                B = backend.Contiguous<TValue>(y[1]),
                C = backend.Contiguous<TValue>(y[2]),
            };
    }

    private sealed class Results4Maker<TFold, TValue, TPart> : IResultsMaker
        where TFold : unmanaged, IFold<TFold, TValue, TPart>
        where TValue : unmanaged where TPart : unmanaged
    {
        public object Make(GpuBackend backend, Operand[] y, object? after) =>
            new Result4<TFold, TValue, TPart>
            {
                A = backend.Contiguous<TValue>(y[0]),
                B = backend.Contiguous<TValue>(y[1]),
                C = backend.Contiguous<TValue>(y[2]),
                D = backend.Contiguous<TValue>(y[3]),
            };
    }

    private interface IArgMaxRunner
    {
        void Run(GpuBackend backend, in Operand x, in Operand y);
    }

    private sealed class ArgMaxRunner<TNumbers, T> : IArgMaxRunner
        where TNumbers : unmanaged, INumbers<TNumbers, T> where T : unmanaged
    {
        public void Run(GpuBackend backend, in Operand x, in Operand y)
        {
            Layout layout = x.Layout;
            var terms = new PlacedTerms<T>
            {
                Data = backend.Own(x.Buffer).As<T>(),
                Offset = x.Offset,
                RowStride = layout.Strides[0],
                Stride = layout.Strides[1],
            };
            ReduceShape shape = ReduceShapes.Of(
                layout.Sizes[0], layout.Sizes[1], 1, backend.GroupThreads);
            shape.Across = Math.Abs(layout.Strides[0]) < Math.Abs(layout.Strides[1]) ? 1 : 0;
            var fold = new FoldTypes(
                typeof(FirstLargest<TNumbers, T>), typeof(Placed<T>), typeof(Placed<T>));
            var places = new Places<T> { A = backend.Contiguous<long>(y) };
            backend.Fold(fold, terms, typeof(long), new(places, null), shape);
        }
    }
}
