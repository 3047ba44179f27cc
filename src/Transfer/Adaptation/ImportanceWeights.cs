// Weights of source samples by how likely they are in the target (Shimodaira, 2000), from a
// classifier that tells the domains apart (Bickel, Bruckner and Scheffer, 2007).
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>Weights of samples by the ratio of the domains' densities.</summary>
public static class ImportanceWeights
{
    /// <summary>
    /// The weights (N), float32, with mean 1, of source samples (N, F) for target samples (M, F):
    /// exp of the logit of a logistic regression of the domain, at most <paramref name="largest"/>
    /// times their mean.
    /// </summary>
    /// <param name="source">Source features.</param>
    /// <param name="target">Target features.</param>
    /// <param name="strength">The regression's ridge.</param>
    /// <param name="largest">Where weights are cut, so that no single sample rules.</param>
    public static Tensor Of(
        Tensor source, Tensor target, double strength = 1e-3, double largest = 10)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        Tensor ratio = Ratio(DomainClassifier(source, target, strength), source);
        Tensor cut = Tensor.Minimum(ratio / ratio.Mean(), largest);
        return (cut / cut.Mean()).Cast(DType.Float32).Eval();
    }

    /// <summary>A regression whose second class is the target.</summary>
    internal static Linear DomainClassifier(Tensor source, Tensor target, double strength) =>
        LogisticRegression.Fit(
            Tensor.Concat([source, target], 0),
            Tensor.Concat(
                [Tensor.Zeros(source.Shape[0], DType.Int64),
                 Tensor.Ones(target.Shape[0], DType.Int64)], 0),
            classes: 2, strength);

    /// <summary>
    /// Target density over source density at samples (N, F), (N), but for the factor of how many
    /// samples of each domain the classifier saw.
    /// </summary>
    internal static Tensor Ratio(Linear domain, Tensor features)
    {
        Tensor z = domain.Forward(features.Cast(domain.Weight.DType));
        return (z[.., 1] - z[.., 0]).Exp();
    }
}
