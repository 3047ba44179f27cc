// What methods need to know of a network besides its weights: how it is run, and where its parts
// are.
using Engine.Meta;
using Engine.Nn;

namespace Engine.Cli;

/// <summary>
/// A network as methods see it: from inputs to predictions, judged by a loss. What else is given
/// opens it to more methods: those that compare features, or adapt the head alone.
/// </summary>
/// <param name="Objective">From inputs (N, ...) to predictions (N, outputs), and a loss.</param>
public sealed record Network<T>(Objective<T> Objective) where T : ITree
{
    /// <summary>
    /// From inputs (N, ...) to features (N, F): the network without its head, with a function that
    /// applies each batch normalisation.
    /// </summary>
    public Features<T>? Features { get; init; }

    /// <summary>The last layer, from features to predictions.</summary>
    public Func<T, Linear>? Head { get; init; }

    /// <summary>Path of the last layer, such as "Head".</summary>
    public Func<T, string>? HeadPath { get; init; }
}

/// <summary>Networks with known parts.</summary>
public static class Network
{
    /// <summary>
    /// An image network, judged by cross-entropy and normalised by the batch it classifies.
    /// </summary>
    public static Network<T> OfImages<T>() where T : IFeatureNetwork =>
        new(Objective.OfImages<T>())
        {
            Features = Features.Of<T>(),
            Head = model => model.Head,
            HeadPath = _ => nameof(IFeatureNetwork.Head),
        };
}
