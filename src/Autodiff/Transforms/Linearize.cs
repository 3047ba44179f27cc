// Linearisation: forward mode whose work on the function's values is done once, for many tangents.
namespace Engine;

/// <summary>
/// The value of a function and its derivative at that point as a linear function. What does not
/// depend on the direction is computed once and kept, so each direction costs the linear part
/// alone; <see cref="Jvp"/> would compute the function again for each. Exceptions are functions
/// that are computed anew by intention: those of <see cref="Remat"/>, and chunks of a
/// <see cref="Vmap"/> within the function.
/// </summary>
public static class Linearize
{
    /// <summary>
    /// x -> (f(x), v -> df/dx v) for directions v shaped like x. The linear function may be called
    /// any number of times and is itself differentiable, by x too. <paramref name="where"/> chooses
    /// leaves by path: the others do not move. Integer leaves of v are ignored.
    /// </summary>
    public static Func<T, (R Value, Func<T, R> Tangent)> Of<T, R>(
        Func<T, R> f, Func<string, bool>? where = null)
    {
        ArgumentNullException.ThrowIfNull(f);
        return x => Run("Linearize", f, x, where);
    }

    /// <summary>(a, b) -> (f(a, b), (v, w) -> df/da v + df/db w).</summary>
    public static Func<A, B, (R Value, Func<(A, B), R> Tangent)> Of<A, B, R>(
        Func<A, B, R> f, Func<string, bool>? where = null) => Of(f.Packed(), where).Unpacked();

    /// <summary>(a, b, c) -> (f(a, b, c), (v, w, z) -> df/da v + df/db w + df/dc z).</summary>
    public static Func<A, B, C, (R Value, Func<(A, B, C), R> Tangent)> Of<A, B, C, R>(
        Func<A, B, C, R> f, Func<string, bool>? where = null) => Of(f.Packed(), where).Unpacked();

    internal static (R Value, Func<T, R> Tangent) Run<T, R>(
        string op, Func<T, R> f, T x, Func<string, bool>? where)
    {
        ArgumentNullException.ThrowIfNull(x);
        var run = Recording.OnAliases(op, f, x, where);
        using var trace = new Trace(op);
        List<Tensor> directions = [.. run.Tape.Arguments.Select(
            argument => trace.Placeholder(argument, argument.Shape))];
        Tensor?[] pattern = run.Tape.Forward(directions, run.Outputs);
        List<Tensor> tangents = [.. pattern.OfType<Tensor>()];
        var (linear, inputs) =
            ClosedFunction.Of(Tape.Record(trace, directions, tangents), tangents);
        Tensor[] known = [.. inputs.Skip(directions.Count)];
        Evaluator.EvaluateResults([.. run.Outputs, .. known], run.Home);
        return (run.Result, v => Apply(v));

        R Apply(T v)
        {
            Tensor[] made = linear.Run([.. run.Directions(op, v).Select(
                d => d.IsSymbolicZero ? d.Like(op, 0) : d), .. known]);
            int next = 0;
            Tensor[] all = [.. pattern.Select((there, i) => there is not null ? made[next++]
                : run.Outputs[i].IsSymbolicZero ? run.Outputs[i] : run.Outputs[i].Like(op, 0))];
            Evaluator.EvaluateResults(all, run.Home);
            return Structure.WithLeaves(run.Result, all);
        }
    }
}
