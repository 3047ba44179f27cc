// Jacobian-vector products: forward mode.
namespace Engine;

/// <summary>
/// Forward-mode differentiation: how the result of a function changes as its argument moves in a
/// direction.
/// </summary>
public static class Jvp
{
    /// <summary>
    /// (x, v) -> (f(x), df/dx v) for a direction v shaped like x. Integer leaves of v are ignored.
    /// </summary>
    public static Func<T, T, (R Value, R Tangent)> Of<T, R>(Func<T, R> f)
    {
        ArgumentNullException.ThrowIfNull(f);
        return (x, v) =>
        {
            var (run, tangents) = Push("Jvp", f, x, v);
            Evaluator.EvaluateResults([.. run.Outputs, .. tangents], run.Home);
            return (run.Result, Structure.WithLeaves(run.Result, tangents));
        };
    }

    /// <summary>((a, b), (v, w)) -> (f(a, b), df/da v + df/db w).</summary>
    public static Func<(A, B), (A, B), (R Value, R Tangent)> Of<A, B, R>(Func<A, B, R> f) =>
        Of(f.Packed());

    /// <summary>((a, b, c), (v, w, z)) -> (f(a, b, c), df/da v + df/db w + df/dc z).</summary>
    public static Func<(A, B, C), (A, B, C), (R Value, R Tangent)> Of<A, B, C, R>(
        Func<A, B, C, R> f) => Of(f.Packed());

    /// <summary>What f made of x, and the tangent of each of its tensors; not evaluated.</summary>
    internal static (Recording<R> Run, Tensor[] Tangents) Push<T, R>(
        string op, Func<T, R> f, T x, T v)
    {
        var run = Recording.OnAliases(op, f, x);
        Tensor?[] tangents = [.. run.Directions(op, v).Select(d => d.IsSymbolicZero ? null : d)];
        Tensor?[] forward = run.Tape.Forward(tangents, run.Outputs);
        return (run, [.. run.Outputs.Select((y, i) =>
            forward[i] ?? (y.IsSymbolicZero ? y : y.Like(op, 0)))]);
    }
}
