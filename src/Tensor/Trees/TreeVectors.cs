// Trees as vectors: what algorithms of linear algebra and optimisation do with a model or a
// gradient as a whole.
namespace Engine;

public static partial class Tree
{
    /// <summary>
    /// The tree in memory of its own, for a compiled step that reuses its state's: <c>Map</c> and
    /// <c>Zip</c> may give back the very same leaves. Symbolic zeros and constants take no memory
    /// and stay what they are; so do tensors of a running transform, whose memory no step reuses.
    /// </summary>
    public static T Copy<T>(this T tree) where T : ITree
    {
        IReadOnlyList<Tensor> leaves = tree.Leaves();
        Evaluator.EvaluateResults([.. leaves]);
        return tree.WithLeaves([.. leaves.Select(leaf => leaf.Copied())]);
    }

    /// <summary>
    /// Zeros of each leaf's shape and dtype: constants, which take no memory and meet tensors of
    /// any device.
    /// </summary>
    public static T Zeros<T>(T tree) where T : ITree =>
        tree.WithLeaves([.. tree.Leaves().Select(leaf => leaf.Like("Zeros", 0))]);

    /// <summary>
    /// The sum over all elements of the products of two trees' float leaves, a scalar: float64 if
    /// any of them is, else float32. Leaves that are symbolic zeros in either tree are left out.
    /// </summary>
    public static Tensor Dot<T>(T a, T b) where T : ITree
    {
        IReadOnlyList<Tensor> x = a.Leaves(), y = b.Leaves();
        if (x.Count != y.Count) throw Mismatch("Dot", a, b);
        DType type = x.Any(leaf => leaf.DType == DType.Float64) ? DType.Float64 : DType.Float32;
        Tensor? sum = null;
        for (int i = 0; i < x.Count; i++)
        {
            if (!x[i].DType.IsFloat() || x[i].IsSymbolicZero || y[i].IsSymbolicZero) continue;
            if (x[i].Shape != y[i].Shape || x[i].DType != y[i].DType)
                throw Errors.Fail("Dot", $"the leaves{Errors.Leaf(a.Paths()[i])} are "
                    + $"{x[i].DType.Name()} {x[i].Shape} and {y[i].DType.Name()} {y[i].Shape}. "
                    + "Give trees whose leaves have the same shapes and dtypes.");
            Tensor products = ReferenceEquals(x[i], y[i]) ? x[i].Square() : x[i] * y[i];
            Tensor part = products.Sum().Cast(type);
            sum = sum is null ? part : sum + part;
        }
        return sum ?? Tensor.Zeros(Shape.Of(), type);
    }

    /// <summary>
    /// All float leaves as one vector, in order, each in row-major order. They must have one dtype;
    /// symbolic zeros become zeros, other leaves are left out.
    /// </summary>
    public static Tensor Ravel<T>(this T tree) where T : ITree =>
        Tensor.Concat([.. Floats("Ravel", tree, out IReadOnlyList<Tensor> leaves).Select(
            i => leaves[i].Reshape(Errors.Size("Ravel", leaves[i].Count)))]);

    /// <summary>
    /// The tree with its float leaves taken from a vector like that of <see cref="Ravel"/>,
    /// evaluated as one plan; other leaves stay.
    /// </summary>
    public static T Unravel<T>(this T tree, Tensor vector) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(vector);
        List<int> floats = Floats("Unravel", tree, out IReadOnlyList<Tensor> old);
        Tensor[] leaves = [.. old];
        int count = Errors.Size("Unravel", floats.Sum(i => leaves[i].Count)), at = 0;
        DType type = leaves[floats[0]].DType;
        if (vector.Shape != Shape.Of(count) || vector.DType != type)
            throw Errors.Fail("Unravel", "the float leaves ["
                + string.Join(", ", floats.Select(i => tree.Paths()[i]))
                + $"] take a vector {type.Name()} {Shape.Of(count)}, but got "
                + $"{vector.DType.Name()} {vector.Shape}. Give one like Ravel of such a tree.");
        foreach (int i in floats)
        {
            int next = at + (int)leaves[i].Count;
            leaves[i] = vector[at..next].Reshape(leaves[i].Shape);
            at = next;
        }
        Evaluator.EvaluateResults(leaves);
        return tree.WithLeaves(leaves);
    }

    /// <summary>Which leaves are floats: at least one, all of one dtype.</summary>
    private static List<int> Floats<T>(string op, T tree, out IReadOnlyList<Tensor> leaves)
        where T : ITree
    {
        IReadOnlyList<Tensor> all = leaves = tree.Leaves();
        List<int> floats = [.. Enumerable.Range(0, all.Count).Where(i => all[i].DType.IsFloat())];
        if (floats.Count == 0)
            throw Errors.Fail(op, "the tree has no float leaves. Give one with parameters.");
        int first = floats[0];
        foreach (int i in floats)
            if (all[i].DType != all[first].DType)
                throw Errors.Fail(op, $"the leaves '{tree.Paths()[first]}' "
                    + $"{all[first].DType.Name()} and '{tree.Paths()[i]}' {all[i].DType.Name()} do "
                    + "not go into one vector. Cast the tree to one dtype.");
        return floats;
    }
}
