// Bases of element-wise operations, the library's and its users'. An op states its body once (a
// kernel struct) and its derivative once; batching, both modes of differentiation, fusion and every
// device follow.
using Engine.Kernels;

namespace Engine;

/// <summary>An operation that makes each element from the elements at the same place.</summary>
public abstract record Elementwise : Primitive
{
    /// <summary>
    /// Whether computing it takes no longer than reading it from memory: plans may then compute it
    /// again instead of storing it.
    /// </summary>
    protected internal virtual bool IsCheap => false;

    /// <summary>The kernel for inputs of one dtype and a result of another.</summary>
    internal abstract TileKernel Kernel(DType input, DType result);

    /// <summary>
    /// t times the derivative of the result by input i. Jacobians are diagonal, so this serves
    /// cotangents and tangents alike; null where the derivative is zero everywhere.
    /// </summary>
    protected internal abstract Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t);

    internal sealed override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need)
    {
        var result = new Tensor?[x.Length];
        for (int i = 0; i < x.Length; i++)
            if (need[i])
                result[i] = Chain(i, x, y, g);
        return result;
    }

    internal sealed override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx)
    {
        Tensor? sum = null;
        for (int i = 0; i < x.Length; i++)
            if (dx[i] is { } t)
                sum = Add(sum, Chain(i, x, y, t));
        return sum;
    }

    internal sealed override Tensor Vmap(Tensor[] x, bool[] batched, int size)
    {
        var all = new Tensor[x.Length];
        for (int i = 0; i < x.Length; i++) all[i] = Batched(x[i], batched[i], size);
        return Tensor.Apply(this, all);
    }

    internal sealed override void Lower(Lowering plan, PlanNode node) => plan.Elementwise(node);
}

/// <summary>y = f(x) on floats; the body is <typeparamref name="TOp"/>.</summary>
public abstract record Unary<TOp> : Elementwise where TOp : struct, IUnaryOp
{
    /// <summary>dy/dx, written with whichever of x and y is cheaper.</summary>
    protected abstract Tensor Derivative(Tensor x, Tensor y);

    internal sealed override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        (x[0].Shape, x[0].DType);

    internal sealed override TileKernel Kernel(DType input, DType result) =>
        TileKernels.Unary<TOp>(input);

    /// <inheritdoc/>
    protected internal sealed override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t) =>
        t * Derivative(x[0], y);
}

/// <summary>z = f(x, y) on floats; the body is <typeparamref name="TOp"/>.</summary>
public abstract record Binary<TOp> : Elementwise where TOp : struct, IBinaryOp
{
    internal sealed override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        (x[0].Shape, x[0].DType);

    internal sealed override TileKernel Kernel(DType input, DType result) =>
        TileKernels.Binary<TOp>(input);
}

/// <summary>y = f(x) on any numbers; the body is <typeparamref name="TOp"/>.</summary>
public abstract record NumberUnary<TOp> : Elementwise where TOp : struct, INumberUnaryOp
{
    /// <inheritdoc/>
    protected internal override bool IsCheap => true;

    internal sealed override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        (x[0].Shape, x[0].DType);

    internal sealed override TileKernel Kernel(DType input, DType result) =>
        TileKernels.NumberUnary<TOp>(input);
}

/// <summary>z = f(x, y) on any numbers; the body is <typeparamref name="TOp"/>.</summary>
public abstract record NumberBinary<TOp> : Elementwise where TOp : struct, INumberBinaryOp
{
    /// <inheritdoc/>
    protected internal override bool IsCheap => true;

    internal sealed override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        (x[0].Shape, x[0].DType);

    internal sealed override TileKernel Kernel(DType input, DType result) =>
        TileKernels.NumberBinary<TOp>(input);
}

public sealed partial class Tensor
{
    /// <summary>
    /// f(x), element by element, for floats x of any shape: how an operation, built-in or one's
    /// own, is made part of a program. Its record states the kernel and the derivative; batching,
    /// both modes of differentiation at every order and fusion follow.
    /// </summary>
    /// <exception cref="EngineException">x is not of floats.</exception>
    public static Tensor Apply<TOp>(Unary<TOp> operation, Tensor x) where TOp : struct, IUnaryOp
    {
        ArgumentNullException.ThrowIfNull(operation);
        Errors.Float(operation.Name, x);
        return Apply((Primitive)operation, x);
    }

    /// <summary>f(x), element by element, for numbers x of any type and shape.</summary>
    /// <exception cref="EngineException">x is of truth values.</exception>
    public static Tensor Apply<TOp>(NumberUnary<TOp> operation, Tensor x)
        where TOp : struct, INumberUnaryOp
    {
        ArgumentNullException.ThrowIfNull(operation);
        Errors.Number(operation.Name, x);
        return Apply((Primitive)operation, x);
    }

    /// <summary>f(a, b), element by element, for floats of one type, with broadcasting.</summary>
    /// <exception cref="EngineException">
    /// a and b are not floats of one type, or their shapes do not broadcast.
    /// </exception>
    public static Tensor Apply<TOp>(Binary<TOp> operation, Tensor a, Tensor b)
        where TOp : struct, IBinaryOp
    {
        ArgumentNullException.ThrowIfNull(operation);
        Errors.Float(operation.Name, a);
        Errors.Float(operation.Name, b);
        return Broadcast(operation, a, b);
    }

    /// <summary>f(a, b), element by element, for numbers of one type, with broadcasting.</summary>
    /// <exception cref="EngineException">
    /// a and b are not numbers of one type, or their shapes do not broadcast.
    /// </exception>
    public static Tensor Apply<TOp>(NumberBinary<TOp> operation, Tensor a, Tensor b)
        where TOp : struct, INumberBinaryOp
    {
        ArgumentNullException.ThrowIfNull(operation);
        Errors.Number(operation.Name, a);
        Errors.Number(operation.Name, b);
        return Broadcast(operation, a, b);
    }

    private static Tensor Broadcast(Primitive primitive, Tensor a, Tensor b)
    {
        Errors.SameDType(primitive.Name, a, b);
        Errors.SameDevice(primitive.Name, a, b);
        (a, b) = BroadcastTogether(primitive.Name, a, b);
        return Apply(primitive, a, b);
    }

    /// <summary>Two tensors repeated to their common shape (NumPy's rule).</summary>
    private static (Tensor, Tensor) BroadcastTogether(string op, Tensor a, Tensor b)
    {
        if (a.Shape == b.Shape) return (a, b);
        Shape shape = BroadcastShape(op, a.Shape, b.Shape);
        return (a.ExpandTo(shape), b.ExpandTo(shape));
    }

    internal static Shape BroadcastShape(string op, Shape a, Shape b)
    {
        var sizes = new int[Math.Max(a.Rank, b.Rank)];
        for (int i = 1; i <= sizes.Length; i++)
        {
            int m = i <= a.Rank ? a[^i] : 1, n = i <= b.Rank ? b[^i] : 1;
            if (m != n && m != 1 && n != 1) throw Errors.Broadcast(op, a, b);
            sizes[^i] = m == 1 ? n : m;
        }
        return sizes;
    }
}
