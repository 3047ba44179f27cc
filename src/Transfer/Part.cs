// What moves: some leaves of a model as a tree of their own. The rest of the model stays an
// argument of the step: it is not differentiated, not copied and has no optimiser's moments.
using System.Collections.Immutable;

namespace Engine.Transfer;

/// <summary>
/// Some leaves of a model, under the paths that they have there; <see cref="In{T}"/> puts them
/// back. Differentiating by a part costs nothing for the leaves that are not in it.
/// </summary>
public sealed record Part : ITree
{
    private Part(ImmutableArray<string> paths, ImmutableArray<Tensor> values) =>
        (Paths, Values) = (paths, values);

    /// <summary>Where each leaf stands in the model, in the model's order.</summary>
    public ImmutableArray<string> Paths { get; }

    /// <summary>The leaves.</summary>
    public ImmutableArray<Tensor> Values { get; private init; }

    /// <summary>The leaves of a model whose paths are chosen, at least one.</summary>
    /// <exception cref="EngineException">No leaf was chosen.</exception>
    public static Part Of<T>(T model, Func<string, bool> where) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(where);
        IReadOnlyList<string> paths = model.Paths();
        IReadOnlyList<Tensor> leaves = model.Leaves();
        int[] chosen = [.. Enumerable.Range(0, paths.Count).Where(i => where(paths[i]))];
        if (chosen.Length == 0)
            throw Errors.Fail("Part", $"no leaf of {typeof(T).Name} was chosen, of "
                + $"[{string.Join(", ", paths)}]. Let `where` accept one of these paths.");
        return new([.. chosen.Select(i => paths[i])], [.. chosen.Select(i => leaves[i])]);
    }

    /// <summary>The model with these leaves in the places of its own.</summary>
    /// <exception cref="EngineException">
    /// The model has no leaf at one of the paths, or one of another shape or dtype.
    /// </exception>
    public T In<T>(T model) where T : ITree
    {
        IReadOnlyList<string> paths = model.Paths();
        Tensor[] leaves = [.. model.Leaves()];
        int next = 0;
        for (int i = 0; i < leaves.Length && next < Paths.Length; i++)
        {
            if (paths[i] != Paths[next]) continue;
            Tensor value = Values[next++];
            if (value.Shape != leaves[i].Shape || value.DType != leaves[i].DType)
                throw Errors.Fail("Part", $"'{paths[i]}' of {typeof(T).Name} is "
                    + $"{leaves[i].DType.Name()} {leaves[i].Shape}, but the part's is "
                    + $"{value.DType.Name()} {value.Shape}. The part is of another model.");
            leaves[i] = value;
        }
        if (next < Paths.Length)
            throw Errors.Fail("Part", $"{typeof(T).Name} has no '{Paths[next]}', only "
                + $"[{string.Join(", ", paths)}]. The part is of another model.");
        return model.WithLeaves(leaves);
    }

    // Written by hand, so that a leaf's name is its path in the model: errors, files of weights
    // and other choices of leaves then speak of "Body.Weight" and not of "Values.3".
    ITree ITree.Rebuild(TreeMap map)
    {
        map.Static(nameof(Paths), Paths);
        ImmutableArray<Tensor>.Builder? changed = null;
        for (int i = 0; i < Values.Length; i++)
        {
            Tensor value = map.Leaf(Paths[i], Values[i]);
            if (ReferenceEquals(value, Values[i])) continue;
            changed ??= Values.ToBuilder();
            changed[i] = value;
        }
        return changed is null ? this : this with { Values = changed.ToImmutable() };
    }
}
