// Random words from a key and a counter: the same on every device and for any number of threads.
using Engine.Kernels;

namespace Engine;

/// <summary>Words (..., Length) of the keys (..., 2); int32 or int64.</summary>
internal sealed record RandomBits(int Length, DType Type) : ConstantPrimitive, IKernel
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        (x[0].Shape.With(x[0].Rank - 1, Length), Type);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) => Tensor.Apply(this, x[0]);

    internal override void Lower(Lowering plan, PlanNode node) => plan.Kernel(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.Contiguous;

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y)
    {
        long keys = x[0].Layout.Count / 2;
        backend.RandomBits(
            x[0] with { Layout = Layout.Contiguous(keys, 2) },
            y with { Layout = Layout.Contiguous(keys, Length) });
    }
}

/// <summary>
/// Words as floats uniform in the open interval (0, 1): int32 to float32, int64 to float64.
/// </summary>
internal sealed record UnitFromBits : Elementwise
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        (x[0].Shape, x[0].DType == DType.Int32 ? DType.Float32 : DType.Float64);

    internal override TileKernel Kernel(DType input, DType result) =>
        TileKernels.UnitFromBits(result);

    protected internal override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t) => null;
}
