// What operations on matrices share: shapes, and kernels over batches of matrices.
using Engine.Kernels;

namespace Engine;

/// <summary>Helpers for tensors seen as batches (..., m, n) of matrices.</summary>
internal static class Matrices
{
    /// <summary>The size n of square matrices (..., n, n); anything else is an error.</summary>
    public static int Square(string op, Tensor x)
    {
        Errors.Float(op, x);
        if (x.Rank < 2 || x.Shape[^1] != x.Shape[^2])
            throw Errors.Fail(op, $"needs square matrices (..., n, n), but got shape {x.Shape}.");
        return x.Shape[^1];
    }

    /// <summary>The matrices transposed.</summary>
    public static Tensor T(this Tensor x) => x.SwapAxes(-1, -2);

    /// <summary>The symmetric part.</summary>
    public static Tensor Symmetric(Tensor x) => 0.5 * (x + x.T());

    /// <summary>Identity matrices for the batch axes of x.</summary>
    public static Tensor IdentityLike(Tensor x) =>
        Tensor.Eye(x.Shape[^1], x.DType).ExpandTo(x.Shape);

    /// <summary>
    /// Matrices (..., n, n) and right-hand sides, (n) or (..., n, m), with their batch axes
    /// broadcast to each other, and whether b was one vector.
    /// </summary>
    public static (Tensor A, Tensor B, bool Vector) Sides(string op, Tensor a, Tensor b)
    {
        int n = Square(op, a);
        Errors.SameDType(op, a, b);
        bool vector = b.Rank == 1;
        Tensor columns = vector ? b.ExpandDims(1) : b;
        if (b.Rank == 0 || columns.Shape[^2] != n)
            throw Errors.Fail(op, $"right-hand sides {b.Shape} do not fit matrices {a.Shape}. They "
                + $"must be one vector ({n}) or matrices (..., {n}, m).");
        Shape batch = Tensor.BroadcastShape(
            op, a.Shape.Sizes[..^2].ToArray(), columns.Shape.Sizes[..^2].ToArray());
        return (a.ExpandTo([.. batch.Sizes, n, n]),
            columns.ExpandTo([.. batch.Sizes, n, columns.Shape[^1]]), vector);
    }

    /// <summary>A contiguous view of matrices as (batch, m, n).</summary>
    public static Operand Flat(in Operand x)
    {
        ReadOnlySpan<long> sizes = x.Layout.Sizes;
        long batch = 1;
        foreach (long size in sizes[..^2]) batch *= size;
        return x with { Layout = Layout.Contiguous(batch, sizes[^2], sizes[^1]) };
    }
}

/// <summary>A factorisation by a kernel, through which no derivative flows.</summary>
internal abstract record Factorisation : ConstantPrimitive, IKernel
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        (x[0].Shape.With(x[0].Rank - 2, x[0].Shape[^1] + 1), x[0].DType);

    internal sealed override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        Tensor.Apply(this, x[0]);

    internal sealed override void Lower(Lowering plan, PlanNode node) => plan.Kernel(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.Contiguous;

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y) =>
        Factor(backend, Matrices.Flat(x[0]), Matrices.Flat(y));

    protected abstract void Factor(IBackend backend, in Operand x, in Operand y);
}
