// The update rules.
namespace Engine.Nn;

/// <summary>
/// Makes optimisers. A rate is a number or a schedule: a tensor program of the step count.
/// </summary>
public static class Optim
{
    /// <summary>
    /// Gradient descent, w - rate * v with v = momentum * v + g (Nesterov's form looks ahead:
    /// g + momentum * v), as PyTorch's SGD.
    /// </summary>
    public static Optimizer Sgd(
        double rate, double momentum = 0, bool nesterov = false, double weightDecay = 0) =>
        Sgd(Constant(rate), momentum, nesterov, weightDecay);

    /// <inheritdoc cref="Sgd(double, double, bool, double)"/>
    public static Optimizer Sgd(
        Func<Tensor, Tensor> schedule, double momentum = 0, bool nesterov = false,
        double weightDecay = 0) => new Sgd(momentum, nesterov, weightDecay) { Schedule = schedule };

    /// <summary>
    /// Adam (Kingma and Ba, 2015), with bias correction; beta1 = 0 is Reptile's variant.
    /// </summary>
    public static Optimizer Adam(
        double rate, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8) =>
        Adam(Constant(rate), beta1, beta2, epsilon);

    /// <inheritdoc cref="Adam(double, double, double, double)"/>
    public static Optimizer Adam(
        Func<Tensor, Tensor> schedule, double beta1 = 0.9, double beta2 = 0.999,
        double epsilon = 1e-8) => new Adam(beta1, beta2, epsilon) { Schedule = schedule };

    /// <summary>
    /// The tree scaled so that its norm, over all leaves together, is at most that much.
    /// </summary>
    public static T ClipByGlobalNorm<T>(T gradient, double maxNorm) where T : ITree
    {
        Tensor? squares = null;
        foreach (Tensor leaf in gradient.Leaves())
            if (!leaf.IsSymbolicZero)
                squares = squares is null ? leaf.Square().Sum() : squares + leaf.Square().Sum();
        if (squares is null) return gradient;
        Tensor scale = Tensor.Minimum(maxNorm / (squares.SafeSqrt() + 1e-6), 1);
        return gradient.Map((Tensor leaf) => leaf.IsSymbolicZero ? leaf : leaf * scale);
    }

    /// <summary>The tree with every element clipped to +-bound.</summary>
    public static T ClipByValue<T>(T gradient, double bound) where T : ITree =>
        gradient.Map((Tensor leaf) => leaf.IsSymbolicZero
            ? leaf
            : Tensor.Maximum(Tensor.Minimum(leaf, bound), -bound));

    private static Func<Tensor, Tensor> Constant(double rate) =>
        steps => Tensor.Full(steps.Shape, rate, DType.Float64);
}

internal sealed record Sgd(double Momentum, bool Nesterov, double WeightDecay) : Optimizer
{
    protected override bool HasFirst => Momentum != 0;

    protected override bool HasSecond => false;

    private protected override Tensor Update(
        Tensor leaf, Tensor gradient, Tensor rate, Tensor n, Moments moments)
    {
        if (WeightDecay != 0) gradient += WeightDecay * leaf;
        if (!HasFirst) return leaf - rate * gradient;
        Tensor velocity = Momentum * moments.First! + gradient;
        moments.First = velocity;
        return leaf - rate * (Nesterov ? gradient + Momentum * velocity : velocity);
    }
}

internal sealed record Adam(double Beta1, double Beta2, double Epsilon) : Optimizer
{
    protected override bool HasFirst => true;

    protected override bool HasSecond => true;

    private protected override Tensor Update(
        Tensor leaf, Tensor gradient, Tensor rate, Tensor n, Moments moments)
    {
        Tensor mean = Beta1 * moments.First! + (1 - Beta1) * gradient;
        Tensor square = Beta2 * moments.Second! + (1 - Beta2) * gradient.Square();
        moments.First = mean;
        moments.Second = square;
        Tensor first = Weight(Beta1, n, leaf.DType), second = Weight(Beta2, n, leaf.DType);
        return leaf - rate / first * mean / ((square / second).SafeSqrt() + Epsilon);
    }

    /// <summary>
    /// 1 - beta^n, the weight that an average has received after n steps; in float64, because
    /// float32 keeps four digits of 1 - 0.999.
    /// </summary>
    private static Tensor Weight(double beta, Tensor n, DType type) => beta == 0
        ? Tensor.Full(n.Shape, 1, type)
        : (1 - (n.Cast(DType.Float64) * Math.Log(beta)).Exp()).Cast(type);
}
