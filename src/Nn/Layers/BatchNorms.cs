// The batch normalisations of a network as a tree of their own, and a network with others in their
// places: for methods that keep several sets of scales and shifts for one network.
using System.Collections.Immutable;

namespace Engine.Nn;

/// <summary>
/// Every <see cref="BatchNorm"/> of a network, in the order of its tree, which <see
/// cref="NormStatistics.Paths"/> names. MAML++ (Antoniou, Edwards and Storkey, 2019, section 4)
/// learns one set for each inner step: a method keeps several of these beside the network and runs
/// <c>set.In(network)</c>.
/// </summary>
public sealed partial record BatchNorms(ImmutableArray<BatchNorm> Norms) : ITree
{
    /// <summary>Those of a network; none if it has none.</summary>
    public static BatchNorms Of<T>(T network) where T : ITree =>
        new([.. Find(network).Select(at => at.Norm)]);

    /// <summary>The network with these in place of its own.</summary>
    public T In<T>(T network) where T : ITree
    {
        List<(string Path, BatchNorm Norm)> own = Find(network);
        if (own.Count != Norms.Length)
            throw Errors.Fail("BatchNorms", $"{Norms.Length} batch normalisations do not take the "
                + $"places of [{string.Join(", ", own.Select(at => at.Path))}]. Make them with "
                + "BatchNorms.Of(network).");
        foreach (var ((path, norm), other) in own.Zip(Norms))
            if (norm.Scale.Shape != other.Scale.Shape || norm.Shift.Shape != other.Shift.Shape)
                throw Errors.Fail("BatchNorms", $"'{path}' has channels {norm.Scale.Shape}, but "
                    + $"got scales {other.Scale.Shape} and shifts {other.Shift.Shape}. Make them "
                    + "with BatchNorms.Of(network).");
        return new ReplaceNorms(Norms).Child("", network);
    }

    /// <summary>Each batch normalisation of a tree with its path, in order.</summary>
    internal static List<(string Path, BatchNorm Norm)> Find<T>(T tree) where T : ITree
    {
        var find = new FindNorms();
        find.Child("", tree);
        return find.Norms;
    }

    private sealed class FindNorms : TreeMap
    {
        private string path = "";

        public List<(string Path, BatchNorm Norm)> Norms { get; } = [];

        public override Tensor Leaf(string name, Tensor value) => value;

        public override T Child<T>(string name, T value)
        {
            string outer = path;
            path = outer.Length == 0 ? name : outer + "." + name;
            if (value is BatchNorm norm) Norms.Add((path, norm));
            T result = base.Child(name, value);
            path = outer;
            return result;
        }
    }

    private sealed class ReplaceNorms(ImmutableArray<BatchNorm> norms) : TreeMap
    {
        private int next;

        public override Tensor Leaf(string name, Tensor value) => value;

        public override T Child<T>(string name, T value) =>
            value is BatchNorm ? (T)(ITree)norms[next++] : base.Child(name, value);
    }
}
