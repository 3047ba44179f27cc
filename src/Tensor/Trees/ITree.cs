// Models, optimiser states and episodes are trees: immutable records of tensors and other trees.
// One method, written by the generator for partial records, is all a tree needs.
using System.Collections.Immutable;

namespace Engine;

/// <summary>
/// An immutable tree of tensors. A partial record that implements it gets <see cref="Rebuild"/>
/// from the generator.
/// </summary>
public interface ITree
{
    /// <summary>
    /// Shows each part to the map, in order, and returns a tree of the parts it gave back (this
    /// very object if it changed none).
    /// </summary>
    ITree Rebuild(TreeMap map);
}

/// <summary>A visitor that may replace the leaves of a tree.</summary>
public abstract class TreeMap
{
    private const int MaxDepth = 200;
    private int depth;

    /// <summary>A tensor of the tree; the result stands in its place.</summary>
    public abstract Tensor Leaf(string name, Tensor value);

    /// <summary>A tensor that may be missing.</summary>
    public Tensor? OptionalLeaf(string name, Tensor? value) =>
        value is null ? Missing<Tensor>(name) : Leaf(name, value);

    /// <summary>A tree within the tree.</summary>
    public virtual T Child<T>(string name, T value) where T : ITree
    {
        if (value is Tensor leaf) return (T)(ITree)Leaf(name, leaf);
        if (depth == MaxDepth)
            throw Errors.Fail("Tree", $"'{name}' of {value.GetType().Name} is more than {MaxDepth} "
                + "trees deep. A tree must not contain itself.");
        depth++;
        T result = (T)value.Rebuild(this);
        depth--;
        return result;
    }

    /// <summary>A tree within the tree that may be missing.</summary>
    public T? OptionalChild<T>(string name, T? value) where T : class, ITree =>
        value is null ? Missing<T>(name) : Child(name, value);

    /// <summary>A list of trees; their names are name.0, name.1, ...</summary>
    public ImmutableArray<T> Children<T>(string name, ImmutableArray<T> values) where T : ITree
    {
        Static(name + ".Length", values.Length);
        ImmutableArray<T>.Builder? changed = null;
        for (int i = 0; i < values.Length; i++)
        {
            T value = Child($"{name}.{i}", values[i]);
            if (changed is null && ReferenceEquals(value, values[i])) continue;
            changed ??= values.ToBuilder();
            changed[i] = value;
        }
        return changed is null ? values : changed.ToImmutable();
    }

    /// <summary>
    /// A part that is not a tensor: it is the same in every tree of this structure.
    /// </summary>
    public virtual void Static<T>(string name, T value)
    {
    }

    private T? Missing<T>(string name) where T : class
    {
        Static(name, "null");
        return null;
    }
}
