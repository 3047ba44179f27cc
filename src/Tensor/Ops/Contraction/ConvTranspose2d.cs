// Transposed convolution: the transpose of Conv2d in its images, as a layer that makes images
// larger.
namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// Transposed convolution of images (N, C, H, W) with filters (C, K / groups, R, S), PyTorch's
    /// conv_transpose2d: what <see cref="Conv2d(Tensor, int, int, int, int)"/> with these filters
    /// does to the gradient of its result. The result is (N, K, OH, OW), OH = (H - 1) stride -
    /// 2 padding + dilation (R - 1) + outputPadding + 1; the output padding, below the stride,
    /// chooses among the sizes that the convolution takes to H.
    /// </summary>
    public Tensor ConvTranspose2d(
        Tensor filters, int stride = 1, int padding = 0, int outputPadding = 0, int dilation = 1,
        int groups = 1) => ConvTranspose2d(
            filters, (stride, stride), (padding, padding), (outputPadding, outputPadding),
            (dilation, dilation), groups);

    /// <summary>
    /// <see cref="ConvTranspose2d(Tensor, int, int, int, int, int)"/> with (vertical, horizontal)
    /// strides, paddings and dilations.
    /// </summary>
    public Tensor ConvTranspose2d(
        Tensor filters, (int Height, int Width) stride, (int Height, int Width) padding,
        (int Height, int Width) outputPadding, (int Height, int Width) dilation, int groups = 1)
    {
        const string op = "ConvTranspose2d";
        Errors.Float(op, this);
        Errors.SameDType(op, this, filters);
        Errors.Rank(op, this, 4, "(N, C, H, W)");
        Errors.Rank(op, filters, 4, "(C, K / groups, R, S)");
        if (Shape[1] != filters.Shape[0] || groups < 1 || Shape[1] % groups != 0)
            throw Errors.Fail(op, $"images {Shape} have {Shape[1]} channels, but filters "
                + $"{filters.Shape} take {filters.Shape[0]}, which must be divisible by the "
                + $"{groups} groups.");
        int height = TransposedSize(
            Shape[2], filters.Shape[2], stride.Height, padding.Height, outputPadding.Height,
            dilation.Height);
        int width = TransposedSize(
            Shape[3], filters.Shape[3], stride.Width, padding.Width, outputPadding.Width,
            dilation.Width);
        if (height < 1 || width < 1)
            throw Errors.Fail(op, $"images {Shape} with filters {filters.Shape}, stride {stride}, "
                + $"padding {padding} and dilation {dilation} give {height} x {width} images. Use "
                + "less padding.");
        var geometry = new ConvolutionGeometry(stride.Height, stride.Width, padding.Height,
            padding.Width, dilation.Height, dilation.Width, groups);
        return Apply(
            new InputGradient(geometry, height, width), ExpandDims(0), filters.ExpandDims(0))
            .Squeeze(0);
    }

    /// <summary>The size that a convolution would turn into this one; 0 if none.</summary>
    private static int TransposedSize(
        int size, int kernel, int stride, int padding, int outputPadding, int dilation)
    {
        const string op = "ConvTranspose2d";
        if (stride < 1 || dilation < 1 || padding < 0 || outputPadding < 0
            || outputPadding >= stride)
            throw Errors.Fail(op, $"stride {stride} and dilation {dilation} must be at least 1, "
                + $"padding {padding} at least 0, output padding {outputPadding} at least 0 and "
                + "below the stride.");
        long length = (size - 1L) * stride - 2L * padding + (long)dilation * (kernel - 1)
            + outputPadding + 1;
        return length <= 0 || size == 0 || kernel == 0 ? 0 : Errors.Size(op, length);
    }
}
