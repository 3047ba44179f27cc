// Choice by a mask: elements of x where it holds, of y elsewhere. Linear in x and in y.
using Engine.Kernels;

namespace Engine;

internal sealed record Select : Elementwise
{
    internal override string Name => "Where";

    protected internal override bool IsCheap => true;

    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (x[1].Shape, x[1].DType);

    internal override Rewrite Simplify(PlanNode[] x, Tensor y) =>
        x[1] == x[2] ? Rewrite.ToInOrder(x[1])
        : x[0].Constant is { } mask ? Rewrite.ToInOrder(mask.Value != 0 ? x[1] : x[2]) : default;

    internal override TileKernel Kernel(DType input, DType result) =>
        TileKernels.Select(TileEmitter.TypeOf(result));

    protected internal override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t) => i switch
    {
        1 => Tensor.Where(x[0], t, 0),
        2 => Tensor.Where(x[0], 0, t),
        _ => null,
    };
}

public sealed partial class Tensor
{
    /// <summary>
    /// Elements of <paramref name="x"/> where the mask holds, of <paramref name="y"/> elsewhere,
    /// with broadcasting of all three. No derivative flows through the mask, and none to the
    /// element not chosen.
    /// </summary>
    public static Tensor Where(Tensor mask, Tensor x, Tensor y)
    {
        Errors.Bool("Where", mask);
        Errors.SameDType("Where", x, y);
        if (x.DType == DType.Bool) return (mask & x) | (!mask & y);
        Shape shape = BroadcastShape(
            "Where", BroadcastShape("Where", mask.Shape, x.Shape), y.Shape);
        return Apply(new Select(), mask.ExpandTo(shape), x.ExpandTo(shape), y.ExpandTo(shape));
    }

    /// <inheritdoc cref="Where(Tensor, Tensor, Tensor)"/>
    public static Tensor Where(Tensor mask, Tensor x, double y) =>
        Where(mask, x, x.Like("Where", y));

    /// <inheritdoc cref="Where(Tensor, Tensor, Tensor)"/>
    public static Tensor Where(Tensor mask, double x, Tensor y) =>
        Where(mask, y.Like("Where", x), y);

    /// <inheritdoc cref="Where(Tensor, Tensor, Tensor)"/>
    public static Tensor Where(Tensor mask, Tensor x, long y) =>
        Where(mask, x, x.Like("Where", y));

    /// <inheritdoc cref="Where(Tensor, Tensor, Tensor)"/>
    public static Tensor Where(Tensor mask, long x, Tensor y) =>
        Where(mask, y.Like("Where", x), y);
}
