// The head of a network as a choice of leaves: its path differs from network to network ("Head" of
// LeNet, "Layers.2" of a perceptron), so it is found by looking for the tensors of network.Head.
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>Finds and replaces the heads of networks.</summary>
public static class Heads
{
    /// <summary>Chooses the leaves of a network's head by path.</summary>
    /// <exception cref="EngineException">The head is no leaf, but computed.</exception>
    public static Func<string, bool> Of<N>(N network) where N : IFeatureNetwork =>
        new HashSet<string>(Paths(network)).Contains;

    /// <summary>The paths of a head's leaves, at least one.</summary>
    /// <inheritdoc cref="Of"/>
    public static IReadOnlyList<string> Paths<N>(N network) where N : IFeatureNetwork
    {
        Linear head = network.Head;
        IReadOnlyList<Tensor> leaves = network.Leaves();
        if (!leaves.Contains(head.Weight))
            throw Errors.Fail("Heads", $"the head of {typeof(N).Name} is none of its leaves "
                + $"[{string.Join(", ", network.Paths())}]: it is computed from others. Choose "
                + "these by path.");
        return [.. network.Paths().Zip(leaves)
            .Where(at => ReferenceEquals(at.Second, head.Weight)
                || ReferenceEquals(at.Second, head.Bias))
            .Select(at => at.First)];
    }

    /// <summary>
    /// The network with another head, which takes the same features; it may tell other classes
    /// apart: <c>Heads.Replace(network, Linear.Create(key, features, classes))</c>.
    /// </summary>
    /// <exception cref="EngineException">The head takes other features.</exception>
    public static N Replace<N>(N network, Linear head) where N : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(head);
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
