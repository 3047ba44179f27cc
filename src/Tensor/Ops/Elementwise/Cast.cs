// Change of dtype. Between floats it is linear; to and from integers and masks nothing flows.
using Engine.Kernels;

namespace Engine;

internal sealed record Cast(DType To) : Elementwise
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (x[0].Shape, To);

    internal override Rewrite Simplify(PlanNode[] x, Tensor y) =>
        x[0].DType == To ? Rewrite.ToInOrder(x[0]) : default;

    internal override TileKernel Kernel(DType input, DType result) =>
        TileKernels.Cast(TileEmitter.TypeOf(input), TileEmitter.TypeOf(result));

    protected internal override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t) =>
        !x[0].DType.IsFloat() || !To.IsFloat() ? null
        : t.DType == x[0].DType ? t.Cast(To) // a tangent goes forwards
        : t.Cast(x[0].DType);                // a cotangent goes back
}

public sealed partial class Tensor
{
    /// <summary>
    /// The elements in another dtype. Floats become integers by dropping the fraction (saturating;
    /// NaN becomes 0), numbers become masks by being non-zero, masks become 1 and 0.
    /// </summary>
    public Tensor Cast(DType type) => type == DType ? this : Apply(new Cast(type), this);
}
