// Rematerialisation: the backward pass computes a function again instead of keeping what the
// forward pass made.
namespace Engine;

/// <summary>
/// Trades time for memory (Chen et al., 2016, "Training deep nets with sublinear memory cost"). A
/// derivative of f keeps f's arguments and captured tensors alone, and computes f again when its
/// cotangent arrives. Values and derivatives of every order are those of f. Typically each
/// inner step of a long adaptation is wrapped, so that the memory of one is used by all: what
/// remains for each step is its argument, the parameters. Nest to keep fewer of these too.
/// </summary>
public static class Remat
{
    /// <summary>f, computed again in the backward pass.</summary>
    public static Func<A, R> Of<A, R>(Func<A, R> f)
    {
        ArgumentNullException.ThrowIfNull(f);
        return a =>
        {
            var closed = ClosedFunction.Trace("Remat", f, a);
            Tensor[] results =
                new RematFunction(closed.Function).Call(closed.Inputs, closed.Outputs);
            Evaluator.EvaluateResults(results);
            return closed.With(results);
        };
    }

    /// <summary>f, computed again in the backward pass.</summary>
    public static Func<A, B, R> Of<A, B, R>(Func<A, B, R> f)
    {
        ArgumentNullException.ThrowIfNull(f);
        var packed = Of(((A, B) x) => f(x.Item1, x.Item2));
        return (a, b) => packed((a, b));
    }

    /// <summary>f, computed again in the backward pass.</summary>
    public static Func<A, B, C, R> Of<A, B, C, R>(Func<A, B, C, R> f)
    {
        ArgumentNullException.ThrowIfNull(f);
        var packed = Of(((A, B, C) x) => f(x.Item1, x.Item2, x.Item3));
        return (a, b, c) => packed((a, b, c));
    }
}

/// <summary>
/// A function that its derivatives compute again. The derivatives are such functions in their turn,
/// so that memory is saved at every order.
/// </summary>
internal sealed class RematFunction(ClosedFunction body) : InlineFunction(body)
{
    public override Tensor?[] Vjp(CallSite site, Tensor?[] g, bool[] need) =>
        Derived([.. site.Inputs, .. Present(g)], inputs =>
        {
            ReadOnlySpan<Tensor> cotangents = inputs.AsSpan(site.Inputs.Length);
            var x = new Tensor[site.Inputs.Length];
            for (int i = 0; i < x.Length; i++)
                x[i] = inputs[i].ConstantValue is null
                    ? inputs[i].After(cotangents)
                    : inputs[i];
            return Differentiate(x, need, (tape, arguments, y) =>
                At(need, Interpreters.Reverse(
                    tape, arguments, y, Spread(g, inputs, site.Inputs.Length))));
        });

    public override Tensor?[] Jvp(CallSite site, Tensor?[] dx)
    {
        bool[] given = Array.ConvertAll(dx, t => t is not null);
        return Derived([.. site.Inputs, .. Present(dx)], inputs =>
            Differentiate(inputs[..site.Inputs.Length], given, (tape, arguments, y) =>
                Interpreters.Forward(tape, arguments, inputs[site.Inputs.Length..], y)));
    }

    public override Tensor[] Vmap(Tensor[] x, bool[] batched, int size) =>
        Again(inputs => BatchTrace<Tensor[]>.Map(Body.Run, inputs, batched, size), x);

    /// <summary>Runs the body on stand-ins for the chosen inputs and walks the tape.</summary>
    private Tensor?[] Differentiate(
        Tensor[] x, bool[] chosen, Func<Tape, List<Tensor>, Tensor[], Tensor?[]> walk)
    {
        var trace = new Trace("Remat");
        try
        {
            var arguments = new List<Tensor>();
            var standIns = new Tensor[x.Length];
            for (int i = 0; i < x.Length; i++)
            {
                standIns[i] = chosen[i] ? Tensor.Alias(x[i], trace) : x[i];
                if (chosen[i]) arguments.Add(standIns[i]);
            }
            Tensor[] y = Body.Run(standIns);
            return walk(Tape.Record(arguments, y), arguments, y);
        }
        finally
        {
            trace.End();
        }
    }

    /// <summary>
    /// A function of tensors, some results of which are zero, as one of this kind.
    /// </summary>
    private static Tensor?[] Derived(Tensor[] x, Func<Tensor[], Tensor?[]> f)
    {
        Tensor?[] pattern = [];
        Tensor[] results = Again(inputs => Present(pattern = f(inputs)), x);
        return Spread(pattern, results, 0);
    }

    private static Tensor[] Again(Func<Tensor[], Tensor[]> f, Tensor[] x)
    {
        var closed = ClosedFunction.Trace("Remat", f, x);
        return closed.With(new RematFunction(closed.Function).Call(closed.Inputs, closed.Outputs));
    }

    private static Tensor[] Present(Tensor?[] parts) => [.. parts.OfType<Tensor>()];

    /// <summary>Other tensors in the places of those there are.</summary>
    private static Tensor?[] Spread(Tensor?[] pattern, Tensor[] parts, int next) =>
        Array.ConvertAll(pattern, part => part is null ? null : parts[next++]);
}
