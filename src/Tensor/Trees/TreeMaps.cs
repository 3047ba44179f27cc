// The visitors behind tree operations: collect, replace, name.
namespace Engine;

/// <summary>Collects leaves in order.</summary>
internal sealed class CollectLeaves : TreeMap
{
    public List<Tensor> Leaves { get; } = [];

    public override Tensor Leaf(string name, Tensor value)
    {
        Leaves.Add(value);
        return value;
    }
}

/// <summary>Puts the given leaves in the places of a tree's own.</summary>
internal sealed class ReplaceLeaves(IReadOnlyList<Tensor> leaves) : TreeMap
{
    private int next;

    public override Tensor Leaf(string name, Tensor value) => leaves[next++];
}

/// <summary>
/// Collects the path of each leaf ("Hidden.Weight"), and the static parts as text.
/// </summary>
internal sealed class CollectPaths : TreeMap
{
    private readonly Stack<string> prefix = new();

    public List<string> Paths { get; } = [];

    public List<Tensor> Leaves { get; } = [];

    public List<(string Path, string Value)> Statics { get; } = [];

    public override Tensor Leaf(string name, Tensor value)
    {
        Paths.Add(Join(name));
        Leaves.Add(value);
        return value;
    }

    public override T Child<T>(string name, T value)
    {
        if (value is Tensor) return base.Child(name, value);
        prefix.Push(Join(name));
        T result = base.Child(name, value);
        prefix.Pop();
        return result;
    }

    public override void Static<T>(string name, T value) =>
        Statics.Add((Join(name), value?.ToString() ?? "null"));

    /// <summary>A path and a name within it.</summary>
    public static string Join(string path, string name) =>
        path.Length == 0 ? name : name.Length == 0 ? path : path + "." + name;

    private string Join(string name) => Join(prefix.TryPeek(out string? path) ? path : "", name);
}
