// Conditional domain-adversarial training (Long et al., 2018): the critic sees each sample's
// features together with the classes predicted for it.
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>
/// The product of features (N, F) and predictions (N, C) in few dimensions: random projections of
/// both, multiplied (Long et al., 2018, equation 6). Fixed, not learned, and the same for all runs
/// of the same sizes, so that a saved critic always meets the map that it learned behind.
/// </summary>
public sealed partial record RandomMap(Tensor OfFeatures, Tensor OfClasses) : ITree
{
    /// <summary>The map of that many outputs.</summary>
    public static RandomMap Create(
        int features, int classes, int size, DType type = DType.Float32)
    {
        Key[] keys = Key.From(0).Split();
        return new(
            keys[0].Normal([features, size], type).Eval(),
            keys[1].Normal([classes, size], type).Eval());
    }

    /// <summary>(N, F) and (N, C) to (N, size).</summary>
    public Tensor Forward(Tensor features, Tensor predictions)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(predictions);
        return features.MatMul(OfFeatures) * predictions.MatMul(OfClasses)
            / Math.Sqrt(OfFeatures.Shape[1]);
    }
}

/// <summary>The conditional domain-adversarial term.</summary>
public static class Cdan
{
    /// <summary>Above this many products of features and classes a random map is used.</summary>
    private const int LargestProduct = 4096;

    /// <summary>
    /// The domain-adversarial loss on the outer products of features and predictions (equation 5),
    /// or on their random map. With <paramref name="byEntropy"/> (CDAN+E) a sample counts
    /// 1 + exp(-H) of its predictions, relative to its domain's mean (equation 8). The predictions
    /// are conditions: no gradient flows into them.
    /// </summary>
    public static Tensor Between(
        Mlp critic, Views views, Tensor weight, bool byEntropy, RandomMap? map = null)
    {
        ArgumentNullException.ThrowIfNull(critic);
        ArgumentNullException.ThrowIfNull(views);
        int count = views.SourceF.Shape[0];
        Tensor f = Tensor.Concat([views.SourceF, views.TargetF], 0);
        Tensor z = Tensor.Concat([views.SourceZ, views.TargetZ], 0).StopGradient();
        Tensor p = z.Softmax(1);
        Tensor joint = map is null
            ? (p.ExpandDims(2) * f.ExpandDims(1)).Flatten(1)
            : map.Forward(f, p);
        Tensor logits = critic.Forward(Reversal.Of(joint, weight));
        if (!byEntropy) return Critic.Loss(logits, count);
        Tensor certain = 1 + (-Entropy.OfEach(z)).Exp();
        Tensor source = certain[..count], target = certain[count..];
        return Critic.Loss(logits, count, Tensor.Concat(
            [source / source.Mean(), target / target.Mean()], 0));
    }

    /// <summary>
    /// The term of a network with that many features and classes. When their product is large, the
    /// critic sees a random map of <paramref name="mapSize"/> outputs.
    /// </summary>
    public static Term<Mlp> Term(
        Key key, int features, int classes, bool byEntropy = true, int hidden = 500,
        double weight = 1, int mapSize = 1024, DType type = DType.Float32)
    {
        bool large = (long)features * classes > LargestProduct;
        RandomMap? map = large ? RandomMap.Create(features, classes, mapSize, type) : null;
        return new(
            "domain", Critic.Create(key, large ? mapSize : features * classes, hidden, type),
            (critic, views, batch) => Between(
                critic, views, weight * Reversal.Ramp(batch.Progress.Cast(type)), byEntropy, map));
    }
}
