// Determinants from the LU factors. d log|det a| = tr(a^-1 da) (Jacobi's formula), so the
// derivatives are solutions with the same factors.
namespace Engine;

/// <summary>
/// det a, or log |det a|: inputs a (..., n, n), its factors, and the value (...).
/// </summary>
internal sealed record Determinant(bool Log) : StatedDerivative
{
    internal override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need) =>
        [(Log ? g : g * y).ExpandDims(-1).ExpandDims(-1) * TransposedInverse(x), null, null];

    internal override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx)
    {
        if (dx[0] is not { } a) return null;
        Tensor trace = (TransposedInverse(x) * a).Sum([-2, -1]);
        return Log ? trace : trace * y;
    }

    /// <summary>det a of its factors, or log |det a|.</summary>
    public static Tensor Of(Tensor a, Tensor factors, bool log)
    {
        Tensor diagonal = Lu.Triangles(factors).Diagonal();
        Tensor value = log
            ? diagonal.Abs().Log().Sum(-1)
            : Parity(factors) * diagonal.Prod(-1);
        return Tensor.Apply(new Determinant(log), a, factors, value);
    }

    /// <summary>The sign of det a of its factors; 0 where it is singular.</summary>
    public static Tensor Sign(Tensor factors) =>
        Parity(factors) * Lu.Triangles(factors).Diagonal().Sign().Prod(-1);

    /// <summary>1 for an even order of rows, -1 for an odd one: by counting inversions.</summary>
    private static Tensor Parity(Tensor factors)
    {
        Tensor order = Lu.Order(factors);
        Tensor inverted = (order.ExpandDims(-1) > order.ExpandDims(-2)).Triu();
        Tensor half = 0.5 * inverted.Cast(factors.DType).Sum([-2, -1]);
        return 1 - 4 * (half - half.Floor());
    }

    private static Tensor TransposedInverse(Tensor[] x) =>
        Solve.With(x[0], Matrices.IdentityLike(x[0]), x[1], transposed: true);
}

public sealed partial class Tensor
{
    /// <summary>
    /// Determinants of square matrices (..., n, n), shape (...). The derivative is
    /// det a a^-T: NaN where a matrix is singular.
    /// </summary>
    public Tensor Det()
    {
        Matrices.Square("Det", this);
        return Determinant.Of(this, Lu.Of(this), log: false);
    }

    /// <summary>
    /// Logarithms of the determinants of square matrices (..., n, n), shape (...), without
    /// overflow: -infinity where singular, NaN where the determinant is negative.
    /// </summary>
    public Tensor LogDet()
    {
        var (sign, log) = SlogDet();
        return Where(sign < 0, double.NaN, log);
    }

    /// <summary>
    /// Sign (-1, 0, 1) and logarithm of the absolute value of the determinants of square matrices
    /// (..., n, n), each of shape (...), without overflow (NumPy's slogdet).
    /// </summary>
    public (Tensor Sign, Tensor LogAbsDet) SlogDet()
    {
        Matrices.Square("SlogDet", this);
        Tensor factors = Lu.Of(this);
        return (Determinant.Sign(factors), Determinant.Of(this, factors, log: true));
    }
}
