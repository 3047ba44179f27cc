// Vector-Jacobian products: reverse mode for any result.
namespace Engine;

/// <summary>
/// Reverse-mode differentiation of functions with any result: the value and a function that pulls
/// cotangents of the result back to the argument.
/// </summary>
public static class Vjp
{
    /// <summary>
    /// x -> (f(x), pullback); pullback(g) = gᵀ df/dx, shaped like x, for g shaped like f(x). The
    /// pullback may be called any number of times and is itself differentiable. Integer leaves get
    /// symbolic zeros.
    /// </summary>
    public static Func<T, (R Value, Func<R, T> Pullback)> Of<T, R>(Func<T, R> f)
    {
        ArgumentNullException.ThrowIfNull(f);
        return x =>
        {
            var run = Recording.OnAliases("Vjp", f, x);
            Evaluator.EvaluateResults([.. run.Outputs], run.Home);
            return (run.Result, g => Pull(run, x, g));
        };
    }

    /// <summary>
    /// (a, b) -> (f(a, b), pullback); pullback(g) gives the cotangents of both.
    /// </summary>
    public static Func<A, B, (R Value, Func<R, (A, B)> Pullback)> Of<A, B, R>(
        Func<A, B, R> f) => Of(f.Packed()).Unpacked();

    /// <summary>
    /// (a, b, c) -> (f(a, b, c), pullback); pullback(g) gives the cotangents of all three.
    /// </summary>
    public static Func<A, B, C, (R Value, Func<R, (A, B, C)> Pullback)> Of<A, B, C, R>(
        Func<A, B, C, R> f) => Of(f.Packed()).Unpacked();

    private static T Pull<T, R>(Recording<R> run, T x, R g)
    {
        List<Tensor> cotangents = Structure.Leaves(g);
        if (cotangents.Count != run.Outputs.Count)
            throw Errors.Fail("Vjp", $"the result has {run.Outputs.Count} tensors, but the "
                + $"cotangent {cotangents.Count}. Pass one shaped like the result.");
        for (int i = 0; i < cotangents.Count; i++) Match("Vjp", run.Outputs[i], cotangents[i]);
        Tensor?[] parts = [.. cotangents.Select(c => c.IsSymbolicZero ? null : c)];
        Tensor[] pulled = run.ForAllLeaves(run.Tape.Reverse(run.Outputs, parts));
        Evaluator.EvaluateResults(pulled, run.Home);
        return Structure.WithLeaves(x, pulled);
    }

    /// <summary>A cotangent or tangent has the shape and dtype of what it belongs to.</summary>
    internal static void Match(string transform, Tensor value, Tensor other)
    {
        if (value.Shape != other.Shape || value.DType != other.DType)
            throw Errors.Fail(transform, $"{other.DType.Name()} {other.Shape} does not match "
                + $"{value.DType.Name()} {value.Shape}. Pass a tensor of the same dtype and "
                + "shape.");
    }
}
