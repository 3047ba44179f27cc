// Information maximisation on the target (Krause et al., 2010; SHOT, Liang et al., 2020): each
// prediction certain, all of them together diverse.
namespace Engine.Transfer;

/// <summary>The information-maximisation term.</summary>
public static class InformationMaximisation
{
    /// <summary>
    /// The mean entropy of the predictions of logits (M, classes) less the entropy of their mean:
    /// minus the mutual information of inputs and predictions (Liang et al., 2020, equation 3).
    /// </summary>
    public static Tensor Of(Tensor logits) =>
        Entropy.OfEach(logits).Mean() - Entropy.OfMean(logits);

    /// <summary>
    /// The term on the target's logits; its weight grows evenly, since a network that knows nothing
    /// yet would only be made sure of it.
    /// </summary>
    public static Term<None> Term(double weight = 0.3) => new(
        "information", new(), (_, views, batch) =>
            weight * batch.Progress * Of(views.TargetZ));
}
