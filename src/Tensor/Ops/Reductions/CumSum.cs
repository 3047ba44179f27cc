// Running sums: the transpose of a running sum is the running sum from the other end.
using Engine.Kernels;

namespace Engine;

internal sealed record CumSum(int Axis, bool Reverse) : LinearPrimitive, IKernel
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (x[0].Shape, x[0].DType);

    internal override Tensor Transposed(Tensor x, Tensor g) =>
        Tensor.Apply(this with { Reverse = !Reverse }, g);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        Tensor.Apply(this with { Axis = Axis + 1 }, x[0]);

    internal override void Lower(Lowering plan, PlanNode node) => plan.Kernel(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.Contiguous;

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y)
    {
        long outer = 1, inner = 1;
        ReadOnlySpan<long> sizes = y.Layout.Sizes;
        foreach (long size in sizes[..Axis]) outer *= size;
        foreach (long size in sizes[(Axis + 1)..]) inner *= size;
        Layout layout = Layout.Contiguous(outer, sizes[Axis], inner);
        backend.CumSum(x[0] with { Layout = layout }, y with { Layout = layout }, Reverse);
    }
}

public sealed partial class Tensor
{
    /// <summary>
    /// Sum of the elements up to and with each along an axis, or from each on with <paramref
    /// name="reverse"/>.
    /// </summary>
    public Tensor CumSum(int axis = -1, bool reverse = false)
    {
        Errors.Number("CumSum", this);
        return Apply(new CumSum(Errors.Axis("CumSum", axis, Shape), reverse), this);
    }
}
