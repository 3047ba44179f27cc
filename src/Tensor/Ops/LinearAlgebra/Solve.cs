// Systems of linear equations by LU factorisation. The factors are constants to differentiation:
// the derivatives of a solution are solutions with the same factors, at every order, so a matrix is
// factored once however often it is differentiated.
using Engine.Kernels;

namespace Engine;

/// <summary>
/// L, U and, in a last row, the order of the rows: (..., n, n) to (..., n + 1, n).
/// </summary>
internal sealed record Lu : Factorisation
{
    protected override void Factor(IBackend backend, in Operand x, in Operand y) =>
        backend.Lu(x, y);

    /// <summary>The factors of matrices, as a constant.</summary>
    public static Tensor Of(Tensor a) => Tensor.Apply(new Lu(), a);

    /// <summary>L (below the diagonal) and U.</summary>
    public static Tensor Triangles(Tensor factors) =>
        factors.SliceAxis(-2, 0, factors.Shape[^1]);

    /// <summary>For each row of L U its row in the matrix, int64 (..., n).</summary>
    public static Tensor Order(Tensor factors)
    {
        int n = factors.Shape[^1];
        return factors.SliceAxis(-2, n, n + 1).Squeeze(-2).Cast(DType.Int64);
    }

    /// <summary>The x with a x = b or aᵀ x = b, through which no derivative flows.</summary>
    public static Tensor Substitute(Tensor factors, Tensor b, bool transposed)
    {
        Tensor lu = Triangles(factors), order = Order(factors);
        b = b.StopGradient();
        if (!transposed)
            return lu.TriangularSolve(
                lu.TriangularSolve(Rows(b, order), unitDiagonal: true), lower: false);
        Tensor x = lu.TriangularSolve(
            lu.TriangularSolve(b, lower: false, transpose: true),
            transpose: true, unitDiagonal: true);
        return Rows(x, order.ArgSort());
    }

    /// <summary>Rows of matrices (..., n, m) in the order (..., n).</summary>
    private static Tensor Rows(Tensor x, Tensor order)
    {
        int n = x.Shape[^2], m = x.Shape[^1];
        int batch = Errors.Size("Solve", ((Shape)x.Shape.Sizes[..^2].ToArray()).Count);
        return Tensor.Apply(
            new Gather("Solve"), x.Reshape(batch, n, m), order.Reshape(batch, n)).Reshape(x.Shape);
    }
}

/// <summary>
/// The x with a x = b (aᵀ x = b): inputs a (..., n, n), b (..., n, m), a's factors, and x.
/// </summary>
internal sealed record Solve(bool Transposed) : StatedDerivative
{
    /// <summary>The solution, with its derivatives by a and b.</summary>
    public static Tensor With(Tensor a, Tensor b, Tensor factors, bool transposed) => Tensor.Apply(
        new Solve(transposed), a, b, factors, Lu.Substitute(factors, b, transposed));

    internal override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need)
    {
        Tensor b = With(x[0], g, x[2], !Transposed);
        Tensor? a = !need[0] ? null : -(Transposed ? y.MatMul(b.T()) : b.MatMul(y.T()));
        return [a, b, null, null];
    }

    internal override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx)
    {
        Tensor? change = dx[0] is { } a ? -(Transposed ? a.T() : a).MatMul(y) : null;
        return Add(dx[1], change) is { } b ? With(x[0], b, x[2], Transposed) : null;
    }
}

public sealed partial class Tensor
{
    /// <summary>
    /// The x with a x = b for these square matrices (..., n, n), by LU factorisation with partial
    /// pivoting; b is one vector (n) or (..., n, m), batch axes broadcast. A singular matrix gives
    /// infinities and NaN; others of the batch are not affected.
    /// </summary>
    public Tensor Solve(Tensor b)
    {
        var (matrices, columns, vector) = Matrices.Sides("Solve", this, b);
        // A matrix with many right-hand sides is factored once.
        Tensor factors = Lu.Of(this);
        factors = factors.ExpandTo([.. matrices.Shape.Sizes[..^2], .. factors.Shape.Sizes[^2..]]);
        Tensor x = Engine.Solve.With(matrices, columns, factors, transposed: false);
        return vector ? x.Squeeze(-1) : x;
    }

    /// <summary>
    /// Inverses of square matrices (..., n, n). A singular one gives infinities and NaN. Prefer
    /// <see cref="Solve"/> where the inverse would only multiply something.
    /// </summary>
    public Tensor Inverse()
    {
        Matrices.Square("Inverse", this);
        return Engine.Solve.With(
            this, Matrices.IdentityLike(this), Lu.Of(this), transposed: false);
    }
}
