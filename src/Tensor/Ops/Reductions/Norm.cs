// Norms of vectors, composed. Where all elements are zero the derivative is zero, the smallest of
// the subgradients, rather than 0 / 0.
namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// The p-norm (sum |x|^p)^(1/p) over the axes (all by default), of all their elements as one
    /// vector: p = 2 Euclidean, 1 sum of absolute values, infinity (-infinity) the largest
    /// (smallest) of them. The derivative where all elements are zero is zero.
    /// </summary>
    public Tensor Norm(Axes axes = default, bool keepDims = false, double p = 2)
    {
        Errors.Float("Norm", this);
        if (double.IsNaN(p) || (p <= 0 && !double.IsNegativeInfinity(p)))
            throw Errors.Fail("Norm", $"p = {p} of shape {Shape} defines no norm. Give a positive "
                + "p or an infinity.");
        axes = axes.Resolve("Norm", Shape);
        if (double.IsInfinity(p))
        {
            Reduction.NotEmpty("Norm", Shape, axes);
            return p > 0 ? Abs().Max(axes, keepDims) : Abs().Min(axes, keepDims);
        }
        if (p == 1) return Abs().Sum(axes, keepDims);
        Tensor sum = (p == 2 ? Square() : Abs().Pow(p)).Sum(axes, keepDims);
        Tensor zero = sum.EqualTo(0), safe = Where(zero, 1, sum);
        return Where(zero, 0, p == 2 ? safe.Sqrt() : safe.Pow(1 / p));
    }
}
