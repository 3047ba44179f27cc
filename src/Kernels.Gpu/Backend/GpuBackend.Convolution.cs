// Convolution and its two gradients, as products of matrices of which one is read from images:
//
//   result           rows                columns         depth
//   y                filters             output pixels   taps (channel, y, x)
//   input gradient   channels            input pixels    taps (filter, y, x)
//   weight gradient  filters             taps            output pixels
//
// for each task and each group of channels. Pixels are those of all images of the batch.
namespace Engine.Kernels.Gpu;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void Convolution(
        in ConvolutionShape shape, in Operand x, in Operand w, in Operand y,
        in Epilogue epilogue = default)
    {
        if (y.Layout.Count == 0) return;
        using Bound after = BindAfter(epilogue, y.Type);
        ConvolutionsOf(y.Type, after.Type).Forward(this, shape, x, w, y, after.Program);
    }

    /// <inheritdoc/>
    public void InputGradient(
        in ConvolutionShape shape, in Operand g, in Operand w, in Operand dx,
        in Epilogue epilogue = default)
    {
        if (dx.Layout.Count == 0) return;
        using Bound after = BindAfter(epilogue, dx.Type);
        ConvolutionsOf(dx.Type, after.Type).InputGradient(this, shape, g, w, dx, after.Program);
    }

    /// <inheritdoc/>
    public void WeightGradient(in ConvolutionShape shape, in Operand x, in Operand g, in Operand dw)
    {
        if (dw.Layout.Count == 0) return;
        using Bound after = BindAfter(default, dw.Type);
        ConvolutionsOf(dw.Type, after.Type).WeightGradient(this, shape, x, g, dw, after.Program);
    }

    private static IConvolutionRunner ConvolutionsOf(DType type, Type after) =>
        type.IsFloat()
            ? Runner<IConvolutionRunner>(
                typeof(ConvolutionRunner<,,>), Stored(type), NumbersOf(type), after)
            : throw new NotSupportedException($"Convolution: no kernel for {type.Name()}.");

    private interface IConvolutionRunner
    {
        void Forward(
            GpuBackend backend, in ConvolutionShape shape, in Operand x, in Operand w, in Operand y,
            object after);

        void InputGradient(
            GpuBackend backend, in ConvolutionShape shape, in Operand g, in Operand w,
            in Operand dx, object after);

        void WeightGradient(
            GpuBackend backend, in ConvolutionShape shape, in Operand x, in Operand g,
            in Operand dw, object after);
    }

    private sealed class ConvolutionRunner<T, TNumbers, TAfter> : IConvolutionRunner
        where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
        where TAfter : struct, IAfter<TAfter, T>
    {
        public void Forward(
            GpuBackend backend, in ConvolutionShape shape, in Operand x, in Operand w, in Operand y,
            object after)
        {
            var filters = Read(backend, w, FilterTable(shape));
            var pixels = new Pixels<T, TNumbers> { Image = Input(backend, shape, x) };
            var target = Written(backend, y, OutputTable(shape), after);
            new Products<
                T, TNumbers, Matrices<T, TNumbers>, Pixels<T, TNumbers>, Results<T, TAfter>>(
                backend, filters, pixels, target)
                .Run(shape.GroupFilters, OutputPixels(shape), Taps(shape), Batches(shape));
        }

        public void InputGradient(
            GpuBackend backend, in ConvolutionShape shape, in Operand g, in Operand w,
            in Operand dx, object after)
        {
            // A row of the filters' matrix is a channel here: its taps, filter after filter.
            int area = shape.KernelHeight * shape.KernelWidth;
            Table turned = FilterTable(shape);
            turned.RowStride = area;
            turned.OuterStride = (long)shape.GroupChannels * area;
            turned.Inner = Split(area);
            var filters = Read(backend, w, turned);
            var pixels = new Spread<T, TNumbers>
            {
                Image = Output(backend, shape, g),
                StrideY = Split(shape.StrideHeight),
                StrideX = Split(shape.StrideWidth),
            };
            long plane = (long)shape.Height * shape.Width, image = shape.Channels * plane;
            var table = new Table
            {
                Groups = shape.Groups,
                TaskStride = shape.Batch * image,
                GroupStride = shape.GroupChannels * plane,
                RowStride = plane,
                OuterStride = image,
                Inner = Split(plane),
            };
            new Products<
                T, TNumbers, Matrices<T, TNumbers>, Spread<T, TNumbers>, Results<T, TAfter>>(
                backend, filters, pixels, Written(backend, dx, table, after))
                .Run(
                    shape.GroupChannels, shape.Batch * plane, (long)shape.GroupFilters * area,
                    Batches(shape));
        }

        public void WeightGradient(
            GpuBackend backend, in ConvolutionShape shape, in Operand x, in Operand g,
            in Operand dw, object after)
        {
            Table gradient = OutputTable(shape);
            var taps = new Taps<T, TNumbers> { Image = Input(backend, shape, x) };
            new Products<T, TNumbers, Matrices<T, TNumbers>, Taps<T, TNumbers>, Results<T, TAfter>>(
                backend, Read(backend, g, gradient), taps,
                Written(backend, dw, FilterTable(shape), after))
                .Run(shape.GroupFilters, Taps(shape), OutputPixels(shape), Batches(shape));
        }

        private static Matrices<T, TNumbers> Read(GpuBackend backend, in Operand x, Table table)
        {
            table.TaskStride = FirstStride(x);
            return new()
            {
                Data = backend.Own(x.Buffer).As<T>(),
                Offset = x.Offset,
                Table = table,
            };
        }

        private static Results<T, TAfter> Written(
            GpuBackend backend, in Operand y, in Table table, object after) => new()
            {
                Data = backend.Own(y.Buffer).As<T>(),
                Offset = y.Offset,
                Table = table,
                After = (TAfter)after,
            };

        /// <summary>The images that are convolved.</summary>
        private static Image<T> Input(GpuBackend backend, in ConvolutionShape s, in Operand x)
        {
            long plane = (long)s.Height * s.Width;
            return new()
            {
                Data = backend.Own(x.Buffer).As<T>(),
                Offset = x.Offset,
                TaskStride = FirstStride(x),
                GroupStride = s.GroupChannels * plane,
                ImageStride = s.Channels * plane,
                ChannelStride = plane,
                Groups = s.Groups,
                Height = s.Height,
                Width = s.Width,
                OffsetY = s.Width,
                OffsetX = 1,
                PixelX = Split(s.OutWidth),
                PixelY = Split(s.OutHeight),
                TapX = Split(s.KernelWidth),
                TapY = Split(s.KernelHeight),
                StepY = s.StrideHeight,
                StepX = s.StrideWidth,
                StartY = -s.PaddingHeight,
                StartX = -s.PaddingWidth,
                TapStepY = s.DilationHeight,
                TapStepX = s.DilationWidth,
            };
        }

        /// <summary>The gradient of the output as the image that the transpose convolves.</summary>
        private static Image<T> Output(GpuBackend backend, in ConvolutionShape s, in Operand g)
        {
            long plane = (long)s.OutHeight * s.OutWidth;
            return new()
            {
                Data = backend.Own(g.Buffer).As<T>(),
                Offset = g.Offset,
                TaskStride = FirstStride(g),
                GroupStride = s.GroupFilters * plane,
                ImageStride = s.Filters * plane,
                ChannelStride = plane,
                Groups = s.Groups,
                Height = s.OutHeight,
                Width = s.OutWidth,
                PixelX = Split(s.Width),
                PixelY = Split(s.Height),
                TapX = Split(s.KernelWidth),
                TapY = Split(s.KernelHeight),
                StepY = 1,
                StepX = 1,
                StartY = s.PaddingHeight,
                StartX = s.PaddingWidth,
                TapStepY = -s.DilationHeight,
                TapStepX = -s.DilationWidth,
            };
        }
    }

    /// <summary>The filters as matrices of filters x taps.</summary>
    private static Table FilterTable(in ConvolutionShape s) => new()
    {
        Groups = s.Groups,
        TaskStride = s.Filters * Taps(s),
        GroupStride = s.GroupFilters * Taps(s),
        RowStride = Taps(s),
        Inner = Split(Taps(s)),
    };

    /// <summary>The output, or its gradient, as matrices of filters x pixels.</summary>
    private static Table OutputTable(in ConvolutionShape s)
    {
        long plane = (long)s.OutHeight * s.OutWidth, image = s.Filters * plane;
        return new()
        {
            Groups = s.Groups,
            TaskStride = s.Batch * image,
            GroupStride = s.GroupFilters * plane,
            RowStride = plane,
            OuterStride = image,
            Inner = Split(plane),
        };
    }

    private static long Taps(in ConvolutionShape s) =>
        (long)s.GroupChannels * s.KernelHeight * s.KernelWidth;

    private static long OutputPixels(in ConvolutionShape s) =>
        (long)s.Batch * s.OutHeight * s.OutWidth;

    private static long Batches(in ConvolutionShape s) => (long)s.Tasks * s.Groups;

    /// <summary>An axis to divide by; a size of 0 divides nothing.</summary>
    private static Axis Split(long size) => Axis.Of(Math.Max(1, size), 1);

    /// <summary>The distance of tasks, 0 where all share one.</summary>
    private static long FirstStride(in Operand x) =>
        x.Layout.Sizes[0] > 1 ? x.Layout.Strides[0] : 0;
}
