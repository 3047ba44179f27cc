// Operations on trees: Map, Zip, leaves and paths, comparison. Those that take a tree for a vector
// stand in TreeVectors.cs.
namespace Engine;

/// <summary>Operations on trees of tensors; results keep the tree's type.</summary>
public static partial class Tree
{
    /// <summary>The leaves in order.</summary>
    public static IReadOnlyList<Tensor> Leaves<T>(this T tree) where T : ITree
    {
        var collect = new CollectLeaves();
        collect.Child("", tree);
        return collect.Leaves;
    }

    /// <summary>The path of each leaf, such as "Hidden.Weight", in order.</summary>
    public static IReadOnlyList<string> Paths<T>(this T tree) where T : ITree
    {
        var collect = new CollectPaths();
        collect.Child("", tree);
        return collect.Paths;
    }

    /// <summary>Number of elements of all leaves together.</summary>
    public static long ParameterCount<T>(this T tree) where T : ITree
    {
        long count = 0;
        foreach (Tensor leaf in tree.Leaves()) count += leaf.Count;
        return count;
    }

    /// <summary>The tree with f applied to every leaf, evaluated as one plan.</summary>
    public static T Map<T>(this T tree, Func<Tensor, Tensor> f) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(f);
        IReadOnlyList<Tensor> leaves = tree.Leaves();
        var results = new Tensor[leaves.Count];
        for (int i = 0; i < results.Length; i++) results[i] = f(leaves[i]);
        Evaluator.EvaluateResults(results, Evaluator.HomeOf(leaves));
        return tree.WithLeaves(results);
    }

    /// <summary>
    /// The tree with f applied to every leaf and its path, evaluated as one plan.
    /// </summary>
    public static T Map<T>(this T tree, Func<string, Tensor, Tensor> f) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(f);
        IReadOnlyList<Tensor> leaves = tree.Leaves();
        IReadOnlyList<string> paths = tree.Paths();
        var results = new Tensor[leaves.Count];
        for (int i = 0; i < results.Length; i++) results[i] = f(paths[i], leaves[i]);
        Evaluator.EvaluateResults(results, Evaluator.HomeOf(leaves));
        return tree.WithLeaves(results);
    }

    /// <summary>f of each leaf and the other tree's leaf at the same place, as one plan.</summary>
    public static T Zip<T>(this T tree, T other, Func<Tensor, Tensor, Tensor> f) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(f);
        Tensor[] results = ZipLeaves("Zip", tree, other, f);
        Evaluator.EvaluateResults(results, Evaluator.HomeOf(tree.Leaves()));
        return tree.WithLeaves(results);
    }

    /// <summary>f of the leaves of three trees at the same place, as one plan.</summary>
    public static T Zip<T>(this T tree, T second, T third, Func<Tensor, Tensor, Tensor, Tensor> f)
        where T : ITree
    {
        ArgumentNullException.ThrowIfNull(f);
        IReadOnlyList<Tensor> thirds = third.Leaves();
        if (thirds.Count != tree.Leaves().Count) throw Mismatch("Zip", tree, third);
        int i = 0;
        Tensor[] results = ZipLeaves("Zip", tree, second, (a, b) => f(a, b, thirds[i++]));
        Evaluator.EvaluateResults(results, Evaluator.HomeOf(tree.Leaves()));
        return tree.WithLeaves(results);
    }

    /// <summary>
    /// f of each leaf's path, the leaf, and the other tree's leaf at the same place, as one plan.
    /// </summary>
    public static T Zip<T>(this T tree, T other, Func<string, Tensor, Tensor, Tensor> f)
        where T : ITree
    {
        ArgumentNullException.ThrowIfNull(f);
        IReadOnlyList<string> paths = tree.Paths();
        int i = 0;
        return tree.Zip(other, (a, b) => f(paths[i++], a, b));
    }

    /// <summary>
    /// f of each path and the leaves of three trees at the same place, as one plan.
    /// </summary>
    public static T Zip<T>(
        this T tree, T second, T third, Func<string, Tensor, Tensor, Tensor, Tensor> f)
        where T : ITree
    {
        ArgumentNullException.ThrowIfNull(f);
        IReadOnlyList<string> paths = tree.Paths();
        int i = 0;
        return tree.Zip(second, third, (a, b, c) => f(paths[i++], a, b, c));
    }

    /// <summary>Each leaf without its derivative: the tree as a constant.</summary>
    public static T StopGradient<T>(this T tree) where T : ITree
    {
        IReadOnlyList<Tensor> leaves = tree.Leaves();
        var results = new Tensor[leaves.Count];
        for (int i = 0; i < results.Length; i++) results[i] = leaves[i].StopGradient();
        return tree.WithLeaves(results);
    }

    /// <summary>
    /// Evaluates the leaves of all the trees as one plan, as a transform does with its results:
    /// leaves that a running transform still traces stay as they are.
    /// </summary>
    public static void Eval(params ReadOnlySpan<ITree> trees)
    {
        var leaves = new List<Tensor>();
        foreach (ITree tree in trees) leaves.AddRange(tree.Leaves());
        Evaluator.EvaluateResults(leaves.ToArray());
    }

    /// <summary>
    /// The tree moved to a device, its pending leaves evaluated as one plan before; see <see
    /// cref="Tensor.To"/>.
    /// </summary>
    public static T To<T>(this T tree, Device device) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(device);
        IReadOnlyList<Tensor> leaves = tree.Leaves();
        Evaluator.EvaluateResults([.. leaves], device);
        return tree.WithLeaves([.. leaves.Select(leaf => leaf.To(device))]);
    }

    /// <summary>Both trees, such as a model and its optimiser's state, moved to a device.</summary>
    public static (A, B) To<A, B>(this (A, B) trees, Device device)
        where A : ITree where B : ITree =>
        (trees.Item1.To(device), trees.Item2.To(device));

    /// <summary>All three trees moved to a device.</summary>
    public static (A, B, C) To<A, B, C>(this (A, B, C) trees, Device device)
        where A : ITree where B : ITree where C : ITree =>
        (trees.Item1.To(device), trees.Item2.To(device), trees.Item3.To(device));

    /// <summary>The same structure with other leaves, in order.</summary>
    public static T WithLeaves<T>(this T tree, IReadOnlyList<Tensor> leaves) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(leaves);
        int count = tree.Leaves().Count;
        if (leaves.Count != count)
            throw Errors.Fail("WithLeaves", $"the tree has {count} leaves, but got {leaves.Count}. "
                + "Give one for each, in the order of Leaves.");
        return new ReplaceLeaves(leaves).Child("", tree);
    }

    /// <summary>
    /// Whether both trees have the same paths and shapes and all values differ by at most
    /// absolute + relative * |b|; NaN is close to nothing.
    /// </summary>
    public static bool AllClose<T>(T a, T b, double relative = 1e-5, double absolute = 1e-8)
        where T : ITree
    {
        if (!a.Paths().SequenceEqual(b.Paths())) return false;
        foreach (var (x, y) in a.Leaves().Zip(b.Leaves()))
        {
            if (x.Shape != y.Shape || x.DType != y.DType) return false;
            double[] p = x.ToDoubles(), q = y.ToDoubles();
            for (int i = 0; i < p.Length; i++)
                if (!Close(p[i], q[i], relative, absolute))
                    return false;
        }
        return true;
    }

    /// <summary>
    /// Infinities are close to themselves alone: their difference bounds nothing.
    /// </summary>
    private static bool Close(double a, double b, double relative, double absolute) =>
        a == b
        || (double.IsFinite(b) && Math.Abs(a - b) <= absolute + relative * Math.Abs(b));

    private static Tensor[] ZipLeaves<T>(
        string op, T tree, T other, Func<Tensor, Tensor, Tensor> f) where T : ITree
    {
        IReadOnlyList<Tensor> a = tree.Leaves(), b = other.Leaves();
        if (a.Count != b.Count) throw Mismatch(op, tree, other);
        var results = new Tensor[a.Count];
        for (int i = 0; i < results.Length; i++) results[i] = f(a[i], b[i]);
        return results;
    }

    private static EngineException Mismatch<T>(string op, T tree, T other) where T : ITree =>
        Errors.Fail(op, $"trees of {tree.Leaves().Count} and {other.Leaves().Count} leaves do not "
            + $"match: [{string.Join(", ", tree.Paths())}] and "
            + $"[{string.Join(", ", other.Paths())}]. Both must have the same structure.");
}
