// Matrix products: batched, with broadcasting of batch axes; transposed operands cost nothing.
using Engine.Kernels;

namespace Engine;

/// <summary>c = a b over equal batch axes: (batch..., m, k) by (batch..., k, n).</summary>
internal sealed record MatMul : Primitive, IEpilogueKernel
{
    internal override bool IsProduct => true;

    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        (x[0].Shape.With(x[0].Rank - 1, x[1].Shape[^1]), x[0].DType);

    internal override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need) =>
    [
        need[0] ? Tensor.Apply(this, g, x[1].SwapAxes(-1, -2)) : null,
        need[1] ? Tensor.Apply(this, x[0].SwapAxes(-1, -2), g) : null,
    ];

    internal override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx) => Add(
        dx[0] is { } a ? Tensor.Apply(this, a, x[1]) : null,
        dx[1] is { } b ? Tensor.Apply(this, x[0], b) : null);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size)
    {
        // Rows that meet one shared matrix are rows of one taller product; its gradient is then
        // one product too, summed over the batch as it goes.
        if (!batched[1] && x[0].Rank == 3)
        {
            int count = Errors.Size(Name, (long)size * x[0].Shape[1]);
            Tensor rows = x[0].Reshape(count, x[0].Shape[2]);
            return Tensor.Apply(this, rows, x[1]).Reshape(size, x[0].Shape[1], x[1].Shape[1]);
        }
        return Tensor.Apply(
            this, Batched(x[0], batched[0], size), Batched(x[1], batched[1], size));
    }

    internal override void Lower(Lowering plan, PlanNode node) => plan.Kernel(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.Any;

    double IKernel.Operations(ReadOnlySpan<PlanView> x, PlanView y) =>
        2.0 * y.Layout.Count * x[0].Layout.Sizes[^1];

    void IEpilogueKernel.Execute(
        IBackend backend, ReadOnlySpan<Operand> x, in Operand y, in Epilogue epilogue) =>
        backend.MatMul(x[0], x[1], y, epilogue);
}

public sealed partial class Tensor
{
    /// <summary>
    /// Matrix product as NumPy's matmul: (..., m, k) by (..., k, n), batch axes broadcast; a vector
    /// is a row on the left and a column on the right, and its axis is dropped from the result.
    /// </summary>
    public Tensor MatMul(Tensor other)
    {
        Errors.Float("MatMul", this);
        Errors.SameDType("MatMul", this, other);
        if (Rank == 0 || other.Rank == 0)
            throw Errors.Fail("MatMul", $"needs at least one axis on both sides, but got {Shape} "
                + $"and {other.Shape}. Multiply scalars with *.");
        Tensor a = Rank == 1 ? ExpandDims(0) : this;
        Tensor b = other.Rank == 1 ? other.ExpandDims(1) : other;
        int k = a.Shape[^1];
        if (k != b.Shape[^2])
            throw Errors.Fail("MatMul", $"the last axis of {Shape} must equal the "
                + $"{(other.Rank == 1 ? "only" : "second-to-last")} axis of {other.Shape}, but "
                + $"{k} != {b.Shape[^2]}. Transpose one operand or reshape.");
        Shape batch = BroadcastShape(
            "MatMul", a.Shape.Sizes[..^2].ToArray(), b.Shape.Sizes[..^2].ToArray());
        Tensor c;
        if (b.Rank == 2 && a.Rank > 2)
        {
            c = Apply(new MatMul(), a.Reshape(
                Errors.Size("MatMul", a.Shape.Remove(a.Rank - 1).Count), k), b);
            c = c.Reshape(a.Shape.With(a.Rank - 1, b.Shape[1]));
        }
        else
        {
            c = Apply(
                new MatMul(),
                a.ExpandTo([.. batch.Sizes, .. a.Shape.Sizes[^2..]]),
                b.ExpandTo([.. batch.Sizes, .. b.Shape.Sizes[^2..]]));
        }
        if (other.Rank == 1) c = c.Squeeze(-1);
        return Rank == 1 ? c.Squeeze(other.Rank == 1 ? -1 : -2) : c;
    }
}
