// What the normalisations that keep no statistics share: layer, group and instance normalisation
// differ only in the axes whose mean and variance they take.
namespace Engine.Nn;

/// <summary>Standardises over axes.</summary>
internal static class Normalization
{
    /// <summary>
    /// (x - mean) / sqrt(variance + epsilon) * scale + shift, mean and biased variance over the
    /// axes; scale and shift broadcast. The reciprocal root meets the scale before the elements.
    /// </summary>
    public static Tensor Apply(
        Tensor x, Axes axes, double epsilon, Tensor? scale, Tensor? shift)
    {
        Tensor centred = x - x.Mean(axes, keepDims: true);
        Tensor factor = (centred.Square().Mean(axes, keepDims: true) + epsilon).Rsqrt();
        Tensor y = centred * (scale is null ? factor : factor * scale);
        return shift is null ? y : y + shift;
    }

    /// <summary>
    /// <see cref="Apply"/> to each sample's groups of neighbouring channels: x (N, C, ...), scale
    /// and shift (C).
    /// </summary>
    public static Tensor Groups(
        Tensor x, int groups, double epsilon, Tensor? scale, Tensor? shift)
    {
        int[] parts = [x.Shape[0], groups, x.Shape[1] / groups, -1];
        Tensor? Channels(Tensor? vector) => vector?.Reshape(1, groups, -1, 1);
        return Apply(x.Reshape(parts), [2, 3], epsilon, Channels(scale), Channels(shift))
            .Reshape(x.Shape);
    }
}
