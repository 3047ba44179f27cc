// A primitive: the name of one operation with its attributes, and the four things every transform
// needs to know of it (result type, vjp, jvp, vmap) plus how it is lowered into a plan.
//
// Primitives are immutable records: equality and hash are what caches key on, so their fields are
// value-equal types (Shape, Axes, numbers), never arrays. Rules are written with tensors and so
// build more nodes: a derivative is itself a tensor program and every transform nests in any other.
namespace Engine;

/// <summary>An operation with its attributes; see the documentation "Adding an op".</summary>
public abstract record Primitive
{
    /// <summary>Name for errors, printing and plans.</summary>
    internal virtual string Name => GetType().Name;

    /// <summary>
    /// Shape and dtype of the result. Public methods have checked the inputs already.
    /// </summary>
    internal abstract (Shape Shape, DType DType) Infer(ReadOnlySpan<Tensor> x);

    /// <summary>
    /// For each input with <paramref name="need"/> set, its cotangent given the result's cotangent
    /// <paramref name="g"/>; null is zero.
    /// </summary>
    internal abstract Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need);

    /// <summary>The result's tangent given the inputs' (null is zero); null is zero.</summary>
    internal abstract Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx);

    /// <summary>
    /// The results for <paramref name="size"/> elements at once: inputs marked batched have the
    /// batch as their first axis, the others are shared; the result has the batch first.
    /// </summary>
    internal abstract Tensor Vmap(Tensor[] x, bool[] batched, int size);

    /// <summary>The input this node merely renames; plans read the input instead.</summary>
    internal virtual Index? AliasOf => null;

    /// <summary>The input whose memory the result shares, element for element.</summary>
    internal virtual Index? LiesAs => AliasOf;

    /// <summary>
    /// Whether it sums products of its operands' elements, as matrix products and convolutions do:
    /// the operations that are most of the work.
    /// </summary>
    internal virtual bool IsProduct => false;

    /// <summary>
    /// A shorter way to the same bits, for inputs <paramref name="x"/> and a result like
    /// <paramref name="y"/>; the default where none is known.
    /// </summary>
    internal virtual Rewrite Simplify(PlanNode[] x, Tensor y) => default;

    /// <summary>Puts this operation into a plan.</summary>
    internal abstract void Lower(Lowering plan, PlanNode node);

    /// <summary>The input with a batch axis, shared ones repeated (a view, no copy).</summary>
    protected static Tensor Batched(Tensor x, bool batched, int size) =>
        batched ? x : x.Insert(0, size);

    /// <summary>No input has a cotangent.</summary>
    protected static Tensor?[] NoCotangents(Tensor[] x) => new Tensor?[x.Length];

    /// <summary>The sum of two tangents or cotangents of which either may be zero.</summary>
    internal static Tensor? Add(Tensor? a, Tensor? b) => a is null ? b : b is null ? a : a + b;
}

/// <summary>An operation linear in its one input: state its transpose and its batching.</summary>
public abstract record LinearPrimitive : Primitive
{
    /// <summary>The transpose applied to g, for an input like <paramref name="x"/>.</summary>
    internal abstract Tensor Transposed(Tensor x, Tensor g);

    internal sealed override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need) =>
        [need[0] ? Transposed(x[0], g) : null, .. new Tensor?[x.Length - 1]];

    internal sealed override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx) =>
        dx[0] is { } t ? Tensor.Apply(this, [t, .. x[1..]]) : null;
}

/// <summary>
/// An operation whose result is piecewise constant (indices, comparisons) or has no inputs.
/// </summary>
public abstract record ConstantPrimitive : Primitive
{
    internal sealed override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need) =>
        NoCotangents(x);

    internal sealed override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx) => null;
}
