// Variance. Its derivative is stated rather than followed through (x - mean)^2: differences from
// the mean sum to zero, so the mean's own derivative drops out, and with it two passes over memory
// in the gradient of every normalisation.
namespace Engine;

/// <summary>
/// v = f sum((x - m)^2) over axes, given x, its mean m and v: dv = 2 f sum((x - m) dx). In the
/// rules m still depends on x, so they are exact at every order.
/// </summary>
internal sealed record Variance(Axes Axes, double Factor) : StatedDerivative
{
    internal override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need) =>
        [need[0] ? (x[0] - x[1]) * (g * (2 * Factor)) : null, null, null];

    internal override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx) =>
        dx[0] is { } t ? ((x[0] - x[1]) * t).Sum(Axes, keepDims: true) * (2 * Factor) : null;

    protected override StatedDerivative WithBatch() => new Variance(Axes.Shift(), Factor);
}

public sealed partial class Tensor
{
    /// <summary>
    /// Mean squared distance from the mean over the axes; divided by the count less
    /// <paramref name="correction"/> (1 for the unbiased estimate).
    /// </summary>
    public Tensor Var(Axes axes = default, bool keepDims = false, int correction = 0) =>
        Moments("Var", axes, keepDims, correction).Variance;

    /// <summary>
    /// Mean and variance over the axes, as <see cref="Mean"/> and <see cref="Var"/> give them.
    /// </summary>
    public (Tensor Mean, Tensor Variance) Moments(
        Axes axes = default, bool keepDims = false, int correction = 0) =>
        Moments("Moments", axes, keepDims, correction);

    private (Tensor Mean, Tensor Variance) Moments(
        string op, Axes axes, bool keepDims, int correction)
    {
        Errors.Float(op, this);
        axes = axes.Resolve(op, Shape);
        long count = ReducedAxes.Count(Shape, axes);
        if (count <= correction)
            throw Errors.Fail(op, $"axes {axes} of shape {Shape} hold {count} elements, and the "
                + $"correction {correction} leaves none. Reduce more axes or correct by less.");
        Tensor mean = Mean(axes, keepDims: true);
        double factor = 1.0 / (count - correction);
        Tensor value = (StopGradient() - mean.StopGradient()).Square().Sum(axes, keepDims: true)
            * factor;
        Tensor variance = Apply(new Variance(axes, factor), this, mean, value);
        return (ReducedAxes.Drop(mean, axes, keepDims), ReducedAxes.Drop(variance, axes, keepDims));
    }
}
