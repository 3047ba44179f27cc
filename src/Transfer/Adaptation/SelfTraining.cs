// Self-training (pseudo-labels; Lee, 2013): the target's own confident predictions as its labels.
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>The term of pseudo-labels.</summary>
public static class SelfTraining
{
    /// <summary>
    /// Cross-entropy of logits (M, classes) with their own largest entry, for the rows whose
    /// largest probability is at least <paramref name="threshold"/>; others add 0. The labels and
    /// which rows count are taken as given: no gradient flows through the choice.
    /// </summary>
    public static Tensor Of(Tensor logits, double threshold)
    {
        ArgumentNullException.ThrowIfNull(logits);
        Tensor certain = logits.StopGradient().Softmax(1).Max(1) >= threshold;
        Tensor losses = Loss.CrossEntropy(logits, logits.ArgMax(1), Reduction.None);
        return (losses * certain.Cast(losses.DType)).Mean();
    }

    /// <summary>
    /// The term on the target's logits; its weight grows evenly (Lee, 2013, equation 16).
    /// </summary>
    public static Term<None> Term(double weight = 1, double threshold = 0.9) => new(
        "pseudo-labels", new(), (_, views, batch) =>
            weight * batch.Progress * Of(views.TargetZ, threshold));
}
