// Element-wise programs, copies and fills.
namespace Engine.Kernels.Gpu;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void Elementwise(
        TileProgram program, ReadOnlySpan<Operand> inputs, ReadOnlySpan<Operand> outputs)
    {
        long count = outputs[0].Layout.Count;
        if (count == 0) return;
        using Bound map = Bind(program, ProgramForm.Map, [.. inputs, .. outputs]);
        Runner<IMapRunner>(typeof(MapRunner<>), map.Type).Run(this, map.Program, count);
    }

    /// <inheritdoc/>
    public void Copy(in Operand source, in Operand target)
    {
        if (target.Layout.Count == 0) return;
        CopyViews(source, target);
    }

    /// <inheritdoc/>
    public void Fill(in Operand target, long bits)
    {
        if (target.Layout.Count == 0) return;
        foreach (Operand part in Parts(target))
            Runner<IFillRunner>(
                typeof(FillRunner<,>), Stored(part.Type), IndexOf(part).GetType())
                .Run(this, part, bits);
    }

    private interface IMapRunner
    {
        void Run(GpuBackend backend, object program, long count);
    }

    private sealed class MapRunner<TProgram> : IMapRunner
        where TProgram : struct, IMap<TProgram>
    {
        public void Run(GpuBackend backend, object program, long count) => backend.LaunchFor(
            new Map<TProgram> { Program = (TProgram)program, Count = count }, count);
    }

    private interface ICopyRunner
    {
        void Run(GpuBackend backend, in Operand source, in Operand target);
    }

    private sealed class CopyRunner<T, TFrom, TTo> : ICopyRunner
        where T : unmanaged
        where TFrom : unmanaged, IIndex<TFrom> where TTo : unmanaged, IIndex<TTo>
    {
        public void Run(GpuBackend backend, in Operand source, in Operand target) =>
            backend.LaunchFor(
                new Copy<T, TFrom, TTo>
                {
                    Source = backend.ViewOf<T, TFrom>(source),
                    Target = backend.ViewOf<T, TTo>(target),
                    Count = target.Layout.Count,
                },
                target.Layout.Count);
    }

    private interface IFillRunner
    {
        void Run(GpuBackend backend, in Operand target, long bits);
    }

    private sealed class FillRunner<T, TTo> : IFillRunner
        where T : unmanaged where TTo : unmanaged, IIndex<TTo>
    {
        public unsafe void Run(GpuBackend backend, in Operand target, long bits) =>
            backend.LaunchFor(
                new Fill<T, TTo>
                {
                    Target = backend.ViewOf<T, TTo>(target),
                    Value = *(T*)&bits,
                    Count = target.Layout.Count,
                },
                target.Layout.Count);
    }

    /// <summary>
    /// A copy, in several launches where one of the views has more axes than an index takes: the
    /// host then steps along the outermost.
    /// </summary>
    private void CopyViews(in Operand source, in Operand target)
    {
        if (MergedAxes.Of(source.Layout).Rank <= MergedAxes.Most
            && MergedAxes.Of(target.Layout).Rank <= MergedAxes.Most)
        {
            Runner<ICopyRunner>(
                typeof(CopyRunner<,,>), Stored(source.Type), IndexOf(source).GetType(),
                IndexOf(target).GetType()).Run(this, source, target);
            return;
        }
        for (long i = 0; i < target.Layout.Sizes[0]; i++)
            CopyViews(Slice(source, i), Slice(target, i));
    }

    private static IEnumerable<Operand> Parts(Operand x)
    {
        if (MergedAxes.Of(x.Layout).Rank <= MergedAxes.Most) return [x];
        return Enumerable.Range(0, (int)x.Layout.Sizes[0]).SelectMany(i => Parts(Slice(x, i)));
    }

    /// <summary>Entry i of the outermost axis.</summary>
    private static Operand Slice(in Operand x, long i) => x with
    {
        Offset = x.Offset + i * x.Layout.Strides[0],
        Layout = new(x.Layout.Sizes[1..].ToArray(), x.Layout.Strides[1..].ToArray()),
    };
}
