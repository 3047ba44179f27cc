// The Jacobian of a function between trees: one block a pair of leaves.
using System.Collections.Immutable;

namespace Engine;

/// <summary>
/// A Jacobian by rows of blocks: for each tensor of the result, by its path, a
/// <typeparamref name="T"/> like the argument, whose leaf of shape (a...) has become the derivative
/// of shape (r..., a...) for a result of shape (r...). Blocks of integer leaves are symbolic zeros.
/// </summary>
public sealed record JacobianBlocks<T> : ITree where T : ITree
{
    internal JacobianBlocks(ImmutableArray<string> paths, ImmutableArray<T> rows)
    {
        Paths = paths;
        Rows = rows;
    }

    /// <summary>
    /// The path of each tensor of the result: "Hidden.Weight" in a tree, "Item1" in a tuple, "" for
    /// a lone tensor.
    /// </summary>
    public ImmutableArray<string> Paths { get; }

    /// <summary>The derivatives of each tensor of the result, in the order of the paths.</summary>
    public ImmutableArray<T> Rows { get; private init; }

    /// <summary>The derivatives of the result's tensor at a path.</summary>
    public T this[string path] => Paths.IndexOf(path) is >= 0 and var i
        ? Rows[i]
        : throw Errors.Fail("JacobianBlocks", $"no tensor '{path}' among the result's "
            + $"[{string.Join(", ", Paths)}]. Use one of these paths.");

    /// <inheritdoc/>
    public ITree Rebuild(TreeMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        map.Static(nameof(Paths), string.Join(", ", Paths));
        return this with { Rows = [.. Rows.Select((row, i) => map.Child(Paths[i], row))] };
    }

    /// <summary>Paths and shapes of the blocks; no values.</summary>
    public override string ToString() => TreeText.Format(this);
}
