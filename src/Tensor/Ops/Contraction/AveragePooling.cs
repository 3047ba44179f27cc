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
    /// with a matrix of weights, one NaN would reach every window, as zero times NaN is NaN. All
    /// windows are read by one operation, so the gradient is added back by one, too.
    /// </summary>
    private Tensor Averaged(int axis, int windows)
    {
        int size = Shape[axis];
        if (windows == size) return this;
        if (size % windows == 0)
            return Reshape(Shape.With(axis, size / windows).Insert(axis, windows)).Mean(axis + 1);
        int longest = Enumerable.Range(0, windows).Max(
            i => (int)(((i + 1L) * size - 1) / windows - (long)i * size / windows) + 1);
        // The bounds are computed, and so are on the device of the images. They are shifted by half
        // an element, so that rounding cannot take a quotient past a whole number.
        Tensor place = Arange(windows, DType.Float64).ExpandDims(1) * size;
        Tensor first = ((place + 0.5) / windows).Floor();
        Tensor last = ((place + (size - 0.5)) / windows).Floor();
        Tensor position = first + Arange(longest, DType.Float64);
        Tensor taken = Take(Minimum(position, last).Cast(DType.Int64), axis);
        // Shorter windows read their last element again, and leave it out of the sum.
        int[] behind = [.. Enumerable.Repeat(1, Rank - axis - 1)];
        Tensor inside = (position <= last).Reshape([windows, longest, .. behind]);
        Tensor count = (last - first + 1).Cast(DType).Reshape([windows, .. behind]);
        return Where(inside, taken, 0).Sum(axis + 1) / count;
    }
}
