// What the normalisations that keep no statistics share: layer, group and instance normalisation
// differ only in the axes whose mean and variance they take.
namespace Engine.Nn;

/// <summary>Standardises over axes.</summary>
internal static class Normalization
{
    /// <summary>
    /// x * Factor - Offset is x with mean 0 and biased variance 1 over the axes, which stay with
    /// size 1. No centred copy of x is written: one reading takes the mean, one the variance, one
    /// makes the result. Rounding grows with the mean over the deviation, as in PyTorch's kernels.
    /// </summary>
    public static (Tensor Factor, Tensor Offset) Moments(Tensor x, Axes axes, double epsilon)
    {
        var (mean, variance) = x.Moments(axes, keepDims: true);
        Tensor factor = (variance + epsilon).Rsqrt();
        return (factor, mean * factor);
    }

    /// <summary>
    /// Each sample's groups of neighbouring channels standardised: x (N, C, ...), then scaled and
    /// shifted by channel (C). Scale and shift are combined with the moments, which are small.
    /// </summary>
    public static Tensor Groups(
        Tensor x, int groups, double epsilon, Tensor? scale, Tensor? shift)
    {
        // No size is -1, which cannot be inferred for an empty batch.
        int size = x.Shape[1] / groups;
        Tensor places = x.Rank == 2 ? x.ExpandDims(2) : x.Flatten(2);
        Tensor parts = places.Reshape(x.Shape[0], groups, size, places.Shape[2]);
        var (factor, offset) = Moments(parts, [2, 3], epsilon);
        if (scale is not null)
        {
            Tensor channels = scale.Reshape(1, groups, size, 1);
            (factor, offset) = (factor * channels, offset * channels);
        }
        if (shift is not null) offset -= shift.Reshape(1, groups, size, 1);
        return (parts * factor - offset).Reshape(x.Shape);
    }
}
