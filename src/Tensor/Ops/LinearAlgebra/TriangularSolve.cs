// Systems of equations with triangular matrices, by substitution.
using Engine.Kernels;

namespace Engine;

/// <summary>The x with a x = b, a (..., n, n) triangular, b (..., n, m).</summary>
internal sealed record TriangularSolve(Triangle Triangle) : Primitive, IKernel
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (x[1].Shape, x[1].DType);

    internal override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need)
    {
        var transposed = new TriangularSolve(
            Triangle with { Transposed = !Triangle.Transposed });
        Tensor b = Tensor.Apply(transposed, x[0], g);
        if (!need[0]) return [null, b];
        return [-Stored(Triangle.Transposed ? y.MatMul(b.T()) : b.MatMul(y.T())), b];
    }

    internal override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx)
    {
        Tensor? change = null;
        if (dx[0] is { } a)
            change = -(Triangle.Transposed ? Stored(a).T() : Stored(a)).MatMul(y);
        return Tensor.Apply(this, x[0], Add(dx[1], change)!);
    }

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size)
    {
        if (batched[0] || x[0].Rank > 2)
            return Tensor.Apply(
                this, Batched(x[0], batched[0], size), Batched(x[1], batched[1], size));
        // Right-hand sides of one shared matrix are more columns of one system.
        int n = x[1].Shape[1], m = x[1].Shape[2];
        Tensor columns = x[1].Transpose(1, 0, 2).Reshape(n, size * m);
        return Tensor.Apply(this, x[0], columns).Reshape(n, size, m).Transpose(1, 0, 2);
    }

    internal override void Lower(Lowering plan, PlanNode node) => plan.Kernel(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.Contiguous;

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y) =>
        backend.TriangularSolve(
            Matrices.Flat(x[0]), Matrices.Flat(x[1]), Matrices.Flat(y), Triangle);

    /// <summary>The part of a matrix that is read.</summary>
    private Tensor Stored(Tensor a)
    {
        int offset = Triangle.Unit ? 1 : 0;
        return Triangle.Lower ? a.Tril(-offset) : a.Triu(offset);
    }
}

public sealed partial class Tensor
{
    /// <summary>
    /// The x with a x = b, where a is the lower (or upper) triangle of these matrices (..., n, n),
    /// transposed or with a diagonal of ones if so asked; b is one vector (n) or (..., n, m), batch
    /// axes broadcast. A zero on the diagonal gives infinities and NaN.
    /// </summary>
    public Tensor TriangularSolve(
        Tensor b, bool lower = true, bool transpose = false, bool unitDiagonal = false)
    {
        var (matrices, columns, vector) = Matrices.Sides("TriangularSolve", this, b);
        var triangle = new Triangle(lower, transpose, unitDiagonal);
        Tensor x = Apply(new TriangularSolve(triangle), matrices, columns);
        return vector ? x.Squeeze(-1) : x;
    }
}
