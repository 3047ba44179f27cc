// Norms of vectors, composed. The derivative by an element that is zero is zero, as in PyTorch,
// even where |x|^p has none; where all are zero this is the smallest subgradient, rather than
// 0 / 0. Powers of large or small elements leave the range of floats, so all are divided by the
// largest first.
namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// The p-norm (sum |x|^p)^(1/p) over the axes (all by default), of all their elements as one
    /// vector: p = 2 Euclidean, 1 sum of absolute values, infinity (-infinity) the largest
    /// (smallest) of them. The derivative by an element that is zero is zero.
    /// </summary>
    public Tensor Norm(Axes axes = default, bool keepDims = false, double p = 2)
    {
        Errors.Float("Norm", this);
        if (double.IsNaN(p) || (p <= 0 && !double.IsNegativeInfinity(p)))
            throw Errors.Fail("Norm", $"p = {p} does not define a norm of shape {Shape}. Give a "
                + "positive p or an infinity.");
        axes = axes.Resolve("Norm", Shape);
        if (double.IsInfinity(p))
        {
            ReducedAxes.NotEmpty("Norm", Shape, axes);
            return p > 0 ? Abs().Max(axes, keepDims) : Abs().Min(axes, keepDims);
        }
        if (p == 1) return Abs().Sum(axes, keepDims);
        if (Count == 0) return Abs().Sum(axes, keepDims);
        // The norm is the same for every scale, so no derivative flows through the scale.
        Tensor scale = StopGradient().Abs().Max(axes, keepDims: true);
        scale = Where((scale > 0) & (scale < double.PositiveInfinity), scale, 1);
        Tensor x = this / scale;
        Tensor sum = (p == 2 ? x.Square() : Powers(x.Abs(), p)).Sum(axes, keepDims: true);
        Tensor zero = sum.EqualTo(0), safe = Where(zero, 1, sum);
        Tensor norm = Where(zero, 0, scale * (p == 2 ? safe.Sqrt() : safe.Pow(1 / p)));
        return keepDims ? norm : norm.Squeeze(axes);
    }

    /// <summary>
    /// a^p of magnitudes. Zeros go around the power: its derivatives of orders above p are infinite
    /// there, and zero times infinity is NaN.
    /// </summary>
    private static Tensor Powers(Tensor a, double p)
    {
        Tensor zero = a.EqualTo(0);
        return Where(zero, 0, Where(zero, 1, a).Pow(p));
    }
}
