// Independent normal distributions.
using Engine.Data;

namespace Engine.Meta;

/// <summary>
/// Normally distributed actions of that size, each number by itself. Parameters are the means, then
/// the logarithms of the deviations.
/// </summary>
public sealed record DiagonalGaussian(int Size) : IActionDistribution
{
    private static readonly double halfLogTwoPi = 0.5 * Math.Log(2 * Math.PI);

    /// <inheritdoc/>
    public int Parameters => 2 * Size;

    /// <inheritdoc/>
    public bool Fits(Space actions) => actions.Choices == 0 && actions.Size == Size;

    /// <inheritdoc/>
    public int NoiseSize => Size;

    /// <inheritdoc/>
    public void Noise(SeededRandom random, Span<double> noise)
    {
        ArgumentNullException.ThrowIfNull(random);
        for (int i = 0; i < noise.Length; i++) noise[i] = random.Normal();
    }

    /// <inheritdoc/>
    public Tensor Draw(Tensor parameters, Tensor noise)
    {
        var (mean, logDeviation) = Of(parameters);
        return (mean + logDeviation.Exp() * noise).StopGradient();
    }

    /// <inheritdoc/>
    public Tensor Mode(Tensor parameters) => Of(parameters).Mean.StopGradient();

    /// <inheritdoc/>
    public Tensor LogProbability(Tensor parameters, Tensor actions)
    {
        var (mean, logDeviation) = Of(parameters);
        Tensor standard = (actions - mean) * (-logDeviation).Exp();
        return -(0.5 * standard.Square() + logDeviation + halfLogTwoPi).Sum(-1);
    }

    /// <inheritdoc/>
    public Tensor Divergence(Tensor p, Tensor q)
    {
        var (meanP, logP) = Of(p);
        var (meanQ, logQ) = Of(q);
        Tensor spread = (2 * logP).Exp() + (meanP - meanQ).Square();
        return (logQ - logP + 0.5 * spread * (-2 * logQ).Exp() - 0.5).Sum(-1);
    }

    /// <inheritdoc/>
    public Tensor Entropy(Tensor parameters) =>
        (Of(parameters).LogDeviation + (halfLogTwoPi + 0.5)).Sum(-1);

    private static (Tensor Mean, Tensor LogDeviation) Of(Tensor parameters)
    {
        Tensor[] halves = parameters.Split(2, -1);
        return (halves[0], halves[1]);
    }
}
