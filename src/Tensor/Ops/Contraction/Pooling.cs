// Pooling. Max-pooling finds the first maximum of each window and takes the element there, which is
// linear: its transpose puts elements back where they came from, and so on at every order. Averages
// are composed.
using Engine.Kernels;

namespace Engine;

/// <summary>A square window over planes, as pooling moves it.</summary>
internal readonly record struct PoolWindow(int Size, int Stride, int Padding)
{
    public PoolShape Over(int height, int width) => new(height, width, Size, Stride, Padding);

    public PoolShape Over(Layout images) =>
        Over((int)images.Sizes[^2], (int)images.Sizes[^1]);

    public Shape Pooled(Shape images)
    {
        PoolShape pool = Over(images[^2], images[^1]);
        return [.. images.Sizes[..^2], pool.OutHeight, pool.OutWidth];
    }

    /// <summary>A contiguous view (..., H, W) as (planes, H, W).</summary>
    public static Operand Planes(in Operand x)
    {
        ReadOnlySpan<long> sizes = x.Layout.Sizes;
        long planes = 1;
        foreach (long size in sizes[..^2]) planes *= size;
        return x with { Layout = Layout.Contiguous(planes, sizes[^2], sizes[^1]) };
    }
}

/// <summary>
/// Position in its plane of each window's first maximum, int32: (..., H, W) to (..., OH, OW).
/// </summary>
internal sealed record MaxPoolIndices(PoolWindow Window) : ConstantPrimitive, IKernel
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        (Window.Pooled(x[0].Shape), DType.Int32);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) => Tensor.Apply(this, x[0]);

    internal override void Lower(Lowering plan, PlanNode node) => plan.Collect(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.Contiguous;

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y)
    {
        Operand planes = PoolWindow.Planes(x[0]);
        backend.MaxPoolIndices(Window.Over(planes.Layout), planes, PoolWindow.Planes(y));
    }
}

/// <summary>
/// The elements of x (..., H, W) at the positions in their planes that
/// <see cref="MaxPoolIndices"/> gave, (..., OH, OW).
/// </summary>
internal sealed record MaxPool(PoolWindow Window) : Primitive, IKernel, ICollector
{
    internal override string Name => "MaxPool2d";

    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (x[1].Shape, x[0].DType);

    internal override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need) =>
    [
        need[0] ? Tensor.Apply(
            new MaxUnpool(Window, x[0].Shape[^2], x[0].Shape[^1]), g, x[1]) : null,
        null,
    ];

    internal override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx) =>
        dx[0] is { } t ? Tensor.Apply(this, t, x[1]) : null;

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        Tensor.Apply(this, Batched(x[0], batched[0], size), Batched(x[1], batched[1], size));

    internal override void Lower(Lowering plan, PlanNode node) => plan.Collect(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.Contiguous;

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y)
    {
        long planes = PoolWindow.Planes(y).Layout.Sizes[0];
        if (y.Layout.Count == 0) return;
        long from = x[0].Layout.Count / planes, to = y.Layout.Count / planes;
        backend.Gather(
            x[0] with { Layout = Layout.Contiguous(planes, from, 1) },
            x[1] with { Layout = Layout.Contiguous(planes, to) },
            y with { Layout = Layout.Contiguous(planes, to, 1) }, Name);
    }

    /// <summary>
    /// The positions, if they are of what is pooled here and no other step gives them; then the
    /// values.
    /// </summary>
    PlanNode[]? ICollector.Outputs(PlanNode node) =>
        node.Inputs[1] is { Primitive: MaxPoolIndices indices, Groups.Length: 0 } positions
        && positions.Inputs[0] == node.Inputs[0] && indices.Window == Window
            ? [positions, node] : null;

    bool ICollector.CanMerge => false;

    void ICollector.Collect(
        IBackend backend, TileProgram program, Layout sizes, ReadOnlySpan<Operand> x,
        ReadOnlySpan<Operand> y, in Epilogue epilogue) =>
        backend.MaxPool(
            Window.Over(sizes), program, sizes, x, PoolWindow.Planes(y[1]),
            PoolWindow.Planes(y[0]), epilogue);
}

/// <summary>
/// Planes (..., H, W) of zeros with g (..., OH, OW) added at its positions: the transpose of
/// <see cref="MaxPool"/>.
/// </summary>
internal sealed record MaxUnpool(PoolWindow Window, int Height, int Width) : Primitive, IKernel
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        ([.. x[0].Shape.Sizes[..^2], Height, Width], x[0].DType);

    internal override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need) =>
        [need[0] ? Tensor.Apply(new MaxPool(Window), g, x[1]) : null, null];

    internal override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx) =>
        dx[0] is { } t ? Tensor.Apply(this, t, x[1]) : null;

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        Tensor.Apply(this, Batched(x[0], batched[0], size), Batched(x[1], batched[1], size));

    internal override void Lower(Lowering plan, PlanNode node) => plan.Kernel(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.Contiguous;

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y) =>
        backend.MaxUnpool(
            Window.Over(Height, Width),
            PoolWindow.Planes(x[0]), PoolWindow.Planes(x[1]), PoolWindow.Planes(y));
}

public sealed partial class Tensor
{
    /// <summary>
    /// Largest element of each window of images (N, C, H, W). The stride is the window's size
    /// unless given; rows and columns that fill no window are dropped. Among equal elements the
    /// first gets the derivative.
    /// </summary>
    public Tensor MaxPool2d(int window, int? stride = null, int padding = 0)
    {
        int step = CheckPool("MaxPool2d", window, stride, padding);
        var moved = new PoolWindow(window, step, padding);
        Tensor index = Apply(new MaxPoolIndices(moved), StopGradient());
        return Apply(new MaxPool(moved), this, index);
    }

    /// <summary>
    /// Mean of each window of images (N, C, H, W). The stride is the window's size unless given;
    /// rows and columns that fill no window are dropped; padding counts as zeros.
    /// </summary>
    public Tensor AvgPool2d(int window, int? stride = null, int padding = 0)
    {
        int step = CheckPool("AvgPool2d", window, stride, padding);
        var pool = new PoolShape(Shape[2], Shape[3], window, step, padding);
        if (step == window && padding == 0)
        {
            Tensor whole = Slice(
                [0, 0, 0, 0],
                [Shape[0], Shape[1], pool.OutHeight * window, pool.OutWidth * window]);
            return whole.Reshape(
                Shape[0], Shape[1], pool.OutHeight, window, pool.OutWidth, window).Mean([3, 5]);
        }
        Tensor ones = Full([1, 1, window, window], 1.0 / (window * window), DType);
        return Reshape(Shape[0] * Shape[1], 1, Shape[2], Shape[3])
            .Conv2d(ones, step, padding)
            .Reshape(Shape[0], Shape[1], pool.OutHeight, pool.OutWidth);
    }

    private int CheckPool(string op, int window, int? stride, int padding)
    {
        Errors.Float(op, this);
        Errors.Rank(op, this, 4, "(N, C, H, W)");
        int step = stride ?? window;
        if (window < 1 || step < 1 || padding < 0 || padding > window / 2)
            throw Errors.Fail(op, $"window {window} and stride {step} must be at least 1, padding "
                + $"{padding} between 0 and half the window.");
        if (Shape[2] == 0 || Shape[3] == 0)
            throw Errors.Fail(op, $"images {Shape} have no elements. Images must not be empty.");
        if (window > Shape[2] + 2 * padding || window > Shape[3] + 2 * padding)
            throw Errors.Fail(op, $"a window of {window} x {window} is larger than images {Shape} "
                + $"with padding {padding}. Use a smaller window.");
        return step;
    }
}
