// What the networks of classifiers have in common: features, a linear head, and batch normalisation
// in three modes.
namespace Engine.Nn;

/// <summary>
/// A network of images or of vectors, often with batch normalisation: features, then a linear head.
/// </summary>
public interface IFeatureNetwork : ITree
{
    /// <summary>From features to logits.</summary>
    Linear Head { get; }

    /// <summary>
    /// Inputs (N, ...) to features (N, F); <paramref name="normalize"/> applies each batch
    /// normalisation.
    /// </summary>
    Tensor Features(Tensor x, Normalize normalize);

    /// <summary>
    /// The same in training, where a network that has dropout draws what it drops from the key. One
    /// that has none need not implement it.
    /// </summary>
    Tensor Features(Tensor x, Normalize normalize, Key? dropout) => Features(x, normalize);
}

/// <summary>The ways to run a network of features.</summary>
public static class FeatureNetwork
{
    /// <summary>
    /// Inputs (N, ...) to features (N, F), normalised by the batch's own statistics.
    /// </summary>
    public static Tensor Features<T>(this T network, Tensor x) where T : IFeatureNetwork =>
        network.Features(x, ByBatch);

    /// <summary>Inputs (N, ...) to features (N, F), by running statistics.</summary>
    public static Tensor Features<T>(this T network, Tensor x, NormStatistics statistics)
        where T : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(statistics);
        return statistics.Infer(normalize => network.Features(x, normalize));
    }

    /// <summary>
    /// Inputs (N, ...) to logits (N, classes), normalised by the batch's own statistics
    /// ("transductive" when the batch is a query set).
    /// </summary>
    public static Tensor Forward<T>(this T network, Tensor x) where T : IFeatureNetwork =>
        network.Head.Forward(network.Features(x, ByBatch));

    /// <summary>
    /// Inputs (N, ...) to logits (N, classes) by running statistics, as in inference.
    /// </summary>
    public static Tensor Forward<T>(this T network, Tensor x, NormStatistics statistics)
        where T : IFeatureNetwork => network.Head.Forward(network.Features(x, statistics));

    /// <summary>
    /// Inputs to logits by the batch's own statistics; the running ones move towards them by
    /// <paramref name="momentum"/>. A network that has dropout drops if given a key.
    /// </summary>
    public static (Tensor Logits, NormStatistics Statistics) Train<T>(
        this T network, Tensor x, NormStatistics statistics, double momentum = 0.1,
        Key? dropout = null)
        where T : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(statistics);
        var (features, moved) = statistics.Train(
            normalize => network.Features(x, normalize, dropout), momentum);
        return (network.Head.Forward(features), moved);
    }

    /// <summary>
    /// Inputs to logits in training, each batch normalisation in the mode that the function says of
    /// its path: <c>path => path.StartsWith("Blocks.0.") ? NormMode.Infer : NormMode.Train</c>.
    /// </summary>
    /// <inheritdoc cref="Train{T}(T, Tensor, NormStatistics, double, Key)"/>
    public static (Tensor Logits, NormStatistics Statistics) Train<T>(
        this T network, Tensor x, NormStatistics statistics, Func<string, NormMode> mode,
        double momentum = 0.1, Key? dropout = null)
        where T : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(statistics);
        var (features, moved) = statistics.Run(
            normalize => network.Features(x, normalize, dropout),
            NormStatistics.Modes(network, mode), momentum);
        return (network.Head.Forward(features), moved);
    }

    private static Tensor ByBatch(BatchNorm norm, Tensor x) => norm.Forward(x);
}
