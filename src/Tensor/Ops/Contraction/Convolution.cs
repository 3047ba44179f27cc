// Two-dimensional convolution as three primitives closed under transposition: each is bilinear, and
// the cotangents of any one are the other two. All work on (tasks, ...) so that per-task weights of
// a vmapped network are one call.
using Engine.Kernels;

namespace Engine;

/// <summary>
/// Stride, padding and dilation (vertical, horizontal) and groups of a convolution.
/// </summary>
internal readonly record struct ConvolutionGeometry(
    int StrideHeight, int StrideWidth, int PaddingHeight, int PaddingWidth,
    int DilationHeight, int DilationWidth, int Groups)
{
    /// <summary>All sizes, from x (T, N, C, H, W) and w (T, K, C/groups, R, S).</summary>
    public ConvolutionShape With(ReadOnlySpan<int> x, ReadOnlySpan<int> w) => new(
        x[0], x[1], x[2], x[3], x[4], w[1], w[3], w[4], StrideHeight, StrideWidth,
        PaddingHeight, PaddingWidth, DilationHeight, DilationWidth, Groups);
}

/// <summary>What the three convolutions share.</summary>
internal abstract record ConvolutionPrimitive(ConvolutionGeometry Geometry) : Primitive, IKernel
{
    internal sealed override bool IsProduct => true;

    /// <summary>The cotangent of one operand.</summary>
    protected abstract Tensor Transposed(int operand, Tensor[] x, Tensor g);

    internal sealed override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need) =>
        [need[0] ? Transposed(0, x, g) : null, need[1] ? Transposed(1, x, g) : null];

    internal sealed override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx) => Add(
        dx[0] is { } a ? Tensor.Apply(this, a, x[1]) : null,
        dx[1] is { } b ? Tensor.Apply(this, x[0], b) : null);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size)
    {
        // The batch becomes more tasks. An operand that all elements share has stride 0 along it.
        Tensor a = Tasks(Batched(x[0], batched[0], size));
        Tensor b = Tasks(Batched(x[1], batched[1], size));
        return Untasks(Tensor.Apply(this, a, b), size);
    }

    internal sealed override void Lower(Lowering plan, PlanNode node) => plan.Kernel(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.FirstAxisFree;

    double IKernel.Operations(ReadOnlySpan<PlanView> x, PlanView y)
    {
        var (outputs, weights) = Shapes(x[0].Layout, x[1].Layout, y.Layout);
        return 2.0 * outputs.Count * (weights.Count / weights.Sizes[0] / weights.Sizes[1]);
    }

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y) =>
        Execute(backend, x, y, default);

    /// <summary>Which of the three layouts are a forward pass's output and its weights.</summary>
    protected abstract (Layout Outputs, Layout Weights) Shapes(Layout a, Layout b, Layout y);

    /// <summary>Runs the kernel, with the epilogue if the kernel takes one.</summary>
    public abstract void Execute(
        IBackend backend, ReadOnlySpan<Operand> x, in Operand y, in Epilogue epilogue);

    /// <summary>(V, T, ...) as (V T, ...).</summary>
    protected static Tensor Tasks(Tensor x) =>
        x.Reshape([x.Shape[0] * x.Shape[1], .. x.Shape.Sizes[2..]]);

    /// <summary>(V T, ...) as (V, T, ...).</summary>
    protected static Tensor Untasks(Tensor y, int size) =>
        y.Reshape([size, size == 0 ? 1 : y.Shape[0] / size, .. y.Shape.Sizes[1..]]);

    /// <summary>
    /// Images of a batch that meet shared weights are more images of one convolution: (V, 1, N,
    /// ...) as (1, V N, ...), and back.
    /// </summary>
    protected Tensor AsImages(Tensor images, Tensor weights, int size)
    {
        int n = images.Shape[2];
        Tensor y = Tensor.Apply(
            this, images.Reshape([1, size * n, .. images.Shape.Sizes[3..]]), weights);
        return y.Reshape([size, 1, n, .. y.Shape.Sizes[2..]]);
    }

    protected static ReadOnlySpan<int> Ints(in Operand x)
    {
        var sizes = new int[x.Layout.Rank];
        for (int i = 0; i < sizes.Length; i++) sizes[i] = (int)x.Layout.Sizes[i];
        return sizes;
    }
}

