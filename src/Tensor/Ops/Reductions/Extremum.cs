// Largest and smallest over axes, and where the largest is. Equal extrema share the derivative
// equally (as PyTorch's amax does), so that it does not depend on their order.
using Engine.Kernels;

namespace Engine;

/// <summary>Maximum or minimum over axes, which stay with size 1.</summary>
internal sealed record Extremum(ReduceKind Kind, Axes Axes)
    : Primitive, IEpilogueKernel, ICollector
{
    internal override string Name => Kind.ToString();

    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        (ReducedAxes.Kept(x[0].Shape, Axes), x[0].DType);

    internal override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need) =>
        [need[0] ? Share(x[0], y) * g : null];

    internal override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx) =>
        dx[0] is { } t ? (Share(x[0], y) * t).Sum(Axes, keepDims: true) : null;

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        Tensor.Apply(new Extremum(Kind, Axes.Shift()), x[0]);

    internal override void Lower(Lowering plan, PlanNode node) =>
        plan.Collect(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.Any;

    void IEpilogueKernel.Execute(
        IBackend backend, ReadOnlySpan<Operand> x, in Operand y, in Epilogue epilogue) =>
        backend.Reduce(Kind, x[0], y, epilogue);

    void ICollector.Collect(
        IBackend backend, TileProgram program, Layout sizes, ReadOnlySpan<Operand> x,
        ReadOnlySpan<Operand> y, in Epilogue epilogue) =>
        backend.Reduce(Kind, program, sizes, x, y, epilogue);

    private Tensor Share(Tensor x, Tensor y)
    {
        Tensor at = x.EqualTo(y).Cast(x.DType);
        return at / at.Sum(Axes, keepDims: true);
    }
}

/// <summary>Position of the first maximum along the last axis.</summary>
internal sealed record ArgMaxPrimitive : ConstantPrimitive, IKernel
{
    internal override string Name => "ArgMax";

    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        (x[0].Shape.Remove(x[0].Rank - 1), DType.Int64);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        Tensor.Apply(this, x[0]);

    internal override void Lower(Lowering plan, PlanNode node) => plan.Kernel(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.Contiguous;

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y)
    {
        long n = x[0].Layout.Sizes[^1], rows = y.Layout.Count;
        backend.ArgMax(
            x[0] with { Layout = Layout.Contiguous(rows, n) },
            y with { Layout = Layout.Contiguous(rows) });
    }
}

public sealed partial class Tensor
{
    /// <summary>Largest element over the axes (all by default); NaN if any is NaN.</summary>
    public Tensor Max(Axes axes = default, bool keepDims = false) =>
        Extreme(ReduceKind.Max, axes, keepDims);

    /// <summary>Smallest element over the axes (all by default); NaN if any is NaN.</summary>
    public Tensor Min(Axes axes = default, bool keepDims = false) =>
        Extreme(ReduceKind.Min, axes, keepDims);

    /// <summary>
    /// Position of the first maximum along an axis, int64; a NaN counts as the maximum.
    /// </summary>
    public Tensor ArgMax(int axis = -1, bool keepDims = false)
    {
        Errors.Number("ArgMax", this);
        axis = Errors.Axis("ArgMax", axis, Shape);
        ReducedAxes.NotEmpty("ArgMax", Shape, axis);
        Tensor result = Apply(new ArgMaxPrimitive(), MoveAxis(axis, -1));
        return keepDims ? result.ExpandDims(axis) : result;
    }

    /// <summary>
    /// Position of the first minimum along an axis, int64; a NaN counts as the minimum.
    /// </summary>
    public Tensor ArgMin(int axis = -1, bool keepDims = false)
    {
        Errors.Number("ArgMin", this);
        axis = Errors.Axis("ArgMin", axis, Shape);
        ReducedAxes.NotEmpty("ArgMin", Shape, axis);
        // -1 - x turns the order of integers around without overflow.
        return (DType.IsFloat() ? -this : -1 - this).ArgMax(axis, keepDims);
    }

    private Tensor Extreme(ReduceKind kind, Axes axes, bool keepDims)
    {
        Errors.Number(kind.ToString(), this);
        axes = axes.Resolve(kind.ToString(), Shape);
        ReducedAxes.NotEmpty(kind.ToString(), Shape, axes);
        if (axes.Count == 0) return this;
        return ReducedAxes.Drop(Apply(new Extremum(kind, axes), this), axes, keepDims);
    }
}
