// Distributions over actions as tensor programs of their parameters, which stand along the last
// axis: what a network gives becomes something to draw from and to differentiate.
using Engine.Data;

namespace Engine.Meta;

/// <summary>A family of distributions over the actions of a <see cref="Space"/>.</summary>
public interface IActionDistribution
{
    /// <summary>How many numbers tell a distribution.</summary>
    int Parameters { get; }

    /// <summary>Whether its draws are actions of that space.</summary>
    bool Fits(Space actions);

    /// <summary>How many random numbers a draw takes.</summary>
    int NoiseSize { get; }

    /// <summary>Writes the random numbers of a draw.</summary>
    void Noise(SeededRandom random, Span<double> noise);

    /// <summary>
    /// The actions (..., action) that noise (..., noise of one) makes of parameters
    /// (..., parameters). No derivative flows through a draw.
    /// </summary>
    Tensor Draw(Tensor parameters, Tensor noise);

    /// <summary>The most probable action, (..., action).</summary>
    Tensor Mode(Tensor parameters);

    /// <summary>ln of the probability or density of actions (..., action), (...).</summary>
    Tensor LogProbability(Tensor parameters, Tensor actions);

    /// <summary>
    /// Kullback-Leibler divergence D(p || q) = E_p[ln p - ln q] of distributions by their
    /// parameters, (...).
    /// </summary>
    Tensor Divergence(Tensor p, Tensor q);

    /// <summary>The entropy -E[ln p] in nats, (...).</summary>
    Tensor Entropy(Tensor parameters);
}
