// Losses of predicted numbers: both operands have one shape.
namespace Engine.Nn;

public static partial class Loss
{
    /// <summary>Mean squared difference of two tensors of one shape.</summary>
    public static Tensor Mse(Tensor prediction, Tensor target) =>
        Mse(prediction, target, Reduction.Mean);

    /// <summary>Squared differences of two tensors of one shape.</summary>
    public static Tensor Mse(Tensor prediction, Tensor target, Reduction reduction)
    {
        Errors.SameShape("Mse", prediction, target);
        return (prediction - target).Square().Reduce(reduction);
    }

    /// <summary>Absolute differences of two tensors of one shape.</summary>
    public static Tensor Mae(
        Tensor prediction, Tensor target, Reduction reduction = Reduction.Mean)
    {
        Errors.SameShape("Mae", prediction, target);
        return (prediction - target).Abs().Reduce(reduction);
    }

    /// <summary>
    /// Half the squared difference d up to |d| = delta, delta (|d| - delta / 2) beyond (Huber,
    /// 1964).
    /// </summary>
    public static Tensor Huber(
        Tensor prediction, Tensor target, double delta = 1, Reduction reduction = Reduction.Mean)
    {
        Errors.SameShape("Huber", prediction, target);
        if (!(delta > 0)) throw Errors.Fail("Huber", $"delta {delta} must be positive.");
        Tensor difference = prediction - target, size = difference.Abs();
        return Tensor.Where(
            size <= delta, 0.5 * difference.Square(), delta * (size - 0.5 * delta))
            .Reduce(reduction);
    }
}
