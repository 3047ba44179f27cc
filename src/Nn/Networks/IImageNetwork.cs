// What the image networks have in common: features, a linear head, and batch normalisation in
// three modes.
namespace Engine.Nn;

/// <summary>A network of images with batch normalisation: features, then a linear head.</summary>
public interface IImageNetwork : ITree
{
    /// <summary>From features to logits.</summary>
    Linear Head { get; }

    /// <summary>
    /// Images (N, C, H, W) to features (N, F); <paramref name="normalize"/> applies each batch
    /// normalisation.
    /// </summary>
    Tensor Features(Tensor x, Normalize normalize);
}

/// <summary>The ways to run an image network.</summary>
public static class ImageNetwork
{
    /// <summary>
    /// Images (N, C, H, W) to features (N, F), normalised by the batch's own statistics.
    /// </summary>
    public static Tensor Features<T>(this T network, Tensor x) where T : IImageNetwork =>
        network.Features(x, ByBatch);

    /// <summary>Images (N, C, H, W) to features (N, F), by running statistics.</summary>
    public static Tensor Features<T>(this T network, Tensor x, NormStatistics statistics)
        where T : IImageNetwork
    {
        ArgumentNullException.ThrowIfNull(statistics);
        return statistics.Infer(normalize => network.Features(x, normalize));
    }

    /// <summary>
    /// Images (N, C, H, W) to logits (N, classes), normalised by the batch's own statistics
    /// ("transductive" when the batch is a query set).
    /// </summary>
    public static Tensor Forward<T>(this T network, Tensor x) where T : IImageNetwork =>
        network.Head.Forward(network.Features(x, ByBatch));

    /// <summary>
    /// Images (N, C, H, W) to logits (N, classes) by running statistics, as in inference.
    /// </summary>
    public static Tensor Forward<T>(this T network, Tensor x, NormStatistics statistics)
        where T : IImageNetwork => network.Head.Forward(network.Features(x, statistics));

    /// <summary>
    /// Images to logits by the batch's own statistics; the running ones move towards them by
    /// <paramref name="momentum"/>.
    /// </summary>
    public static (Tensor Logits, NormStatistics Statistics) Train<T>(
        this T network, Tensor x, NormStatistics statistics, double momentum = 0.1)
        where T : IImageNetwork
    {
        ArgumentNullException.ThrowIfNull(statistics);
        var (features, moved) = statistics.Train(
            normalize => network.Features(x, normalize), momentum);
        return (network.Head.Forward(features), moved);
    }

    private static Tensor ByBatch(BatchNorm norm, Tensor x) => norm.Forward(x);
}
