// Max-pooling and its transpose.
namespace Engine.Kernels.Gpu;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void MaxPoolIndices(in PoolShape shape, in Operand x, in Operand y)
    {
        if (y.Layout.Count == 0) return;
        Runner<IPoolRunner>(typeof(PoolRunner<,>), Stored(x.Type), NumbersOf(x.Type))
            .Positions(this, WindowsOf(shape, y, x), x, y);
    }

    /// <inheritdoc/>
    public void MaxPool(
        in PoolShape shape, TileProgram program, Layout sizes, ReadOnlySpan<Operand> inputs,
        in Operand values, in Operand positions, in Epilogue epilogue = default)
    {
        if (values.Layout.Count == 0) return;
        using Bound source = Bind(program, ProgramForm.Source, inputs);
        using Bound after = BindAfter(epilogue, values.Type);
        Runner<IPoolProgramRunner>(
            typeof(PoolProgramRunner<,,,>), Stored(values.Type), NumbersOf(values.Type),
            source.Type, after.Type)
            .Run(
                this, WindowsOf(shape, values, values), source.Program, after.Program, values,
                positions);
    }

    /// <inheritdoc/>
    public void MaxUnpool(in PoolShape shape, in Operand g, in Operand positions, in Operand y)
    {
        if (y.Layout.Count == 0) return;
        Runner<IPoolRunner>(typeof(PoolRunner<,>), Stored(y.Type), NumbersOf(y.Type))
            .Back(this, WindowsOf(shape, g, y), g, positions, y);
    }

    /// <summary>The windows of a pooling; kernels number them, and elements, in 31 bits.</summary>
    private static Windows WindowsOf(in PoolShape shape, in Operand pooled, in Operand planes)
    {
        long most = Math.Max(pooled.Layout.Count, planes.Layout.Count);
        if (most > int.MaxValue)
            throw new NotSupportedException(
                $"GPU: pooling of {most} elements; it takes {int.MaxValue}. Use a smaller batch.");
        return new()
        {
            Height = shape.Height,
            Width = shape.Width,
            Down = shape.OutHeight,
            Across = shape.OutWidth,
            Window = shape.Window,
            Stride = shape.Stride,
            Padding = shape.Padding,
            OutX = Split(shape.OutWidth),
            OutY = Split(shape.OutHeight),
            InX = Split(shape.Width),
            InY = Split(shape.Height),
            Step = Split(shape.Stride),
        };
    }

    private interface IPoolRunner
    {
        void Positions(GpuBackend backend, in Windows windows, in Operand x, in Operand y);

        void Back(
            GpuBackend backend, in Windows windows, in Operand g, in Operand positions,
            in Operand y);
    }

    private sealed class PoolRunner<T, TNumbers> : IPoolRunner
        where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
    {
        public void Positions(GpuBackend backend, in Windows windows, in Operand x, in Operand y)
        {
            long count = y.Layout.Count;
            var kernel = new PoolPositions<T, TNumbers>
            {
                Source = new() { View = backend.DenseView<T>(x) },
                Windows = windows,
                Positions = backend.DenseView<int>(y),
                Count = count,
            };
            backend.LaunchFor(kernel, count);
        }

        public void Back(
            GpuBackend backend, in Windows windows, in Operand g, in Operand positions,
            in Operand y)
        {
            long count = y.Layout.Count;
            var kernel = new Unpool<T, TNumbers>
            {
                Values = backend.DenseView<T>(g),
                Positions = backend.DenseView<int>(positions),
                Windows = windows,
                Planes = backend.DenseView<T>(y),
                Count = count,
            };
            backend.LaunchFor(kernel, count);
        }
    }

    private interface IPoolProgramRunner
    {
        void Run(
            GpuBackend backend, in Windows windows, object source, object after, in Operand values,
            in Operand positions);
    }

    private sealed class PoolProgramRunner<T, TNumbers, TSource, TAfter> : IPoolProgramRunner
        where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
        where TSource : struct, ISource<TSource, T> where TAfter : struct, IAfter<TAfter, T>
    {
        public void Run(
            GpuBackend backend, in Windows windows, object source, object after, in Operand values,
            in Operand positions)
        {
            long count = values.Layout.Count;
            var kernel = new Pool<T, TNumbers, TSource, TAfter>
            {
                Source = (TSource)source,
                After = (TAfter)after,
                Windows = windows,
                Values = backend.DenseView<T>(values),
                Positions = backend.DenseView<int>(positions),
                Count = count,
            };
            backend.LaunchFor(kernel, count);
        }
    }

    /// <summary>The view of a contiguous operand, whatever its sizes.</summary>
    private View<T, Dense> DenseView<T>(in Operand x) where T : unmanaged =>
        new() { Data = Own(x.Buffer).As<T>(), Index = new() { Offset = x.Offset } };
}
