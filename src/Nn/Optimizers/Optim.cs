// Makes optimisers of update rules, built-in ones and your own, and clips gradients.
namespace Engine.Nn;

/// <summary>
/// Makes optimisers. A rate is a number or a schedule: a tensor program of the step count. Beside a
/// schedule momentum, decays and betas may be scalar tensors too, and so be learned.
/// </summary>
public static class Optim
{
    /// <summary>
    /// Gradient descent, w - rate * v with v = momentum * v + g (Nesterov's form looks ahead:
    /// g + momentum * v), as PyTorch's SGD.
    /// </summary>
    public static Optimizer Sgd(
        double rate, double momentum = 0, bool nesterov = false, double weightDecay = 0) =>
        Sgd(Schedule.Constant(rate), momentum, nesterov, weightDecay);

    /// <inheritdoc cref="Sgd(double, double, bool, double)"/>
    public static Optimizer Sgd(
        Func<Tensor, Tensor> schedule, Coefficient momentum = default, bool nesterov = false,
        Coefficient weightDecay = default) =>
        Of(new Sgd(momentum, nesterov, weightDecay), schedule);

    /// <summary>
    /// Adam (Kingma and Ba, 2015), with bias correction; beta1 = 0 is Reptile's variant. Weight
    /// decay is added to the gradient, as PyTorch's Adam does; <see
    /// cref="AdamW(double, double, double, double, double)"/> keeps it apart.
    /// </summary>
    public static Optimizer Adam(
        double rate, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8,
        double weightDecay = 0) =>
        Adam(Schedule.Constant(rate), beta1, beta2, epsilon, weightDecay);

    /// <inheritdoc cref="Adam(double, double, double, double, double)"/>
    public static Optimizer Adam(
        Func<Tensor, Tensor> schedule, Coefficient? beta1 = null, Coefficient? beta2 = null,
        double epsilon = 1e-8, Coefficient weightDecay = default) =>
        Of(new Adam(new(beta1 ?? 0.9, beta2 ?? 0.999, epsilon), weightDecay), schedule);

    /// <summary>
    /// Adam with weight decay beside the gradient, not in it (Loshchilov and Hutter, 2019), as
    /// PyTorch's AdamW: each step first shrinks the weights by rate * weightDecay.
    /// </summary>
    public static Optimizer AdamW(
        double rate, double weightDecay = 0.01, double beta1 = 0.9, double beta2 = 0.999,
        double epsilon = 1e-8) =>
        AdamW(Schedule.Constant(rate), weightDecay, beta1, beta2, epsilon);

    /// <inheritdoc cref="AdamW(double, double, double, double, double)"/>
    public static Optimizer AdamW(
        Func<Tensor, Tensor> schedule, Coefficient? weightDecay = null, Coefficient? beta1 = null,
        Coefficient? beta2 = null, double epsilon = 1e-8) => Of(
            new AdamW(new(beta1 ?? 0.9, beta2 ?? 0.999, epsilon), weightDecay ?? 0.01), schedule);

    /// <summary>
    /// LAMB (You et al., 2020, algorithm 2): Adam's direction with weight decay, of the length of
    /// the leaf's weights. A leaf or direction of length 0 takes the direction as it is.
    /// </summary>
    public static Optimizer Lamb(
        double rate, double weightDecay = 0, double beta1 = 0.9, double beta2 = 0.999,
        double epsilon = 1e-6) => Lamb(Schedule.Constant(rate), weightDecay, beta1, beta2, epsilon);

    /// <inheritdoc cref="Lamb(double, double, double, double, double)"/>
    public static Optimizer Lamb(
        Func<Tensor, Tensor> schedule, Coefficient weightDecay = default,
        Coefficient? beta1 = null, Coefficient? beta2 = null, double epsilon = 1e-6) =>
        Of(new Lamb(new(beta1 ?? 0.9, beta2 ?? 0.999, epsilon), weightDecay), schedule);

    /// <summary>
    /// RMSProp (Hinton, 2012, lecture 6e), the gradient over the root of its averaged square, as
    /// PyTorch's: centred by its averaged value (Graves, 2013), with momentum, or neither.
    /// </summary>
    public static Optimizer RmsProp(
        double rate, double decay = 0.99, double epsilon = 1e-8, double momentum = 0,
        bool centered = false, double weightDecay = 0) => RmsProp(
            Schedule.Constant(rate), decay, epsilon, momentum, centered, weightDecay);

    /// <inheritdoc cref="RmsProp(double, double, double, double, bool, double)"/>
    public static Optimizer RmsProp(
        Func<Tensor, Tensor> schedule, Coefficient? decay = null, double epsilon = 1e-8,
        Coefficient momentum = default, bool centered = false,
        Coefficient weightDecay = default) => Of(
            new RmsProp(decay ?? 0.99, epsilon, momentum, centered, weightDecay), schedule);

    /// <summary>
    /// Adagrad (Duchi et al., 2011), the gradient over the root of the sum of its squares, which
    /// begins at <paramref name="initial"/>.
    /// </summary>
    public static Optimizer Adagrad(
        double rate, double initial = 0, double epsilon = 1e-10, double weightDecay = 0) =>
        Adagrad(Schedule.Constant(rate), initial, epsilon, weightDecay);

    /// <inheritdoc cref="Adagrad(double, double, double, double)"/>
    public static Optimizer Adagrad(
        Func<Tensor, Tensor> schedule, double initial = 0, double epsilon = 1e-10,
        Coefficient weightDecay = default) =>
        Of(new Adagrad(initial, epsilon, weightDecay), schedule);

    /// <summary>The optimiser of an update rule, also one of your own.</summary>
    public static Optimizer Of<S>(IUpdateRule<S> rule, double rate) where S : ITree =>
        Of(rule, Schedule.Constant(rate));

    /// <inheritdoc cref="Of{S}(IUpdateRule{S}, double)"/>
    public static Optimizer Of<S>(IUpdateRule<S> rule, Func<Tensor, Tensor> schedule)
        where S : ITree => Optimizer.Of(rule, schedule);

    /// <summary>
    /// An optimiser whose gradients are changed first: <c>Optim.Chain(g =>
    /// Optim.ClipByGlobalNorm(g, 10), Optim.Adam(1e-3))</c>. Chains may be chained; the outermost
    /// change comes first.
    /// </summary>
    public static Optimizer Chain(Func<Gradients, Gradients> change, Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(change);
        ArgumentNullException.ThrowIfNull(optimizer);
        Func<Gradients, Gradients>? next = optimizer.Prepare;
        return optimizer with { Prepare = g => next is null ? change(g) : next(change(g)) };
    }

    /// <summary>
    /// The tree scaled so that its norm, over all leaves together, is at most
    /// <paramref name="maxNorm"/>.
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

    /// <summary>
    /// Zeros of a leaf's shape and dtype on its device, even where the leaf is NaN or infinite: how
    /// the state of a rule usually begins.
    /// </summary>
    public static Tensor ZerosLike(Tensor leaf)
    {
        ArgumentNullException.ThrowIfNull(leaf);
        return leaf.DType switch
        {
            DType.Bool => leaf & !leaf,
            DType.Int32 or DType.Int64 => 0 * leaf,
            _ => (leaf > double.PositiveInfinity).Cast(leaf.DType),
        };
    }
}
