// Rematerialisation: the backward pass computes a function again instead of keeping what the
// forward pass made.
namespace Engine;

/// <summary>
/// Trades time for memory (Chen et al., 2016, "Training deep nets with sublinear memory cost"). A
/// derivative of f keeps f's arguments and captured tensors alone, and computes f again when its
/// cotangent arrives. Values and derivatives of every order are those of f. Typically each
/// inner step of a long adaptation is wrapped: all steps then share the memory of one, and what is
/// kept for each is its argument, the parameters. Nest to keep fewer of these too.
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
    public static Func<A, B, R> Of<A, B, R>(Func<A, B, R> f) => Of(f.Packed()).Unpacked();

    /// <summary>f, computed again in the backward pass.</summary>
    public static Func<A, B, C, R> Of<A, B, C, R>(Func<A, B, C, R> f) =>
        Of(f.Packed()).Unpacked();
}

/// <summary>
/// A function that its derivatives compute again. So do theirs, and memory is saved at every order.
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
            var run = Recording.OnAliases("Remat", Body.Run, x, x, need);
            return At(need, run.Tape.Reverse(
                run.Outputs, Spread(g, inputs, site.Inputs.Length)));
        });

    public override Tensor?[] Jvp(CallSite site, Tensor?[] dx)
    {
        bool[] given = Array.ConvertAll(dx, t => t is not null);
        return Derived([.. site.Inputs, .. Present(dx)], inputs =>
        {
            Tensor[] x = inputs[..site.Inputs.Length];
            var run = Recording.OnAliases("Remat", Body.Run, x, x, given);
            return run.Tape.Forward(inputs[x.Length..], run.Outputs);
        });
    }

    public override Tensor[] Vmap(Tensor[] x, bool[] batched, int size) =>
        Again(inputs => Batching.OfTensors(Body.Run, inputs, batched, size), x);

    /// <summary>
    /// Runs f, whose results may be null (zero), as a function that derivatives compute again.
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

    /// <summary>
    /// The parts from <paramref name="next"/> on, in the places where the pattern has tensors.
    /// </summary>
    private static Tensor?[] Spread(Tensor?[] pattern, Tensor[] parts, int next) =>
        Array.ConvertAll(pattern, part => part is null ? null : parts[next++]);
}
