// The adversarial domain autoencoder: domain separation networks (Bousmalis et al., 2016). What the
// domains share and what each has alone are encoded apart; both together rebuild the input, and the
// classifier sees the shared code alone.
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>
/// What learns beside the network, whose features are the shared code: a private encoder of each
/// domain, the decoder, and a critic of the shared code.
/// </summary>
public sealed partial record Separation(
    Mlp PrivateSource, Mlp PrivateTarget, Mlp Decoder, Mlp Critic) : ITree;

/// <summary>What the parts of the loss weigh (Bousmalis et al., 2016, equation 1).</summary>
/// <param name="Rebuild">Of the error of the rebuilt inputs, alpha.</param>
/// <param name="Difference">Of what shared and private codes have in common, beta.</param>
/// <param name="Similarity">Of the critic's loss, gamma.</param>
public sealed record SeparationWeights(
    double Rebuild = 0.1, double Difference = 0.05, double Similarity = 0.25);

/// <summary>The loss of domain separation.</summary>
public static class SeparationNetwork
{
    /// <summary>
    /// The term of a network with that many features, on inputs of so many numbers each.
    /// </summary>
    public static Term<Separation> Term(
        Key key, int features, int inputs, SeparationWeights? weights = null, int hidden = 400)
    {
        ArgumentNullException.ThrowIfNull(key);
        weights ??= new();
        Key[] keys = key.Split(4);
        var start = new Separation(
            Mlp.Create(keys[0], [inputs, hidden, features]),
            Mlp.Create(keys[1], [inputs, hidden, features]),
            Mlp.Create(keys[2], [features, hidden, inputs]),
            Critic.Create(keys[3], features, hidden));
        return new(["rebuild", "difference", "similarity"], start, (own, views, batch) =>
        {
            Tensor sourceX = batch.SourceX.Flatten(1), targetX = batch.TargetX.Flatten(1);
            Tensor ofSource = own.PrivateSource.Forward(sourceX);
            Tensor ofTarget = own.PrivateTarget.Forward(targetX);
            Tensor rebuild =
                RebuildError(sourceX, own.Decoder.Forward(views.SourceF + ofSource))
                + RebuildError(targetX, own.Decoder.Forward(views.TargetF + ofTarget));
            Tensor difference =
                InCommon(views.SourceF, ofSource) + InCommon(views.TargetF, ofTarget);
            Tensor similarity = Dann.Between(
                own.Critic, views.SourceF, views.TargetF, Reversal.Ramp(batch.Progress));
            return Tensor.Stack(
                [
                    weights.Rebuild * rebuild, weights.Difference * difference,
                    weights.Similarity * similarity,
                ]);
        });
    }

    /// <summary>
    /// The mean squared error of rows (N, D), each but for its mean error: a whole picture may be
    /// lighter or darker (equations 3 and 4).
    /// </summary>
    public static Tensor RebuildError(Tensor x, Tensor rebuilt)
    {
        Tensor error = x - rebuilt;
        return (error.Square().Mean(1) - error.Mean(1).Square()).Mean();
    }

    /// <summary>
    /// How far shared and private codes (N, F) go together, in 0..1: the squared Frobenius norm of
    /// S'P / N for codes that are centred and of length 1 (equation 5, over N^2, so that it does
    /// not grow with the batch). 0 if the codes are orthogonal.
    /// </summary>
    public static Tensor InCommon(Tensor shared, Tensor own)
    {
        ArgumentNullException.ThrowIfNull(shared);
        static Tensor Unit(Tensor code)
        {
            Tensor centred = code - code.Mean(0, keepDims: true);
            return centred * (centred.Square().Sum(1, keepDims: true) + 1e-12).Rsqrt();
        }
        Tensor together = Unit(shared).Transpose().MatMul(Unit(own)) / shared.Shape[0];
        return together.Square().Sum();
    }
}
