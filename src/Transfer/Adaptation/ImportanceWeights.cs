// Weights of source samples by how likely they are in the target (Shimodaira, 2000), from a
// classifier that tells the domains apart (Bickel, Bruckner and Scheffer, 2007).
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>Weights of samples by the ratio of the domains' densities.</summary>
public static class ImportanceWeights
{
    /// <summary>
    /// The weights (N), float32, with mean 1 and at most <paramref name="largest"/>, of source
    /// samples (N, F) for target samples (M, F): the exponential of the logit of a logistic
    /// regression of the domain, times a number, cut at the largest.
    /// </summary>
    /// <param name="source">Source features.</param>
    /// <param name="target">Target features.</param>
    /// <param name="strength">The regression's ridge.</param>
    /// <param name="largest">
    /// Where weights are cut, so that no single sample rules; at least 1.
    /// </param>
    /// <exception cref="EngineException">The largest weight is below 1.</exception>
    public static Tensor Of(
        Tensor source, Tensor target, double strength = 1e-3, double largest = 10)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        if (!(largest >= 1))
            throw Errors.Fail("ImportanceWeights", $"weights of at most {largest} cannot have the "
                + "mean 1. Choose 1 or more.");
        double[] logits = Logits(DomainClassifier(source, target, strength), source).ToDoubles();
        double[] Cut(double by) => [.. logits.Select(z => Math.Min(Math.Exp(z + by), largest))];
        // All are cut at the upper end and at most 1 at the lower one; the mean grows between.
        double from = -logits.Max(), to = Math.Log(largest) - logits.Min();
        for (int i = 0; i < 100; i++)
        {
            double middle = (from + to) / 2;
            if (Cut(middle).Average() < 1) from = middle;
            else to = middle;
        }
        return Tensor.From(Cut(to)).Cast(DType.Float32).Eval();
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
        // A number as large as that of 80 says all there is to say, and its sums stay finite.
        return Tensor.Minimum(Logits(domain, features), 80).Exp();
    }

    /// <summary>The logarithm of that (N).</summary>
    internal static Tensor Logits(Linear domain, Tensor features)
    {
        Tensor z = domain.Forward(features.Cast(domain.Weight.DType));
        return z[.., 1] - z[.., 0];
    }
}
