// Log-sum-exp, softmax and log-softmax, composed and therefore exact at every order. The maximum is
// subtracted first; its own derivative cancels, so it is stopped.
namespace Engine;

public sealed partial class Tensor
{
    /// <summary>ln of the sum of e^x over the axes (all by default), without overflow.</summary>
    public Tensor LogSumExp(Axes axes = default, bool keepDims = false)
    {
        Errors.Float("LogSumExp", this);
        axes = axes.Resolve("LogSumExp", Shape);
        ReducedAxes.NotEmpty("LogSumExp", Shape, axes);
        Tensor shift = Shift(axes);
        Tensor sum = (this - shift).Exp().Sum(axes, keepDims: true);
        return ReducedAxes.Drop(sum.Log() + shift, axes, keepDims);
    }

    /// <summary>
    /// e^x divided by its sum along an axis; an empty axis gives an empty result.
    /// </summary>
    public Tensor Softmax(int axis = -1)
    {
        axis = SoftmaxAxis("Softmax", axis);
        if (Count == 0) return this;
        Tensor e = (this - Shift(axis)).Exp();
        return e / e.Sum(axis, keepDims: true);
    }

    /// <summary>The logarithm of <see cref="Softmax"/>, without overflow.</summary>
    public Tensor LogSoftmax(int axis = -1)
    {
        axis = SoftmaxAxis("LogSoftmax", axis);
        if (Count == 0) return this;
        Tensor shifted = this - Shift(axis);
        return shifted - shifted.Exp().Sum(axis, keepDims: true).Log();
    }

    /// <summary>
    /// <see cref="LogSoftmax"/> at the positions <paramref name="index"/> of an axis, as <see
    /// cref="TakeAlongAxis(Tensor, int)"/> takes them, without the other elements.
    /// </summary>
    public Tensor LogSoftmaxAt(Tensor index, int axis = -1) =>
        LogSoftmaxAt(index, axis, nameof(TakeAlongAxis));

    /// <inheritdoc cref="LogSoftmaxAt(Tensor, int)"/>
    /// <param name="index">Positions.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="caller">Begins the error of a position that is not there.</param>
    public Tensor LogSoftmaxAt(Tensor index, int axis, string caller)
    {
        axis = SoftmaxAxis("LogSoftmaxAt", axis);
        if (Count == 0) return TakeAlongAxis(index, axis, caller);
        Tensor shift = Shift(axis);
        Tensor sum = (this - shift).Exp().Sum(axis, keepDims: true);
        return TakeAlongAxis(index, axis, caller) - shift - sum.Log();
    }

    private int SoftmaxAxis(string op, int axis)
    {
        Errors.Float(op, this);
        return Errors.Axis(op, axis, Shape);
    }

    /// <summary>
    /// The maximum, or 0 where it is infinite: infinity minus infinity is NaN.
    /// </summary>
    private Tensor Shift(Axes axes)
    {
        Tensor max = Max(axes, keepDims: true).StopGradient();
        return Where(max.Abs() < double.PositiveInfinity, max, 0);
    }
}
