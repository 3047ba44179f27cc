// The public convolution of images with filters, and its checks.
using Engine.Kernels;

namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// Cross-correlation of images (N, C, H, W) with filters (K, C / groups, R, S), zero-padded, as
    /// in every deep-learning library; the result is (N, K, OH, OW).
    /// </summary>
    public Tensor Conv2d(
        Tensor filters, int stride = 1, int padding = 0, int dilation = 1, int groups = 1) =>
        Conv2d(filters, (stride, stride), (padding, padding), (dilation, dilation), groups);

    /// <summary>
    /// <see cref="Conv2d(Tensor, int, int, int, int)"/> with (vertical, horizontal) strides,
    /// paddings and dilations.
    /// </summary>
    public Tensor Conv2d(
        Tensor filters, (int Height, int Width) stride, (int Height, int Width) padding,
        (int Height, int Width) dilation, int groups = 1)
    {
        Errors.Rank("Conv2d", this, 4, "(N, C, H, W)");
        Errors.Rank("Conv2d", filters, 4, "(K, C / groups, R, S)");
        return Convolved("Conv2d", filters, stride, padding, dilation, groups);
    }

    /// <summary>
    /// The convolution of images with filters, or of sequences as images of one row; errors name
    /// the op and print what it was given.
    /// </summary>
    private Tensor Convolved(
        string op, Tensor filters, (int Height, int Width) stride, (int Height, int Width) padding,
        (int Height, int Width) dilation, int groups)
    {
        bool flat = Rank == 3;
        string inputs = flat ? "sequences" : "images";
        string Text((int Height, int Width) pair) => flat ? $"{pair.Width}" : $"{pair}";
        Errors.Float(op, this);
        Errors.SameDType(op, this, filters);
        if (stride.Height < 1 || stride.Width < 1 || dilation.Height < 1 || dilation.Width < 1
            || padding.Height < 0 || padding.Width < 0 || groups < 1)
            throw Errors.Fail(op, $"stride {Text(stride)}, dilation {Text(dilation)} and groups "
                + $"{groups} must be at least 1, padding {Text(padding)} at least 0.");
        if (Shape[1] != (long)filters.Shape[1] * groups || filters.Shape[0] % groups != 0)
            throw Errors.Fail(op, $"{inputs} {Shape} have {Shape[1]} channels, but filters "
                + $"{filters.Shape} in {groups} groups take {filters.Shape[1]} * {groups} and "
                + $"their number, {filters.Shape[0]}, must be divisible by the groups.");
        Tensor x = flat ? ExpandDims(2) : this, w = flat ? filters.ExpandDims(2) : filters;
        var geometry = new ConvolutionGeometry(stride.Height, stride.Width, padding.Height,
            padding.Width, dilation.Height, dilation.Width, groups);
        ConvolutionShape s =
            geometry.With([1, .. x.Shape.Sizes], [1, .. w.Shape.Sizes]);
        long tall = (long)dilation.Height * (s.KernelHeight - 1) + 1;
        long wide = (long)dilation.Width * (s.KernelWidth - 1) + 1;
        int height = Errors.Size(op, s.Height + 2L * padding.Height);
        int width = Errors.Size(op, s.Width + 2L * padding.Width);
        if (s.KernelHeight < 1 || s.KernelWidth < 1 || tall > height || wide > width)
            throw Errors.Fail(op, $"filters {filters.Shape} with dilation {Text(dilation)} span "
                + (flat ? $"{wide}" : $"{tall} x {wide}") + $", more than {inputs} {Shape} with "
                + $"padding {Text(padding)}. Use smaller filters or more padding.");
        // A stride beyond the image makes one output, as a shorter one does.
        geometry = geometry with
        {
            StrideHeight = (int)Math.Min(stride.Height, height - tall + 1),
            StrideWidth = (int)Math.Min(stride.Width, width - wide + 1),
        };
        Tensor y = Apply(new Convolution(geometry), x.ExpandDims(0), w.ExpandDims(0)).Squeeze(0);
        return flat ? y.Squeeze(2) : y;
    }
}
