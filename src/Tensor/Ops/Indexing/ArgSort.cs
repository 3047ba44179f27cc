// The stable order that sorts an axis.
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
    /// <summary>Positions, int64, that sort an axis ascending; stable, NaN last.</summary>
    public Tensor ArgSort(int axis = -1)
    {
        Errors.Number("ArgSort", this);
        axis = Errors.Axis("ArgSort", axis, Shape);
        return Apply(new ArgSortPrimitive(), MoveAxis(axis, -1)).MoveAxis(-1, axis);
    }
}
