// Where the head of a network stands in its tree.
using Engine.Meta;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>Chooses a network's head by path, or everything else.</summary>
public static class Heads
{
    /// <summary>The path of the head: "Head", or "Layers.2" of a perceptron.</summary>
    public static string PathOf<N>(N network) where N : IFeatureNetwork
    {
        int at = network.Leaves().ToList().FindIndex(
            leaf => ReferenceEquals(leaf, network.Head.Weight));
        if (at < 0)
            throw Errors.Fail("Heads", $"the head of {typeof(N).Name} is not a part of its tree. "
                + "Let Head be one of the network's layers.");
        string path = network.Paths()[at];
        return path[..path.LastIndexOf('.')];
    }

    /// <summary>Chooses the leaves of the head.</summary>
    public static Func<string, bool> In<N>(N network) where N : IFeatureNetwork =>
        Parts.At(network, PathOf(network));

    /// <summary>Chooses all leaves but those of the head.</summary>
    public static Func<string, bool> NotIn<N>(N network) where N : IFeatureNetwork =>
        Parts.AllBut(network, PathOf(network));
}
