// The image gradient of a convolution of few channels with stride 1 ("col2im"). One product gives
// the gradient that each tap sends back, as planes of the output's size; these are shifted and
// added. A direct convolution would have few rows here, the image's channels, and leave most of a
// register block empty; this product has a row for each tap and channel.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>The image gradient for few channels, for one width and element type.</summary>
internal static unsafe class ColumnsToImage<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged
{
    private struct Job
    {
        public DirectOperands<T> Operands;
        public FewChannelsPlanes Shape;
        public CpuBackend Backend;
    }

    /// <summary>Whether the columns of one image, held by each thread, are few enough.</summary>
    public static bool Fits(in ConvolutionShape s) =>
        (long)s.GroupChannels * s.KernelHeight * s.KernelWidth * s.OutHeight * s.OutWidth
        <= 1 << 22;

    /// <summary>
    /// Writes o.Result, images of o.Filters channels; o.Source holds the gradient of the output.
    /// </summary>
    public static void Run(CpuBackend backend, in FewChannelsPlanes shape, in DirectOperands<T> o)
    {
        var job = new Job
        {
            Operands = o,
            Shape = shape,
            Backend = backend,
        };
        backend.Workers.Run(o.Tasks * o.Images, &Image, job);
    }

    [MethodImpl(Compiled.Once)]
    private static void Image(in Job job, int part)
    {
        ref readonly DirectOperands<T> o = ref job.Operands;
        FewChannelsPlanes shape = job.Shape;
        CpuBackend backend = job.Backend;
        int task = part / o.Images, image = part % o.Images;
        using var columns = new Scratch<T>(backend, (nint)shape.Depth * shape.Outputs);
        var product = new Product<T>
        {
            RowA = 1,
            ColumnA = o.WeightChannel,
            RowB = o.SourceChannel,
            ColumnB = 1,
            C = columns.Pointer,
            RowC = shape.Outputs,
            M = shape.Depth,
            N = shape.Outputs,
            K = o.Channels,
        };
        nint taps = (nint)shape.KernelHeight * shape.KernelWidth * shape.Outputs;
        for (int group = 0; group < o.Groups; group++)
        {
            product.A = o.Weights + task * o.WeightTask + group * o.WeightGroup;
            product.B = o.Source + task * o.SourceTask + image * o.SourceImage
                + (nint)group * o.Channels * o.SourceChannel;
            GemmSmall<V, T>.Run(product);
            T* result = o.Result + task * o.ResultTask + image * o.ResultImage
                + (nint)group * o.Filters * o.ResultChannel;
            for (int c = 0; c < o.Filters; c++)
                AddTaps(shape, columns.Pointer + c * taps, result + c * o.ResultChannel);
        }
        o.Finish(task, image * o.ResultImage, o.ResultImage);
    }

    /// <summary>result[h, w] = sum over (r, s) of column (r, s)[h - i(r), w - j(s)].</summary>
    [MethodImpl(Compiled.Once)]
    private static void AddTaps(in FewChannelsPlanes shape, T* columns, T* result)
    {
        new Span<T>(result, shape.Height * shape.Width).Clear();
        for (int r = 0; r < shape.KernelHeight; r++)
            for (int s = 0; s < shape.KernelWidth; s++, columns += shape.Outputs)
            {
                int down = r * shape.DilationHeight - shape.PaddingHeight;
                int right = s * shape.DilationWidth - shape.PaddingWidth;
                int top = Math.Max(0, -down);
                int bottom = Math.Min(shape.OutHeight, shape.Height - down);
                int left = Math.Max(0, -right);
                int width = Math.Min(shape.OutWidth, shape.Width - right) - left;
                for (int h = top; h < bottom; h++)
                    AddRow(
                        columns + (nint)h * shape.OutWidth + left,
                        result + (nint)(h + down) * shape.Width + left + right, width);
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRow(T* from, T* to, int count)
    {
        int j = 0;
        for (; j + V.Count <= count; j += V.Count)
            V.Store(V.Load(to, j) + V.Load(from, j), to, j);
        if (j < count)
            V.StoreFirst(V.Load(to, j) + V.Load(from, j), to + j, count - j);
    }
}
