// Layer normalisation.
namespace Engine.Nn;

/// <summary>
/// Each sample's last axes standardised (Ba et al., 2016): scale and shift have the shape of those
/// axes; the shift may be missing.
/// </summary>
public sealed partial record LayerNorm(Tensor Scale, Tensor? Shift, double Epsilon = 1e-5) : ITree
{
    /// <summary>Scale 1 and shift 0 over the last axes, which have that shape.</summary>
    public static LayerNorm Create(Shape shape, bool bias = true, DType type = DType.Float32) =>
        new(Tensor.Ones(shape, type).Eval(), bias ? Tensor.Zeros(shape, type).Eval() : null);

    /// <summary>(..., axes of the scale) to the same shape.</summary>
    public Tensor Forward(Tensor x)
    {
        int rank = Scale.Rank;
        if (x.Rank < rank || !x.Shape.Sizes[^rank..].SequenceEqual(Scale.Shape.Sizes))
            throw Errors.Fail("LayerNorm", $"needs last axes {Scale.Shape}, but got {x.Shape}. "
                + "Move the features to the end.");
        Axes axes = Enumerable.Range(x.Rank - rank, rank).ToArray();
        var (factor, offset) = Normalization.Moments(x, axes, Epsilon);
        Tensor y = (x * factor - offset) * Scale;
        return Shift is null ? y : y + Shift;
    }
}
