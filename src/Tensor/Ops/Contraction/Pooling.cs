// Pooling. Max-pooling finds the first maximum of each window and gathers it, so its derivative at
// every order is a scatter or a gather; averages are composed.
using Engine.Kernels;

namespace Engine;

/// <summary>
/// Position in its plane of each window's first maximum, int32: (..., H, W) to (..., OH, OW).
/// </summary>
internal sealed record MaxPoolIndices(int Window, int Stride, int Padding)
    : ConstantPrimitive, IKernel
{
    private PoolShape Pool(int height, int width) => new(height, width, Window, Stride, Padding);

    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x)
    {
        PoolShape pool = Pool(x[0].Shape[^2], x[0].Shape[^1]);
        return ([.. x[0].Shape.Sizes[..^2], pool.OutHeight, pool.OutWidth], DType.Int32);
    }

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) => Tensor.Apply(this, x[0]);

    internal override void Lower(Lowering plan, PlanNode node) => plan.Kernel(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.Contiguous;

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y)
    {
        ReadOnlySpan<long> sizes = x[0].Layout.Sizes;
        PoolShape pool = Pool((int)sizes[^2], (int)sizes[^1]);
        long planes = 1;
        foreach (long size in sizes[..^2]) planes *= size;
        backend.MaxPoolIndices(
            pool,
            x[0] with { Layout = Layout.Contiguous(planes, pool.Height, pool.Width) },
            y with { Layout = Layout.Contiguous(planes, pool.OutHeight, pool.OutWidth) });
    }
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
        Tensor index = Apply(new MaxPoolIndices(window, step, padding), StopGradient());
        int planes = Shape[0] * Shape[1], size = Shape[2] * Shape[3];
        int windows = index.Shape[2] * index.Shape[3];
        Tensor flat = Reshape(planes, size, 1);
        return Apply(new Gather("MaxPool2d"), flat, index.Reshape(planes, windows))
            .Reshape(index.Shape);
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
        if (window > Shape[2] + 2 * padding || window > Shape[3] + 2 * padding)
            throw Errors.Fail(op, $"a window of {window} x {window} is larger than images {Shape} "
                + $"with padding {padding}. Use a smaller window.");
        return step;
    }
}
