// Averages over whole images and over windows chosen by the size of the result.
namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// Mean of each channel of images (N, C, H, W): (N, C), or (N, C, 1, 1) if the axes are kept.
    /// </summary>
    public Tensor GlobalAvgPool2d(bool keepDims = false)
    {
        Errors.Rank("GlobalAvgPool2d", this, 4, "(N, C, H, W)");
        return Mean([2, 3], keepDims);
    }

    /// <summary>
    /// Images (N, C, H, W) averaged to (N, C, height, width): row i is the mean of rows floor(i H /
    /// height) to ceil((i + 1) H / height), as in PyTorch.
    /// </summary>
    public Tensor AdaptiveAvgPool2d(int height, int width)
    {
        const string op = "AdaptiveAvgPool2d";
        Errors.Float(op, this);
        Errors.Rank(op, this, 4, "(N, C, H, W)");
        if (height < 1 || width < 1 || Shape[2] < 1 || Shape[3] < 1)
            throw Errors.Fail(op, $"images {Shape} cannot be averaged to {height} x {width}. All "
                + "sizes must be at least 1.");
        Tensor narrow = MatMul(Windows(Shape[3], width));
        return narrow.SwapAxes(2, 3).MatMul(Windows(Shape[2], height)).SwapAxes(2, 3);
    }

    /// <summary>
    /// The matrix (size, windows) that averages; every quotient is either whole or clear of a whole
    /// number by more than its rounding.
    /// </summary>
    private Tensor Windows(int size, int windows)
    {
        Tensor window = Arange(windows, DType.Float64);
        Tensor place = Arange(size, DType.Float64).ExpandDims(1);
        Tensor start = (window * size / windows).Floor();
        Tensor stop = ((window + 1) * size / windows).Ceiling();
        Tensor inside = ((place >= start) & (place < stop)).Cast(DType);
        return inside / inside.Sum(0, keepDims: true);
    }
}
