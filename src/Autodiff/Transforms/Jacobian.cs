// Whole Jacobians: one product with a unit vector for each element of the argument or the result,
// all of them batched.
namespace Engine;

/// <summary>How a Jacobian is made; its values are the same.</summary>
public enum JacobianMode
{
    /// <summary>
    /// Forward where the argument has fewer elements than the result, else reverse.
    /// </summary>
    Auto,

    /// <summary>One Jacobian-vector product for each element of the argument.</summary>
    Forward,

    /// <summary>One vector-Jacobian product for each element of the result.</summary>
    Reverse,
}

/// <summary>
/// Jacobians: all derivatives of all elements of a result. f runs once; the products with unit
/// vectors are batched as by <see cref="Vmap"/>, <c>chunk</c> at a time (0 chooses).
/// </summary>
public static class Jacobian
{
    /// <summary>
    /// The Jacobian of f, shaped like its argument: a leaf of shape (a...) becomes the derivative
    /// of shape (r..., a...) for a result of shape (r...). Integer leaves give symbolic zeros.
    /// </summary>
    public static Func<T, T> Of<T>(
        Func<T, Tensor> f, JacobianMode mode = JacobianMode.Auto, int chunk = 0) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(f);
        return x => Rows(f, x, mode, chunk).Rows[0];
    }

    /// <summary>The Jacobian of f between trees, in blocks by paths.</summary>
    public static Func<T, JacobianBlocks<T>> Of<T, R>(
        Func<T, R> f, JacobianMode mode = JacobianMode.Auto, int chunk = 0) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(f);
        return x => Rows(f, x, mode, chunk);
    }

    private static JacobianBlocks<T> Rows<T, R>(Func<T, R> f, T x, JacobianMode mode, int chunk)
        where T : ITree
    {
        var run = Recording.OnAliases("Jacobian", f, x);
        List<string> paths = Structure.Paths(run.Result);
        long results = 0, arguments = run.Tape.Arguments.Sum(a => a.Count);
        for (int k = 0; k < paths.Count; k++)
        {
            Tensor y = run.Outputs[k];
            results += y.Count;
            if (!y.DType.IsFloat() && !y.IsSymbolicZero)
                throw Errors.Fail("Jacobian", $"the result{Errors.Leaf(paths[k])} is "
                    + $"{y.DType.Name()} {y.Shape}; only floats have derivatives. "
                    + "Cast it, or leave it out.");
        }
        bool forward = mode == JacobianMode.Forward
            || (mode == JacobianMode.Auto && arguments < results);
        Tensor[][] blocks = forward ? Forward(run, chunk) : Reverse(run, chunk);
        Evaluator.EvaluateResults([.. blocks.SelectMany(row => row)], run.Home);
        return new(
            [.. paths],
            [.. blocks.Select((row, k) => Structure.WithLeaves(
                x, run.ForAllLeaves(row, run.Outputs[k].Shape)))]);
    }

    /// <summary>Row k holds the derivatives of result k by each argument.</summary>
    private static Tensor[][] Reverse<R>(Recording<R> run, int chunk)
    {
        var rows = new Tensor[run.Outputs.Count][];
        for (int k = 0; k < rows.Length; k++)
        {
            Tensor y = run.Outputs[k];
            Tensor[] products = Unit(y, chunk, 0, g =>
            {
                Tensor?[] parts = run.Tape.Reverse([y], [g]);
                return [.. run.Tape.Arguments.Select((a, j) => parts[j] ?? a.Like("Jacobian", 0))];
            });
            rows[k] = [.. products.Select((p, j) => Block(p, y, run.Tape.Arguments[j]))];
        }
        return rows;
    }

    /// <summary>The same rows, made column by column.</summary>
    private static Tensor[][] Forward<R>(Recording<R> run, int chunk)
    {
        Tensor[][] rows = [.. run.Outputs.Select(_ => new Tensor[run.Tape.Arguments.Count])];
        for (int j = 0; j < run.Tape.Arguments.Count; j++)
        {
            var direction = new Tensor?[run.Tape.Arguments.Count];
            Tensor[] products = Unit(run.Tape.Arguments[j], chunk, -1, v =>
            {
                direction[j] = v;
                Tensor?[] parts = run.Tape.Forward(direction, run.Outputs);
                return [.. run.Outputs.Select((y, k) => parts[k] ?? y.Like("Jacobian", 0))];
            });
            for (int k = 0; k < rows.Length; k++)
                rows[k][j] = Block(products[k], run.Outputs[k], run.Tape.Arguments[j]);
        }
        return rows;
    }

    /// <summary>
    /// A linear function at all unit vectors shaped like x, which become an axis of its results.
    /// </summary>
    private static Tensor[] Unit(
        Tensor x, int chunk, int axis, Func<Tensor, Tensor[]> linear)
    {
        int n = Errors.Size("Jacobian", x.Count);
        DType type = x.DType.IsFloat() ? x.DType : DType.Float32;
        Tensor basis = Tensor.Eye(n, type).Reshape([n, .. x.Shape.Sizes]);
        return Batching.Build(
            linear, basis, [new(default, [""])], (int?)axis, chunk);
    }

    private static Tensor Block(Tensor products, Tensor result, Tensor argument) =>
        products.Reshape([.. result.Shape.Sizes, .. argument.Shape.Sizes]);
}
