// Functions with rules of their own: how one stands in the graph. A call's results are nodes that
// have the body's values, but every transform sees only the call: its inputs, its results, its
// rules. All results are one entry of a tape, so that a rule runs once for all of them.
namespace Engine;

/// <summary>A function whose derivatives and batching are its own.</summary>
internal abstract class RuledFunction
{
    /// <summary>
    /// Cotangents of the inputs with <paramref name="need"/> set, given the results' (null is
    /// zero).
    /// </summary>
    public abstract Tensor?[] Vjp(CallSite site, Tensor?[] g, bool[] need);

    /// <summary>The results' tangents given the inputs' (null is zero).</summary>
    public abstract Tensor?[] Jvp(CallSite site, Tensor?[] dx);

    /// <summary>
    /// The results for a batch, which is the first axis of the inputs marked and of all results.
    /// </summary>
    public abstract Tensor[] Vmap(Tensor[] x, bool[] batched, int size);

    /// <summary>The results for other inputs.</summary>
    public abstract Tensor[] Apply(Tensor[] x);

    /// <summary>The parts, in order, at the places chosen.</summary>
    protected static Tensor?[] At(bool[] chosen, Tensor?[] parts)
    {
        int next = 0;
        return Array.ConvertAll(chosen, there => there ? parts[next++] : null);
    }
}

/// <summary>A function with rules whose body stands in the graph at every call.</summary>
internal abstract class InlineFunction(ClosedFunction body) : RuledFunction
{
    public ClosedFunction Body { get; } = body;

    public override Tensor[] Apply(Tensor[] x) => Call(x, Body.Run(x));

    /// <summary>
    /// The results for x, whose values the body has made. Symbolic zeros stay what they are.
    /// </summary>
    public Tensor[] Call(Tensor[] x, IReadOnlyList<Tensor> values)
    {
        Trace? trace = null;
        foreach (Tensor input in x) trace = Trace.Outermost(trace, input.Trace);
        var site = new CallSite(this, x, new Tensor[values.Count]);
        for (int i = 0; i < values.Count; i++)
            site.Outputs[i] = values[i].IsSymbolicZero
                ? Tensor.SymbolicZero(values[i])
                : Tensor.Renamed(new InlineResult(site), values[i], trace);
        return site.Outputs;
    }
}

/// <summary>One call of a function with rules of its own.</summary>
internal sealed class CallSite(RuledFunction function, Tensor[] inputs, Tensor[] outputs)
{
    public RuledFunction Function { get; } = function;

    public Tensor[] Inputs { get; } = inputs;

    /// <summary>All results; some may be read by nobody.</summary>
    public Tensor[] Outputs { get; } = outputs;
}

/// <summary>
/// A result of a call. Tapes hold calls as a whole, so the rules of a single result never run.
/// </summary>
internal abstract record CallResult(CallSite Site) : Primitive
{
    internal sealed override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need) =>
        throw Whole();

    internal sealed override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx) => throw Whole();

    internal sealed override Tensor Vmap(Tensor[] x, bool[] batched, int size) => throw Whole();

    private static InvalidOperationException Whole() =>
        new("a call is transformed whole, not result by result");
}

/// <summary>
/// A value that the body made, as a result of the call. Plans keep these nodes: fused with its
/// neighbours' work, a call's would keep the memory that Remat frees (57 MB instead of 23 for 20
/// steps of a Conv4).
/// </summary>
internal sealed record InlineResult(CallSite Site) : CallResult(Site)
{
    internal override string Name => "CallResult";

    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (x[0].Shape, x[0].DType);

    internal override void Lower(Lowering plan, PlanNode node) => plan.SameAs(node, node.Inputs[0]);
}
