// Compilation: trace once, replay the plan.
namespace Engine;

/// <summary>
/// Compiles functions. The first call with a signature (structure, shapes, dtypes, device, and the
/// values of plain C# arguments and static fields) traces the function and plans it; later calls
/// replay the plan. Plain values are compared by their own equality, numbers by their bits and
/// immutable arrays by their content. A collection must be immutable, or be IEquatable of its own
/// type, which is taken as a promise to compare by content and not to change; others are an error.
/// Tensors that the function captures are frozen at the trace. Under another transform a compiled
/// function is simply the function. After 8 traces a new signature is an error, which says what
/// changed: pass it as a Tensor.
/// <para>Results have the bits of the same results evaluated together without compiling, except
/// that sums may be rounded differently: plain code also evaluates on the way (transforms and tree
/// operations do), and where it does decides the order of sums. A sum of k numbers, such as an
/// element of a matrix product, differs by at most k epsilon times the sum of their magnitudes.
/// </para>
/// </summary>
public static class Compile
{
    /// <summary>f, compiled.</summary>
    public static Func<A, R> Of<A, R>(Func<A, R> f)
    {
        ArgumentNullException.ThrowIfNull(f);
        return new CompiledFunction<A, R>("Compile", 1, f).Run;
    }

    /// <summary>f, compiled.</summary>
    public static Func<A, B, R> Of<A, B, R>(Func<A, B, R> f) =>
        new CompiledFunction<(A, B), R>("Compile", 2, f.Packed()).Run;

    /// <summary>f, compiled.</summary>
    public static Func<A, B, C, R> Of<A, B, C, R>(Func<A, B, C, R> f) =>
        new CompiledFunction<(A, B, C), R>("Compile", 3, f.Packed()).Run;

    /// <summary>f, compiled.</summary>
    public static Func<A, B, C, D, R> Of<A, B, C, D, R>(Func<A, B, C, D, R> f) =>
        new CompiledFunction<(A, B, C, D), R>("Compile", 4, f.Packed()).Run;

    /// <summary>
    /// A training step, compiled: (state, input) to (new state, result). The old state's memory is
    /// given back at once for the next step; using the old state afterwards is an error; to keep
    /// it, give the step a copy (<see cref="Tree.Copy"/>). What the step only passes on, frozen
    /// parameters say, keeps its memory and is not copied.
    /// </summary>
    public static Func<S, X, (S State, R Result)> Step<S, X, R>(Func<S, X, (S, R)> f) =>
        new CompiledFunction<(S, X), (S, R)>("Compile.Step", 2, f.Packed()).RunStep;

    /// <summary>
    /// What a function made here has traced: signatures and how each differs from the one before,
    /// replays, steps, fused groups, bytes of temporaries and captured tensors. Printing it shows
    /// all of that.
    /// </summary>
    public static Explanation Explain(Delegate compiled)
    {
        ArgumentNullException.ThrowIfNull(compiled);
        return compiled.Target is ICompiledFunction function
            ? function.Explain()
            : throw Errors.Fail("Explain", "the function was not made by Compile.Of or "
                + "Compile.Step. Pass the compiled function itself.");
    }

    // One method for each number of arguments. A delegate made from one has the compiled function
    // as its target, where Explain finds it.
    private static R Run<A, R>(this CompiledFunction<A, R> f, A a) => f.Call(a);

    private static R Run<A, B, R>(this CompiledFunction<(A, B), R> f, A a, B b) => f.Call((a, b));

    private static R Run<A, B, C, R>(this CompiledFunction<(A, B, C), R> f, A a, B b, C c) =>
        f.Call((a, b, c));

    private static R Run<A, B, C, D, R>(
        this CompiledFunction<(A, B, C, D), R> f, A a, B b, C c, D d) => f.Call((a, b, c, d));

    private static (S State, R Result) RunStep<S, X, R>(
        this CompiledFunction<(S, X), (S, R)> f, S state, X input) =>
        f.Call((state, input), donated: Structure.Leaves(state).Count);
}
