// The head of a network: where it stands in its tree, and another in its place.
using Engine.Meta;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>
/// Chooses a network's head by path, or everything else, and puts another in its place.
/// </summary>
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

    /// <summary>
    /// The network with another head, which takes the same features; it may tell other classes
    /// apart: <c>Heads.Replace(network, Linear.Create(key, features, classes))</c>.
    /// </summary>
    /// <exception cref="EngineException">
    /// The head takes other features, or the network computes its own of other parts.
    /// </exception>
    public static N Replace<N>(N network, Linear head) where N : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(head);
        PathOf(network); // an error if no part of the tree is the head
        int features = network.Head.Weight.Shape[1];
        if (head.Weight.Shape[1] != features)
            throw Errors.Fail("Heads", $"{typeof(N).Name} has {features} features, but the new "
                + $"head's weights {head.Weight.Shape} take {head.Weight.Shape[1]}.");
        return new ReplaceHead(network.Head, head).Child("", network);
    }

    private sealed class ReplaceHead(Linear old, Linear head) : TreeMap
    {
        public override Tensor Leaf(string name, Tensor value) => value;

        public override T Child<T>(string name, T value) =>
            ReferenceEquals(value, old) ? (T)(ITree)head : base.Child(name, value);
    }
}
