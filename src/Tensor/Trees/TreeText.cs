// How trees print: one line a leaf with its shape, never values; nothing is computed.
using System.Text;

namespace Engine;

/// <summary>Prints trees; generated ToString methods call it.</summary>
public static class TreeText
{
    /// <summary>
    /// The type's name, then path, dtype and shape of each leaf and the static parts.
    /// </summary>
    public static string Format(ITree tree)
    {
        ArgumentNullException.ThrowIfNull(tree);
        var collect = new CollectPaths();
        collect.Child("", tree);
        var text = new StringBuilder(tree.GetType().Name).Append(" {");
        for (int i = 0; i < collect.Paths.Count; i++)
        {
            Tensor leaf = collect.Leaves[i];
            text.Append($"\n  {collect.Paths[i]}: {leaf.DType.Name()}{leaf.Shape}");
        }
        foreach (var (path, value) in collect.Statics) text.Append($"\n  {path} = {value}");
        return text.Append("\n}").ToString();
    }
}
