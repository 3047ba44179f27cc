// A trace: one run of a transform's user function, from `using var trace = new Trace(...)` to the
// end of that scope. Stand-ins for the arguments are made here, and what is built on them refers to
// the trace. While it lives, evaluating keeps how nodes were made, so that the transform can still
// read the graph.
namespace Engine;

/// <summary>One run of a transform's user function; disposed when it has returned.</summary>
internal sealed class Trace(string transform) : IDisposable
{
    private volatile bool live = true;

    /// <summary>Name of the transform, for errors: Grad, Vmap, ...</summary>
    public string Transform { get; } = transform;

    /// <summary>
    /// When it began, in the order in which tensors are made. Outer traces have smaller ids.
    /// </summary>
    public long Id { get; } = Tensor.NextId();

    public bool Live => live;

    /// <summary>
    /// Whether a tensor was made since the trace began. What was there before is captured.
    /// </summary>
    public bool Contains(Tensor tensor) => tensor.Id > Id;

    /// <summary>A stand-in with the value of <paramref name="x"/>, to differentiate by.</summary>
    public Tensor Alias(Tensor x) => Tensor.Renamed(new Alias(), x, this);

    /// <summary>
    /// A stand-in, on the same device, for a value like <paramref name="x"/> of another shape. It
    /// is known only when the transform runs what it traced (at each iteration if it is of a loop).
    /// </summary>
    public Tensor Placeholder(Tensor x, Shape shape, bool ofLoop = false) =>
        Tensor.Placeholder(new Placeholder(Transform, ofLoop), shape, x.DType, x.Home, this);

    public void Dispose() => live = false;

    /// <summary>The outermost of two that still lives.</summary>
    public static Trace? Outermost(Trace? a, Trace? b)
    {
        if (a is { live: false }) a = null;
        if (b is { live: false }) b = null;
        return a is null ? b : b is null || a.Id < b.Id ? a : b;
    }
}
