// The tree visitors of differentiation: which leaves are differentiated by, and where their
// gradients go.
namespace Engine;

/// <summary>Visits a tree knowing each leaf's path and whether it is differentiated by.</summary>
internal abstract class ChosenLeaves(Func<string, bool>? where) : TreeMap
{
    private readonly Stack<string> prefix = new();

    public sealed override Tensor Leaf(string name, Tensor value) =>
        value.DType.IsFloat() && (where is null || where(Join(name)))
            ? Chosen(value)
            : Other(value);

    public sealed override T Child<T>(string name, T value)
    {
        if (where is null || value is Tensor) return base.Child(name, value);
        prefix.Push(Join(name));
        T result = base.Child(name, value);
        prefix.Pop();
        return result;
    }

    protected abstract Tensor Chosen(Tensor value);

    protected abstract Tensor Other(Tensor value);

    private string Join(string name) =>
        CollectPaths.Join(prefix.TryPeek(out string? path) ? path : "", name);
}

/// <summary>Replaces the chosen leaves by aliases, which the transform differentiates by.</summary>
internal sealed class StandIns(Trace trace, Func<string, bool>? where) : ChosenLeaves(where)
{
    /// <summary>The aliases, in order.</summary>
    public List<Tensor> Made { get; } = [];

    protected override Tensor Chosen(Tensor value)
    {
        Tensor alias = Tensor.Alias(value, trace);
        Made.Add(alias);
        return alias;
    }

    protected override Tensor Other(Tensor value) => value;
}

/// <summary>
/// Puts gradients in the places of the chosen leaves, symbolic zeros in the others: shaped like the
/// leaf, after the axes of <paramref name="rows"/> (of a Jacobian; none of a gradient).
/// </summary>
internal sealed class PlaceGradients(
    IReadOnlyList<Tensor?> gradients, Func<string, bool>? where, Shape rows = default)
    : ChosenLeaves(where)
{
    /// <summary>
    /// The gradients as placed, to be evaluated; zeros where nothing depends on a leaf.
    /// </summary>
    public List<Tensor> Placed { get; } = [];

    protected override Tensor Chosen(Tensor value)
    {
        Tensor gradient = gradients[Placed.Count] ?? value.Like("Grad", 0);
        Placed.Add(gradient);
        return gradient;
    }

    protected override Tensor Other(Tensor value) =>
        Tensor.Apply(new SymbolicZero([.. rows.Sizes, .. value.Shape.Sizes], value.DType));
}
