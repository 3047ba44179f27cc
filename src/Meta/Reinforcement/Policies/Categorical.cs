// One of several choices.
using Engine.Data;

namespace Engine.Meta;

/// <summary>
/// One of that many choices with probabilities softmax(parameters); the action is its number.
/// </summary>
public sealed record Categorical(int Choices) : IActionDistribution
{
    /// <inheritdoc/>
    public int Parameters => Choices;

    /// <inheritdoc/>
    public bool Fits(Space actions) => actions.Choices == Choices;

    /// <inheritdoc/>
    public int NoiseSize => Choices;

    /// <inheritdoc/>
    public void Noise(SeededRandom random, Span<double> noise)
    {
        ArgumentNullException.ThrowIfNull(random);
        // Of the Gumbel distribution: the largest logit with noise is drawn with its probability.
        for (int i = 0; i < noise.Length; i++)
            noise[i] = -Math.Log(-Math.Log(1 - random.Uniform()));
    }

    /// <inheritdoc/>
    public Tensor Draw(Tensor parameters, Tensor noise) => Mode(parameters + noise);

    /// <inheritdoc/>
    public Tensor Mode(Tensor parameters) =>
        parameters.ArgMax(-1, keepDims: true).Cast(parameters.DType);

    /// <inheritdoc/>
    public Tensor LogProbability(Tensor parameters, Tensor actions) =>
        parameters.LogSoftmaxAt(actions.Cast(DType.Int64), -1).Squeeze(-1);

    /// <inheritdoc/>
    public Tensor Divergence(Tensor p, Tensor q)
    {
        Tensor logP = p.LogSoftmax();
        return (logP.Exp() * (logP - q.LogSoftmax())).Sum(-1);
    }

    /// <inheritdoc/>
    public Tensor Entropy(Tensor parameters)
    {
        Tensor log = parameters.LogSoftmax();
        return -(log.Exp() * log).Sum(-1);
    }
}
