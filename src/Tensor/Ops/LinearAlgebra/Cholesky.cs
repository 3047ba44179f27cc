// Cholesky factorisation. Derivatives after Murray, "Differentiation of the Cholesky
// decomposition", 2016, equations 8 and 10.
using Engine.Kernels;

namespace Engine;

/// <summary>The lower triangular L with L Lᵀ = x, for symmetric x.</summary>
internal sealed record Cholesky : Primitive, IKernel
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (x[0].Shape, x[0].DType);

    internal override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need)
    {
        // L^-T Phi(Lᵀ g) L^-1
        Tensor left = y.TriangularSolve(HalfLower(y.T().MatMul(g)), transpose: true);
        return [y.TriangularSolve(left.T(), transpose: true).T()];
    }

    internal override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx)
    {
        // L Phi(L^-1 dx L^-T)
        Tensor left = y.TriangularSolve(dx[0]!);
        return y.MatMul(HalfLower(y.TriangularSolve(left.T()).T()));
    }

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) => Tensor.Apply(this, x[0]);

    internal override void Lower(Lowering plan, PlanNode node) => plan.Kernel(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.Contiguous;

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y) =>
        backend.Cholesky(Matrices.Flat(x[0]), Matrices.Flat(y));

    /// <summary>Phi: the lower triangle, its diagonal halved.</summary>
    private static Tensor HalfLower(Tensor x) => 0.5 * (x.Tril() + x.Tril(-1));
}

public sealed partial class Tensor
{
    /// <summary>
    /// The lower triangular L with L Lᵀ = x of symmetric positive definite matrices (..., n, n);
    /// only their symmetric part counts. A matrix that is not positive definite gives NaN
    /// throughout; others of the batch are not affected.
    /// </summary>
    public Tensor Cholesky()
    {
        Matrices.Square("Cholesky", this);
        return Apply(new Cholesky(), Matrices.Symmetric(this));
    }
}
