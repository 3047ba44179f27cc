// Reading and adding by index: Gather and ScatterAdd are each other's transpose. Take,
// TakeAlongAxis, ScatterAdd on tensors of any shape and OneHot are made of them.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>
/// y[b, i, :] = x[b, index[b, i], :]: x (B, n, inner), index (B, m). Op is the public method that
/// was called, for the error if an index is out of range.
/// </summary>
internal sealed record Gather(string Op) : Primitive, IKernel
{
    internal override string Name => Op;

    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        (x[0].Shape.With(1, x[1].Shape[1]), x[0].DType);

    internal override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need) =>
        [need[0] ? Tensor.Apply(new ScatterAdd(x[0].Shape[1], Op), g, x[1]) : null, null];

    internal override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx) =>
        dx[0] is { } t ? Tensor.Apply(this, t, x[1]) : null;

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        Indexing.Vmap(this, x, batched, size);

    internal override void Lower(Lowering plan, PlanNode node) => plan.Kernel(node, this);

    LayoutNeed IKernel.Need(int input) =>
        input == 0 ? LayoutNeed.FirstAxisFree : LayoutNeed.Any;

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y) =>
        backend.Gather(x[0], x[1], y, Op);
}

/// <summary>
/// y = 0, y[b, index[b, i], :] += g[b, i, :]: g (B, m, inner), index (B, m), n = Length.
/// </summary>
internal sealed record ScatterAdd(int Length, string Op) : Primitive, IKernel
{
    internal override string Name => Op;

    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        (x[0].Shape.With(1, Length), x[0].DType);

    internal override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need) =>
        [need[0] ? Tensor.Apply(new Gather(Op), g, x[1]) : null, null];

    internal override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx) =>
        dx[0] is { } t ? Tensor.Apply(this, t, x[1]) : null;

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        Indexing.Vmap(this, x, batched, size);

    internal override void Lower(Lowering plan, PlanNode node) => plan.Kernel(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.Any;

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y) =>
        backend.ScatterAdd(x[0], x[1], y, Op);
}

/// <summary>What gather and scatter share.</summary>
internal static class Indexing
{
    /// <summary>The batch joins the first axis of both operands.</summary>
    public static Tensor Vmap(Primitive primitive, Tensor[] x, bool[] batched, int size)
    {
        Tensor values = batched[0] ? x[0] : x[0].Insert(0, size);
        Tensor index = batched[1] ? x[1] : x[1].Insert(0, size);
        int rows = Errors.Size(primitive.Name, (long)size * values.Shape[1]);
        Tensor y = Tensor.Apply(
            primitive,
            values.Reshape(rows, values.Shape[2], values.Shape[3]),
            index.Reshape(rows, index.Shape[2]));
        return y.Reshape(size, values.Shape[1], y.Shape[1], y.Shape[2]);
    }
}

public sealed partial class Tensor
{
    /// <summary>
    /// The slices at the given positions of an axis, which is replaced by the axes of
    /// <paramref name="index"/> (integers in 0 .. size-1): rows of a table, for example.
    /// </summary>
    public Tensor Take(Tensor index, int axis = 0)
    {
        const string op = "Take";
        Errors.Integer(op, index);
        axis = Errors.Axis(op, axis, Shape);
        int outer = Of(Shape.Sizes[..axis]), inner = Of(Shape.Sizes[(axis + 1)..]);
        int count = Errors.Size(op, index.Count);
        Tensor flat = index.Reshape(1, count).ExpandTo([outer, count]);
        return Apply(new Gather(op), Reshape(outer, Shape[axis], inner), flat)
            .Reshape([.. Shape.Sizes[..axis], .. index.Shape.Sizes, .. Shape.Sizes[(axis + 1)..]]);

        static int Of(ReadOnlySpan<int> sizes)
        {
            long count = 1;
            foreach (int size in sizes) count *= size;
            return Errors.Size(op, count);
        }
    }

