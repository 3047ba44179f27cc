// Primitives with one planted mistake each, and the right ones beside them, for the tests of the
// tests.
using Engine.Kernels;

namespace Engine.OpTests;

internal readonly struct CubeOp : IUnaryOp
{
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => x * x * x;
}

internal readonly struct NearlyCubeOp : IUnaryOp
{
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> =>
        x * x * x + V.Const(1e-5);
}

/// <summary>
/// x written so that 0, infinities and numbers whose square overflows become NaN.
/// </summary>
internal readonly struct QuotientOp : IUnaryOp
{
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => x * x / x;
}

internal sealed record Cube : Unary<CubeOp>
{
    protected override Tensor Derivative(Tensor x, Tensor y) => 3 * x.Square();
}

internal sealed record CubeWrongValue : Unary<NearlyCubeOp>
{
    protected override Tensor Derivative(Tensor x, Tensor y) => 3 * x.Square();
}

internal sealed record CubeWrongDerivative : Unary<CubeOp>
{
    protected override Tensor Derivative(Tensor x, Tensor y) => 3.0001 * x.Square();
}

/// <summary>The first derivative is right, but is a constant to the second.</summary>
internal sealed record CubeWrongSecond : Unary<CubeOp>
{
    protected override Tensor Derivative(Tensor x, Tensor y) => 3 * x.StopGradient().Square();
}

internal sealed record WrongSpecialValues : Unary<QuotientOp>
{
    protected override Tensor Derivative(Tensor x, Tensor y) => 1 + 0 * x;
}

/// <summary>x itself, copied by a kernel; each mistake is a part that can be overridden.</summary>
internal abstract record Copying : LinearPrimitive, IKernel
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (x[0].Shape, x[0].DType);

    internal override Tensor Transposed(Tensor x, Tensor g) => Tensor.Apply(this, g);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        Tensor.Apply(this, x[0]);

    internal override void Lower(Lowering plan, PlanNode node) => plan.Kernel(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.Any;

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y) =>
        Execute(backend, x[0], y);

    protected virtual void Execute(IBackend backend, in Operand x, in Operand y) =>
        backend.Copy(x, y);
}

internal sealed record Copied : Copying;

internal sealed record CopiedWrongTranspose : Copying
{
    internal override Tensor Transposed(Tensor x, Tensor g) => 1.0001 * g;
}

/// <summary>Reads its input as if it were contiguous.</summary>
internal sealed record CopiedWrongStrides : Copying
{
    protected override void Execute(IBackend backend, in Operand x, in Operand y) =>
        backend.Copy(x with { Layout = y.Layout }, y);
}

internal sealed record CopiedWrongSingle : Copying
{
    protected override void Execute(IBackend backend, in Operand x, in Operand y)
    {
        if (x.Type == DType.Float32) backend.Fill(y, 0);
        else backend.Copy(x, y);
    }
}

internal sealed record CopiedWrongDevice(Type Backend) : Copying
{
    protected override void Execute(IBackend backend, in Operand x, in Operand y)
    {
        if (backend.GetType() == Backend) backend.Fill(y, 0);
        else backend.Copy(x, y);
    }
}

/// <summary>
/// Sum over the last axis, which stays; Shifted says whether batching moves the axis.
/// </summary>
internal sealed record LastSum(int Axis, bool Shifted) : Copying
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        (x[0].Shape.With(Axis, 1), x[0].DType);

    internal override Tensor Transposed(Tensor x, Tensor g) => g.ExpandTo(x.Shape);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        Tensor.Apply(Shifted ? this with { Axis = Axis + 1 } : this, x[0]);

    protected override void Execute(IBackend backend, in Operand x, in Operand y) =>
        backend.Reduce(ReduceKind.Sum, x, y);
}

/// <summary>A product of two; the wrong one ignores which operands are batched.</summary>
internal sealed record Product(bool HeedsFlags) : Primitive, IKernel
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        (x[0].Shape.With(x[0].Rank - 1, x[1].Shape[^1]), x[0].DType);

    internal override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need) =>
        [
            Tensor.Apply(this, g, x[1].SwapAxes(-1, -2)),
            Tensor.Apply(this, x[0].SwapAxes(-1, -2), g),
        ];

    internal override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx) => Add(
        dx[0] is { } a ? Tensor.Apply(this, a, x[1]) : null,
        dx[1] is { } b ? Tensor.Apply(this, x[0], b) : null);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) => Tensor.Apply(
        this, Batched(x[0], batched[0] || !HeedsFlags, size),
        Batched(x[1], batched[1] || !HeedsFlags, size));

    internal override void Lower(Lowering plan, PlanNode node) => plan.Kernel(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.Any;

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y) =>
        backend.MatMul(x[0], x[1], y);
}
