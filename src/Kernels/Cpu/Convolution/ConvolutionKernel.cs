// The three convolutions: chooses between Winograd's method, the kernels for few channels and the
// direct ones, and hands them the operands.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Kernels;

/// <inheritdoc/>
internal sealed unsafe class ConvolutionKernel<V, T> : ConvolutionKernel
    where V : struct, IKernelLanes<V, T> where T : unmanaged, INumberBase<T>
{
    public static readonly ConvolutionKernel<V, T> Only = new();

    public override void Forward(
        CpuBackend backend, in ConvolutionShape shape, in Operand x, in Operand w, in Operand y,
        void* after)
    {
        if (y.Layout.Count == 0) return;
        if (x.Layout.Count == 0 || w.Layout.Count == 0)
        {
            Clear(y, true);
            Finish(backend, after, y);
            return;
        }
        DirectOperands<T> o = Operands(shape, x, w);
        o.After = after;
        o.Result = (T*)CpuBackend.Pointer(y);
        o.ResultTask = TaskStride(y);
        o.ResultImage = (nint)shape.Filters * shape.OutHeight * shape.OutWidth;
        o.ResultChannel = (nint)shape.OutHeight * shape.OutWidth;
        o.ResultRow = shape.OutWidth;
        MergeTasks(ref o);
        if (Suits(backend, shape))
        {
            var tiles = new WinogradShape(
                shape.KernelHeight, o.Tasks, o.Images, shape.Height, shape.Width,
                shape.OutHeight, shape.OutWidth, shape.PaddingHeight);
            o.TakeSums();
            WinogradConvolution<V, T>.Run(backend, tiles.WithFewerTiles(), o, flip: false);
            return;
        }
        if (FewChannelsConvolution<V, T>.Suits(shape))
        {
            o.TakeSums();
            FewChannelsConvolution<V, T>.Run(backend, FewChannelsPlanes.Of(shape), o);
            return;
        }
        DirectConvolution<V, T>.Run(
            backend, DirectAxis.Rows(shape), DirectAxis.Columns(shape), o);
    }

    public override void InputGradient(
        CpuBackend backend, in ConvolutionShape shape, in Operand g, in Operand w, in Operand dx,
        void* after)
    {
        if (dx.Layout.Count == 0) return;
        ConvolutionShape s = shape;
        // With a stride or a crop there may be inputs that no tap reads.
        bool strided = s.StrideHeight > 1 || s.StrideWidth > 1;
        bool empty = g.Layout.Count == 0 || w.Layout.Count == 0;
        Clear(dx, strided || empty);
        if (empty)
        {
            Finish(backend, after, dx);
            return;
        }

        // Source and result change places, and so do channels and filters.
        DirectOperands<T> o = Operands(s, dx, w);
        (o.Channels, o.Filters) = (o.Filters, o.Channels);
        (o.WeightChannel, o.WeightFilter) = (o.WeightFilter, o.WeightChannel);
        o.Result = o.Source;
        (o.ResultTask, o.ResultImage, o.ResultChannel, o.ResultRow) =
            (o.SourceTask, o.SourceImage, o.SourceChannel, s.Width);
        o.Source = (T*)CpuBackend.Pointer(g);
        o.SourceTask = TaskStride(g);
        o.SourceImage = (nint)s.Filters * s.OutHeight * s.OutWidth;
        o.SourceChannel = (nint)s.OutHeight * s.OutWidth;
        // The phases of a stride interleave: none of them finishes a stretch of memory.
        o.After = strided ? null : after;
        MergeTasks(ref o);
        if (Suits(backend, s))
        {
            var tiles = new WinogradShape(
                s.KernelHeight, o.Tasks, o.Images, s.OutHeight, s.OutWidth, s.Height, s.Width,
                s.KernelHeight - 1 - s.PaddingHeight);
            o.TakeSums();
            WinogradConvolution<V, T>.Run(backend, tiles.WithFewerTiles(), o, flip: true);
            return;
        }
        if (FewChannelsConvolution<V, T>.Suits(s) && ColumnsToImage<V, T>.Fits(s))
        {
            ColumnsToImage<V, T>.Run(backend, FewChannelsPlanes.Of(s), o);
            return;
        }
        for (int a = 0; a < s.StrideHeight; a++)
            for (int b = 0; b < s.StrideWidth; b++)
            {
                DirectAxis rows = DirectAxis.TransposedRows(s, a);
                DirectAxis columns = DirectAxis.TransposedColumns(s, b);
                if (rows.Taps.Length > 0 && columns.Taps.Length > 0)
                    DirectConvolution<V, T>.Run(backend, rows, columns, o);
            }
        if (strided) Finish(backend, after, dx);
    }

    public override void WeightGradient(
        CpuBackend backend, in ConvolutionShape shape, in Operand x, in Operand g, in Operand dw)
    {
        if (dw.Layout.Count == 0) return;
        Clear(dw, x.Layout.Count == 0 || g.Layout.Count == 0);
        if (x.Layout.Count == 0 || g.Layout.Count == 0) return;
        DirectOperands<T> o = Operands(shape, x, dw);
        o.Result = (T*)CpuBackend.Pointer(g);
        o.ResultTask = TaskStride(g);
        o.ResultImage = (nint)shape.Filters * shape.OutHeight * shape.OutWidth;
        o.ResultChannel = (nint)shape.OutHeight * shape.OutWidth;
        if (Suits(backend, shape))
        {
            var tiles = new WinogradShape(
                shape.KernelHeight, o.Tasks, o.Images, shape.Height, shape.Width,
                shape.OutHeight, shape.OutWidth, shape.PaddingHeight);
            WinogradWeightGradient<V, T>.Run(backend, tiles, o);
            return;
        }
        if (FewChannelsConvolution<V, T>.Suits(shape))
        {
            FewChannelsWeightGradient<V, T>.Run(backend, FewChannelsPlanes.Of(shape), o);
            return;
        }
        DirectWeightGradient<V, T>.Run(
            backend, DirectAxis.Rows(shape), DirectAxis.Columns(shape), o);
    }

    /// <summary>Whether Winograd's method applies and is faster.</summary>
    private static bool Suits(CpuBackend backend, in ConvolutionShape s) =>
        backend.Winograd && typeof(T) == typeof(float) && s is
        {
            KernelHeight: 3 or 5, StrideHeight: 1, StrideWidth: 1,
            DilationHeight: 1, DilationWidth: 1, Groups: 1, Channels: >= 16, Filters: >= 16,
            PaddingHeight: >= 0,
        } && s.KernelWidth == s.KernelHeight && s.PaddingWidth == s.PaddingHeight
        && s.PaddingHeight < s.KernelHeight
        && (s.KernelHeight == 3 || s is { OutHeight: > 1, OutWidth: > 1 });

    /// <summary>The operands but for the result, with the image side as source.</summary>
    private static DirectOperands<T> Operands(
        in ConvolutionShape s, in Operand image, in Operand weights) => new()
        {
            Source = (T*)CpuBackend.Pointer(image),
            SourceTask = TaskStride(image),
            SourceImage = (nint)s.Channels * s.Height * s.Width,
            SourceChannel = (nint)s.Height * s.Width,
            Weights = (T*)CpuBackend.Pointer(weights),
            WeightTask = TaskStride(weights),
            WeightFilter = (nint)s.GroupChannels * s.KernelHeight * s.KernelWidth,
            WeightChannel = (nint)s.KernelHeight * s.KernelWidth,
            WeightGroup = (nint)s.GroupFilters * s.GroupChannels * s.KernelHeight * s.KernelWidth,
            KernelWidth = s.KernelWidth,
            Tasks = s.Tasks,
            Images = s.Batch,
            Groups = s.Groups,
            Channels = s.GroupChannels,
            Filters = s.GroupFilters,
        };

    private static nint TaskStride(in Operand x) =>
        x.Layout.Sizes[0] == 1 ? 0 : (nint)x.Layout.Strides[0];

    /// <summary>Tasks with the same weights are one with more images.</summary>
    private static void MergeTasks(ref DirectOperands<T> o)
    {
        if (o.WeightTask != 0 || o.Tasks == 1) return;
        if (o.SourceTask != o.Images * o.SourceImage || o.ResultTask != o.Images * o.ResultImage)
            return;
        o.Images *= o.Tasks;
        o.Tasks = 1;
    }

    private static void Finish(CpuBackend backend, void* after, in Operand result)
    {
        if (after != null)
            Unsafe.AsRef<BoundEpilogue>(after).RunAll(backend, result.Layout.Count);
    }

    private static void Clear(in Operand x, bool when)
    {
        if (when) NativeMemory.Clear(CpuBackend.Pointer(x), (nuint)(x.Layout.Count * sizeof(T)));
    }
}