    /// <summary>
    /// The slices at the given positions of the first axis: <see cref="Take"/> along axis 0. A mask
    /// is an error, since a shape cannot depend on values: use <see cref="Where(Tensor, Tensor,
    /// double)"/>, which keeps the shape.
    /// </summary>
    [IndexerName("Part")]
    public Tensor this[Tensor index] => index.DType != DType.Bool
        ? Take(index)
        : throw Errors.Fail("Take", $"a mask {index.Shape} would give {Shape} a shape that depends "
            + "on values. Use Where(mask, x, 0), or positions.");

    /// <summary>
    /// For each place of <paramref name="index"/> the element of this at that position of the axis;
    /// all other axes agree (PyTorch's gather).
    /// </summary>
    public Tensor TakeAlongAxis(Tensor index, int axis = -1) =>
        TakeAlongAxis(index, axis, nameof(TakeAlongAxis));

    /// <inheritdoc cref="TakeAlongAxis(Tensor, int)"/>
    /// <param name="index">Positions.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="caller">
    /// Begins the error of a position that is not there, which is known only when values are
    /// computed: the name of a loss, say, and what its positions mean.
    /// </param>
    public Tensor TakeAlongAxis(Tensor index, int axis, string caller)
    {
        const string op = "TakeAlongAxis";
        axis = CheckAlong(op, index, axis);
        Tensor positions = index.Lines(op, axis);
        return Apply(new Gather(caller), Lines(op, axis).ExpandDims(2), positions)
            .FromLines(index.Shape, axis);
    }

    /// <summary>
    /// This with <paramref name="updates"/> added at the positions <paramref name="index"/> of an
    /// axis, in order; both have one shape, and all other axes agree with this (PyTorch's
    /// scatter_add). The transpose of <see cref="TakeAlongAxis(Tensor, int)"/>.
    /// </summary>
    public Tensor ScatterAdd(Tensor index, Tensor updates, int axis = -1)
    {
        const string op = "ScatterAdd";
        Errors.Number(op, this);
        Errors.SameDType(op, this, updates);
        axis = CheckAlong(op, index, axis);
        if (updates.Shape != index.Shape)
            throw Errors.Fail(op, $"updates {updates.Shape} must have the shape of index "
                + $"{index.Shape}. Broadcast one of them first.");
        Tensor lines = updates.Lines(op, axis).ExpandDims(2);
        return this + Apply(new ScatterAdd(Shape[axis], op), lines, index.Lines(op, axis))
            .FromLines(Shape, axis);
    }

    /// <summary>
    /// Vectors of length <paramref name="classes"/> with 1 at the position each element names and 0
    /// elsewhere (all 0 for a position outside), along a new last axis.
    /// </summary>
    public Tensor OneHot(int classes, DType type = DType.Float32)
    {
        Errors.Integer("OneHot", this);
        if (classes < 0)
            throw Errors.Fail("OneHot", $"cannot make {classes} classes of {Shape}. Give 0 or "
                + "more.");
        return ExpandDims(-1).EqualTo(Arange(classes, DType)).Cast(type);
    }

    private int CheckAlong(string op, Tensor index, int axis)
    {
        Errors.Integer(op, index);
        axis = Errors.Axis(op, axis, Shape);
        if (index.Rank != Rank || index.Shape.With(axis, 0) != Shape.With(axis, 0))
            throw Errors.Fail(op, $"index {index.Shape} must have the shape {Shape} but for axis "
                + $"{axis}. Broadcast it first.");
        return axis;
    }

    /// <summary>The lines along an axis, as the rows of a matrix.</summary>
    private Tensor Lines(string op, int axis) => MoveAxis(axis, -1)
        .Reshape(Errors.Size(op, Shape.Remove(axis).Count), Shape[axis]);

    /// <summary>A tensor of that shape whose lines along an axis are the rows of this.</summary>
    private Tensor FromLines(Shape shape, int axis) =>
        Reshape([.. shape.Remove(axis).Sizes, shape[axis]]).MoveAxis(-1, axis);
}
