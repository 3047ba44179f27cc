// Choosing a model without labels of the target. What a validator is given holds none, so that it
// cannot look at them by mistake.
using System.Collections.Immutable;

namespace Engine.Transfer;

/// <summary>
/// What a network makes of held-out samples of both domains: features (N, F), logits (N, classes)
/// and labels (N) of the source, features (M, F) and logits (M, classes) of the target.
/// </summary>
public sealed record Unlabelled(
    Tensor SourceF, Tensor SourceZ, Tensor SourceY, Tensor TargetF, Tensor TargetZ);

/// <summary>A measure of how good a model is on the target; higher is better.</summary>
public sealed record Validator(string Name, Func<Unlabelled, double> Score);

/// <summary>The validators that are known to work at least sometimes.</summary>
public static class Validators
{
    /// <summary>
    /// The mutual information of the target's inputs and predictions, in nats: predictions that are
    /// certain and diverse (Musgrave, Belongie and Lim, 2022, found it the best of many).
    /// </summary>
    public static Validator InformationMaximisation { get; } = new("information", seen =>
        -Transfer.InformationMaximisation.Of(seen.TargetZ).Item());

    /// <summary>
    /// Soft neighbourhood density (Saito et al., 2021): the mean entropy of how each target sample
    /// is similar to the others (cosine of predicted probabilities over a temperature of 0.05).
    /// Dense neighbourhoods score high.
    /// </summary>
    public static Validator SoftNeighbourhoodDensity { get; } = new("neighbourhoods", seen =>
    {
        Tensor p = seen.TargetZ.Softmax(1);
        Tensor unit = p * p.Square().Sum(1, keepDims: true).Rsqrt();
        Tensor similarity = unit.MatMul(unit.Transpose()) / 0.05;
        // A sample is no neighbour of its own.
        int count = similarity.Shape[0];
        Tensor others = similarity - 1e9 * Tensor.Eye(count, similarity.DType);
        return Entropy.OfEach(others).Mean().Item();
    });

    /// <summary>
    /// Minus the cross-entropy on the source: what is left when nothing is known of the target.
    /// </summary>
    public static Validator SourceRisk { get; } = new("source risk", seen =>
        -Nn.Loss.CrossEntropy(seen.SourceZ, seen.SourceY).Item());

    /// <summary>
    /// Deep embedded validation (You et al., 2019): minus the source's cross-entropy, weighted by
    /// the density ratio of the domains' features and freed of its variance by a control variate
    /// (equations 6 and 7). One half of both domains trains the classifier of domains, the other
    /// half is weighted.
    /// </summary>
    public static Validator DeepEmbedded { get; } = new("deep embedded", seen =>
    {
        var (ofSource, source) = Rows.Halves(seen.SourceF);
        var (ofTarget, _) = Rows.Halves(seen.TargetF);
        Nn.Linear domain = ImportanceWeights.DomainClassifier(ofSource, ofTarget, strength: 1e-2);
        double prior = (double)ofSource.Shape[0] / ofTarget.Shape[0];
        Tensor weights = ImportanceWeights.Ratio(domain, source) * prior;
        Tensor losses = Nn.Loss.CrossEntropy(
            Rows.Halves(seen.SourceZ).Odd, Rows.Halves(seen.SourceY).Odd, Nn.Reduction.None)
            .Cast(DType.Float64) * weights;
        Tensor centred = weights - weights.Mean();
        Tensor variance = centred.Square().Mean();
        double spread = variance.Item();
        // Weights that are all the same vary with nothing.
        double slope = spread == 0 ? 0
            : -((losses - losses.Mean()) * centred).Mean().Item() / spread;
        return -(losses.Mean().Item() + slope * weights.Mean().Item() - slope);
    });

    /// <summary>All of them, the default first.</summary>
    public static ImmutableArray<Validator> All { get; } =
        [InformationMaximisation, DeepEmbedded, SoftNeighbourhoodDensity, SourceRisk];
}
