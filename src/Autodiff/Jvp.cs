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
            var run = Differentiation<R>.Run("Jvp", f, x, null);
            List<Tensor> values = Structure.Leaves(x), directions = Structure.Leaves(v);
            if (values.Count != directions.Count)
                throw Errors.Fail("Jvp", $"the argument has {values.Count} tensors, but the "
                    + $"direction {directions.Count}. Pass one shaped like the argument.");
            var tangents = new List<Tensor?>();
            for (int i = 0; i < values.Count; i++)
            {
                if (!values[i].DType.IsFloat()) continue;
                Vjp.Match("Jvp", values[i], directions[i]);
                tangents.Add(directions[i].IsSymbolicZero ? null : directions[i]);
            }
            Tensor?[] forward = Modes.Forward(run.Tape, run.Arguments, tangents, run.Outputs);
            var results = new Tensor[forward.Length];
            for (int i = 0; i < results.Length; i++)
                results[i] = forward[i] ?? run.Outputs[i].Like("Jvp", 0);
            R tangent = Structure.WithLeaves(run.Result, results);
            Evaluator.Boundary([.. run.Outputs, .. results]);
            return (run.Result, tangent);
        };
    }
}
