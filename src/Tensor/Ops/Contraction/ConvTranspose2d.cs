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
        int groups = 1)
    {
        const string op = "ConvTranspose2d";
        Errors.Float(op, this);
        Errors.SameDType(op, this, filters);
        Errors.Rank(op, this, 4, "(N, C, H, W)");
        Errors.Rank(op, filters, 4, "(C, K / groups, R, S)");
        if (stride < 1 || dilation < 1 || groups < 1 || padding < 0 || outputPadding < 0
            || outputPadding >= stride)
            throw Errors.Fail(op, $"stride {stride}, dilation {dilation} and groups {groups} must "
                + $"be at least 1, padding {padding} at least 0, output padding {outputPadding} "
                + "between 0 and the stride, exclusive.");
        if (Shape[1] != filters.Shape[0] || Shape[1] % groups != 0)
            throw Errors.Fail(op, $"images {Shape} have {Shape[1]} channels, but filters "
                + $"{filters.Shape} take {filters.Shape[0]}, which must be divisible by the "
                + $"{groups} groups.");
        int height = Length(Shape[2], filters.Shape[2]), width = Length(Shape[3], filters.Shape[3]);
        if (height < 1 || width < 1)
            throw Errors.Fail(op, $"images {Shape} with filters {filters.Shape}, stride {stride}, "
                + $"padding {padding} and dilation {dilation} give {height} x {width} images. Use "
                + "less padding.");
        var geometry = new ConvolutionGeometry(
            stride, stride, padding, padding, dilation, dilation, groups);
        return Apply(
            new InputGradient(geometry, height, width), ExpandDims(0), filters.ExpandDims(0))
            .Squeeze(0);

        int Length(int size, int kernel)
        {
            long length = (size - 1L) * stride - 2L * padding + (long)dilation * (kernel - 1)
                + outputPadding + 1;
            return length <= 0 || size == 0 || kernel == 0 ? 0 : Errors.Size(op, length);
        }
    }
}
