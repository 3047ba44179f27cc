// Domain-adversarial training (Ganin and Lempitsky, 2015; Ganin et al., 2016): features that please
// the classifier and keep a critic from telling the domains apart.
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>The domain-adversarial term.</summary>
public static class Dann
{
    /// <summary>
    /// Binary cross-entropy of a critic that tells source (1) from target (0) features, (N, F) and
    /// (M, F), which it sees through the reversal: minimised, it trains the critic, and the
    /// features against it (equation 9).
    /// </summary>
    public static Tensor Between(Mlp critic, Tensor source, Tensor target, Tensor weight)
    {
        ArgumentNullException.ThrowIfNull(critic);
        Tensor x = Reversal.Of(Tensor.Concat([source, target], 0), weight);
        return Critic.Loss(critic.Forward(x), source.Shape[0]);
    }

    /// <summary>
    /// The term of a network with that many features, whose weight climbs to <paramref
    /// name="weight"/> along the ramp.
    /// </summary>
    public static Term<Mlp> Term(
        Key key, int features, int hidden = 500, double weight = 1,
        DType type = DType.Float32) => new(
            "domain", Critic.Create(key, features, hidden, type), (critic, views, batch) => Between(
                critic, views.SourceF, views.TargetF,
                weight * Reversal.Ramp(batch.Progress.Cast(type))));
}

/// <summary>What the adversarial methods share: a network that tells the domains apart.</summary>
public static class Critic
{
    /// <summary>Two hidden layers, from features to one logit: positive for the source.</summary>
    public static Mlp Create(
        Key key, int features, int hidden = 500, DType type = DType.Float32) =>
        Mlp.Create(key, [features, hidden, hidden, 1], type: type);

    /// <summary>
    /// Binary cross-entropy of logits (N, 1) whose first rows are of the source; each sample counts
    /// as its weight (N), all the same by default.
    /// </summary>
    public static Tensor Loss(Tensor logits, int sourceCount, Tensor? weights = null)
    {
        Tensor z = logits.Squeeze(1);
        Tensor isSource = Tensor.Concat(
            [Tensor.Ones(sourceCount, z.DType), Tensor.Zeros(z.Shape[0] - sourceCount, z.DType)],
            0);
        return weights is null
            ? Nn.Loss.BceWithLogits(z, isSource)
            : (weights * Nn.Loss.BceWithLogits(z, isSource, Reduction.None)).Mean();
    }
}
