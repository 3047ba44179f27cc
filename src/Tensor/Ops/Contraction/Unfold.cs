// Windows of images as columns (im2col): strided slices side by side, so its transpose adds them
// back.
namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// The windows of images (N, C, H, W) as columns (N, C window window, windows), channels
    /// outermost, zero-padded: PyTorch's unfold (im2col).
    /// </summary>
    public Tensor Unfold(int window, int stride = 1, int padding = 0, int dilation = 1)
    {
        const string op = "Unfold";
        Errors.Rank(op, this, 4, "(N, C, H, W)");
        if (window < 1 || stride < 1 || dilation < 1 || padding < 0)
            throw Errors.Fail(op, $"window {window}, stride {stride} and dilation {dilation} must "
                + $"be at least 1, padding {padding} at least 0.");
        long span = (long)dilation * (window - 1) + 1;
        int height = Errors.Size(op, Shape[2] + 2L * padding);
        int width = Errors.Size(op, Shape[3] + 2L * padding);
        if (span > height || span > width)
            throw Errors.Fail(op, $"windows of {window} x {window} with dilation {dilation} span "
                + $"{span} x {span}, more than images {Shape} with padding {padding}. Use smaller "
                + "windows or more padding.");
        int places = Errors.Size(op, (long)window * window);
        int rows = Errors.Size(op, (long)Shape[1] * places);
        int count = Errors.Size(
            op, ((height - span) / stride + 1) * ((width - span) / stride + 1));
        Tensor x = padding == 0
            ? this
            : Pad([0, 0, padding, padding], [0, 0, padding, padding]);
        var parts = new Tensor[places];
        for (int i = 0; i < parts.Length; i++)
        {
            int top = i / window * dilation, left = i % window * dilation;
            parts[i] = x.Slice(
                [0, 0, top, left],
                [Shape[0], Shape[1], height - (int)span + top + 1, width - (int)span + left + 1],
                [1, 1, stride, stride]);
        }
        return Stack(parts, 2).Reshape(Shape[0], rows, count);
    }
}
