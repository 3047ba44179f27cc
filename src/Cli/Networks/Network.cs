// What methods need to know of a network besides its weights: how it is run, and where its parts
// are.
using Engine.Meta;
using Engine.Nn;

namespace Engine.Cli;

/// <summary>
/// A network as methods see it: from inputs to predictions, judged by a loss. What else is given
/// opens it to more methods: those that compare features, adapt the head alone, or keep statistics
/// of batch normalisation.
/// </summary>
/// <param name="Objective">From inputs (N, ...) to predictions (N, outputs), and a loss.</param>
public sealed record Network<T>(Objective<T> Objective) where T : ITree
{
    /// <summary>From inputs (N, ...) to features (N, F): the network without its head.</summary>
    public Func<T, Tensor, Tensor>? Features { get; init; }

    /// <summary>
    /// From inputs to predictions, with a function that applies each batch normalisation.
    /// </summary>
    public Func<T, Tensor, Normalize, Tensor>? Normalized { get; init; }

    /// <summary>From inputs to features, with a function that normalises.</summary>
    public Func<T, Tensor, Normalize, Tensor>? NormalizedFeatures { get; init; }

    /// <summary>Path of the last layer, from features to predictions, such as "Head".</summary>
    public Func<T, string>? Head { get; init; }
}

/// <summary>Networks with known parts.</summary>
public static class Network
{
    /// <summary>
    /// An image network, judged by cross-entropy and normalised by the batch it classifies.
    /// </summary>
    public static Network<T> OfImages<T>() where T : IImageNetwork =>
        new(new Objective<T>(
            (model, x) => model.Forward(x), (logits, labels) => Loss.CrossEntropy(logits, labels),
            BatchNormMode.Transductive))
        {
            Features = (model, x) => model.Features(x),
            Normalized = (model, x, normalize) =>
                model.Head.Forward(model.Features(x, normalize)),
            NormalizedFeatures = (model, x, normalize) => model.Features(x, normalize),
            Head = _ => nameof(IImageNetwork.Head),
        };
}
