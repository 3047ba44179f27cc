// The stable order that sorts an axis, and what takes elements in that order: Sort, TopK.
using Engine.Kernels;

namespace Engine;

/// <summary>The order that sorts the last axis ascending, int64.</summary>
internal sealed record ArgSortPrimitive : ConstantPrimitive, IKernel
{
    internal override string Name => "ArgSort";

    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (x[0].Shape, DType.Int64);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) => Tensor.Apply(this, x[0]);

    internal override void Lower(Lowering plan, PlanNode node) => plan.Kernel(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.Contiguous;

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y)
    {
        long n = x[0].Layout.Sizes[^1];
        Layout rows = Layout.Contiguous(n == 0 ? 0 : y.Layout.Count / n, n);
        backend.ArgSort(x[0] with { Layout = rows }, y with { Layout = rows });
    }
}

public sealed partial class Tensor
{
    /// <summary>
    /// Positions, int64, that sort an axis; stable. Ascending puts NaN last, descending first.
    /// </summary>
    public Tensor ArgSort(int axis = -1, bool descending = false)
    {
        Errors.Number("ArgSort", this);
        axis = Errors.Axis("ArgSort", axis, Shape);
        if (!descending)
            return Apply(new ArgSortPrimitive(), MoveAxis(axis, -1)).MoveAxis(-1, axis);
        // Sorted backwards and read backwards, equal elements keep their order.
        return Shape[axis] - 1.0 - Flip(axis).ArgSort(axis).Flip(axis);
    }

    /// <summary>
    /// The elements of an axis in order; stable. Ascending puts NaN last, descending first.
    /// </summary>
    public Tensor Sort(int axis = -1, bool descending = false)
    {
        Errors.Number("Sort", this);
        axis = Errors.Axis("Sort", axis, Shape);
        return TakeAlongAxis(ArgSort(axis, descending), axis);
    }

    /// <summary>
    /// The k largest (or smallest) elements along an axis, the first of equal ones before the
    /// others, and their positions, int64. NaN counts as larger than all numbers.
    /// </summary>
    public (Tensor Values, Tensor Indices) TopK(int k, int axis = -1, bool largest = true)
    {
        Errors.Number("TopK", this);
        axis = Errors.Axis("TopK", axis, Shape);
        if (k < 0 || k > Shape[axis])
            throw Errors.Fail("TopK", $"cannot take {k} elements along axis {axis} of shape "
                + $"{Shape}. Ask for 0 to {Shape[axis]}.");
        Tensor indices = ArgSort(axis, largest).SliceAxis(axis, 0, k);
        return (TakeAlongAxis(indices, axis), indices);
    }
}
