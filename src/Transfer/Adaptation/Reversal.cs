// Gradient reversal (Ganin and Lempitsky, 2015): the identity whose gradient is turned round, so
// that one optimiser trains a critic and, against it, the features that it looks at.
namespace Engine.Transfer;

/// <summary>The gradient reversal layer and the ramp of its weight.</summary>
public static class Reversal
{
    /// <summary>
    /// x (of any shape), whose gradient is -<paramref name="weight"/> (a scalar) times what comes
    /// back (Ganin et al., 2016, equations 17 and 18).
    /// </summary>
    public static Tensor Of(Tensor x, Tensor weight)
    {
        ArgumentNullException.ThrowIfNull(weight);
        return CustomRule.Of(
            ((Tensor X, Tensor Weight) at) => at.X,
            vjp: (at, y, g) =>
                (-at.Weight * g, Tensor.Zeros(at.Weight.Shape, at.Weight.DType)))((x, weight));
    }

    /// <summary>
    /// 2 / (1 + exp(-steepness * progress)) - 1: from 0 to 1, so that the critic learns before the
    /// features heed it (Ganin et al., 2016, section 5.2.2).
    /// </summary>
    public static Tensor Ramp(Tensor progress, double steepness = 10) =>
        2 / (1 + (-steepness * progress).Exp()) - 1;
}
