// Eigenvalues and eigenvectors of symmetric matrices. With V the eigenvectors and C = Vᵀ da V,
// dw = diag C and dV = V (F * C), F_ij = 1 / (w_j - w_i) off the diagonal (Giles, "Collected matrix
// derivative results for forward and reverse mode algorithmic differentiation", 2008, section 3.1).
using Engine.Kernels;

namespace Engine;

/// <summary>
/// Eigenvalues in the first row, eigenvectors in the columns below: (..., n, n) to (..., n + 1, n).
/// </summary>
internal sealed record EighFactors : Factorisation
{
    protected override void Factor(IBackend backend, in Operand x, in Operand y) =>
        backend.Eigh(x, y);
}

/// <summary>
/// Eigenvalues (..., n): inputs the matrices (..., n, n), their eigenvectors, the values.
/// </summary>
internal sealed record Eigenvalues : StatedDerivative
{
    internal override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need)
    {
        Tensor v = Eigenvectors.Of(x[0], y, x[1]);
        return [(v * g.ExpandDims(-2)).MatMul(v.T()), null, null];
    }

    internal override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx)
    {
        if (dx[0] is not { } a) return null;
        Tensor v = Eigenvectors.Of(x[0], y, x[1]);
        return (v * a.MatMul(v)).Sum(-2);
    }

    public static Tensor Of(Tensor a, Tensor vectors, Tensor values) =>
        Tensor.Apply(new Eigenvalues(), a, vectors, values);
}

/// <summary>
/// Eigenvectors (..., n, n): inputs the matrices, their eigenvalues (with their derivative), the
/// vectors.
/// </summary>
internal sealed record Eigenvectors : StatedDerivative
{
    internal override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need) =>
        [y.MatMul(Gaps(x[1]) * y.T().MatMul(g)).MatMul(y.T()), null, null];

    internal override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx) =>
        dx[0] is { } a ? y.MatMul(Gaps(x[1]) * y.T().MatMul(a).MatMul(y)) : null;

    public static Tensor Of(Tensor a, Tensor values, Tensor vectors) =>
        Tensor.Apply(new Eigenvectors(), a, values, vectors);

    /// <summary>F_ij = 1 / (w_j - w_i), zeros on the diagonal.</summary>
    private static Tensor Gaps(Tensor w)
    {
        Tensor gap = w.ExpandDims(-2) - w.ExpandDims(-1);
        Tensor diagonal = Tensor.Eye(w.Shape[^1], DType.Bool);
        return Tensor.Where(diagonal, 0, 1 / Tensor.Where(diagonal, 1, gap));
    }
}

public sealed partial class Tensor
{
    /// <summary>
    /// Eigenvalues (..., n), ascending, and unit eigenvectors (..., n, n), in columns, of symmetric
    /// matrices (..., n, n); only their symmetric part counts. The component of largest magnitude
    /// of each vector is positive. Derivatives of the vectors need distinct eigenvalues (they are
    /// NaN or infinite at equal ones), first derivatives of the values do not.
    /// </summary>
    public (Tensor Values, Tensor Vectors) Eigh()
    {
        int n = Matrices.Square("Eigh", this);
        Tensor a = Matrices.Symmetric(this), factors = Apply(new EighFactors(), a);
        Tensor vectors = factors.SliceAxis(-2, 1, n + 1);
        Tensor values = Eigenvalues.Of(a, vectors, factors.SliceAxis(-2, 0, 1).Squeeze(-2));
        return (values, Eigenvectors.Of(a, values, vectors));
    }

    /// <summary>
    /// Eigenvalues (..., n), ascending, of symmetric matrices (..., n, n); only their symmetric
    /// part counts. Second derivatives need distinct eigenvalues.
    /// </summary>
    public Tensor EighValues()
    {
        Matrices.Square("EighValues", this);
        return Eigh().Values;
    }
}