/// <summary>y = x * w.</summary>
internal sealed record Convolution(ConvolutionGeometry Geometry)
    : ConvolutionPrimitive(Geometry), IEpilogueKernel
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x)
    {
        ConvolutionShape s = Geometry.With(x[0].Shape.Sizes, x[1].Shape.Sizes);
        return ([s.Tasks, s.Batch, s.Filters, s.OutHeight, s.OutWidth], x[0].DType);
    }

    protected override Tensor Transposed(int operand, Tensor[] x, Tensor g) => operand == 0
        ? Tensor.Apply(new InputGradient(Geometry, x[0].Shape[3], x[0].Shape[4]), g, x[1])
        : Tensor.Apply(new WeightGradient(Geometry, x[1].Shape[3], x[1].Shape[4]), x[0], g);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        !batched[1] && x[1].Shape[0] == 1
            ? AsImages(x[0], x[1], size)
            : base.Vmap(x, batched, size);

    protected override (Layout Outputs, Layout Weights) Shapes(Layout a, Layout b, Layout y) =>
        (y, b);

    public override void Execute(
        IBackend backend, ReadOnlySpan<Operand> x, in Operand y, in Epilogue epilogue) =>
        backend.Convolution(Geometry.With(Ints(x[0]), Ints(x[1])), x[0], x[1], y, epilogue);
}

/// <summary>
/// The transpose of a convolution in its images: from g and w to images Height x Width.
/// </summary>
internal sealed record InputGradient(ConvolutionGeometry Geometry, int Height, int Width)
    : ConvolutionPrimitive(Geometry), IEpilogueKernel
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x)
    {
        int channels = x[1].Shape[2] * Geometry.Groups;
        return ([x[0].Shape[0], x[0].Shape[1], channels, Height, Width], x[0].DType);
    }

    protected override Tensor Transposed(int operand, Tensor[] x, Tensor g) => operand == 0
        ? Tensor.Apply(new Convolution(Geometry), g, x[1])
        : Tensor.Apply(new WeightGradient(Geometry, x[1].Shape[3], x[1].Shape[4]), g, x[0]);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        !batched[1] && x[1].Shape[0] == 1
            ? AsImages(x[0], x[1], size)
            : base.Vmap(x, batched, size);

    protected override (Layout Outputs, Layout Weights) Shapes(Layout a, Layout b, Layout y) =>
        (a, b);

    public override void Execute(
        IBackend backend, ReadOnlySpan<Operand> x, in Operand y, in Epilogue epilogue) =>
        backend.InputGradient(Geometry.With(Ints(y), Ints(x[1])), x[0], x[1], y, epilogue);
}

/// <summary>The transpose of a convolution in its weights: from x and g to filters R x S.</summary>
internal sealed record WeightGradient(
    ConvolutionGeometry Geometry, int KernelHeight, int KernelWidth)
    : ConvolutionPrimitive(Geometry)
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x)
    {
        Shape images = x[0].Shape;
        int channels = images[2] / Geometry.Groups;
        return ([images[0], x[1].Shape[2], channels, KernelHeight, KernelWidth], x[0].DType);
    }

    protected override Tensor Transposed(int operand, Tensor[] x, Tensor g) => operand == 0
        ? Tensor.Apply(new InputGradient(Geometry, x[0].Shape[3], x[0].Shape[4]), x[1], g)
        : Tensor.Apply(new Convolution(Geometry), x[0], g);

    protected override (Layout Outputs, Layout Weights) Shapes(Layout a, Layout b, Layout y) =>
        (b, y);

    public override void Execute(
        IBackend backend, ReadOnlySpan<Operand> x, in Operand y, in Epilogue epilogue) =>
        backend.WeightGradient(Geometry.With(Ints(x[0]), Ints(y)), x[0], x[1], y);
}
