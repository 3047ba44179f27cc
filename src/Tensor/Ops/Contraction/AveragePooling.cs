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
        return Averaged(3, width).Averaged(2, height);
    }

    /// <summary>
    /// An axis averaged to that many windows. Each mean reads its own window only: in a product
    /// with a matrix of weights, zero times what is no number would reach all others.
    /// </summary>
    private Tensor Averaged(int axis, int windows)
    {
        int size = Shape[axis];
        if (windows == size) return this;
        if (size % windows == 0)
            return Reshape(Shape.With(axis, size / windows).Insert(axis, windows)).Mean(axis + 1);
        var parts = new Tensor[windows];
        for (int i = 0; i < windows; i++)
        {
            int start = (int)((long)i * size / windows);
            int stop = (int)(((i + 1L) * size + windows - 1) / windows);
            parts[i] = SliceAxis(axis, start, stop).Mean(axis, keepDims: true);
        }
        return Concat(parts, axis);
    }
}
