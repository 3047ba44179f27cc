// The parts of a tree that are not tensors, such as a stride or an epsilon, as text: files keep
// them as metadata, so that weights are not loaded into a layer that computes something else.
using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Engine.Nn;

/// <summary>Writes and compares the static parts of trees.</summary>
internal static class Statics
{
    /// <summary>What the metadata's names of static parts begin with.</summary>
    public const string Prefix = "static:";

    /// <summary>Each static part of a tree by its path, in order, as text.</summary>
    public static IEnumerable<(string Path, string Value)> Of<T>(T tree) where T : ITree
    {
        var collect = new Collect();
        collect.Child("", tree);
        return collect.Parts;
    }

    /// <summary>The metadata with the static parts of a tree.</summary>
    public static Dictionary<string, string> With<T>(
        IReadOnlyDictionary<string, string>? metadata, T tree) where T : ITree
    {
        var all = new Dictionary<string, string>(metadata ?? new Dictionary<string, string>());
        foreach (var (path, value) in Of(tree)) all[Prefix + path] = value;
        return all;
    }

    /// <summary>
    /// Refuses a tree with other static parts than those that the metadata have; what they do not
    /// mention, as in the files of other programs, is not compared.
    /// </summary>
    /// <param name="source">Begins the error.</param>
    /// <param name="metadata">Of a file.</param>
    /// <param name="like">The tree.</param>
    /// <param name="owns">Whether the static parts beside leaves of that path count.</param>
    /// <exception cref="EngineException">A part differs.</exception>
    public static void Check<T>(
        string source, IReadOnlyDictionary<string, string> metadata, T like,
        Func<string, bool> owns) where T : ITree
    {
        foreach (var (path, value) in Of(like))
            if (metadata.TryGetValue(Prefix + path, out string? saved) && saved != value
                && owns(Parent(path)))
                throw new EngineException($"{source} was saved with {path} = {saved}, but the "
                    + $"model has {value}. Build the model with the value it was saved with; "
                    + "change it afterwards, if you mean to.");
    }

    /// <summary>The path of what holds a part; "" for a part of the tree itself.</summary>
    public static string Parent(string path) =>
        path[..Math.Max(0, path.LastIndexOf('.'))];

    private static string Text(object? value) => value switch
    {
        null => "null",
        string text => text,
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        ITuple tuple => List(Enumerable.Range(0, tuple.Length).Select(i => tuple[i])),
        IEnumerable items => List(items.Cast<object?>()),
        _ => value.ToString() ?? "",
    };

    private static string List(IEnumerable<object?> items) =>
        $"[{string.Join(", ", items.Select(Text))}]";

    private sealed class Collect : TreeMap
    {
        private string path = "";

        public List<(string Path, string Value)> Parts { get; } = [];

        public override Tensor Leaf(string name, Tensor value) => value;

        public override T Child<T>(string name, T value)
        {
            string outer = path;
            path = Join(name);
            T result = base.Child(name, value);
            path = outer;
            return result;
        }

        public override void Static<T>(string name, T value) =>
            Parts.Add((Join(name), Text(value)));

        private string Join(string name) =>
            path.Length == 0 || name.Length == 0 ? path + name : path + "." + name;
    }
}
