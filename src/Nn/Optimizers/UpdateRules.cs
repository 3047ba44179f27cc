// The built-in update rules, one record each, with the state that each keeps of a leaf.
namespace Engine.Nn;

/// <summary>What <see cref="Optim"/>'s SGD keeps of a leaf: nothing without momentum.</summary>
public sealed partial record SgdState(Tensor? Velocity) : ITree;

/// <summary>
/// What RMSProp keeps of a leaf: the averaged square of its gradient, its averaged gradient if
/// centred, and its velocity with momentum.
/// </summary>
public sealed partial record RmsPropState(Tensor Square, Tensor? Mean, Tensor? Velocity) : ITree;

/// <summary>
/// What Adam, AdamW and LAMB keep of a leaf: the averages of its gradient and of the gradient's
/// square, before the correction of their bias towards zero.
/// </summary>
public sealed partial record AdamState(Tensor Mean, Tensor Square) : ITree;

internal sealed record Sgd(Coefficient Momentum, bool Nesterov, Coefficient WeightDecay)
    : IUpdateRule<SgdState>
{
    public SgdState Init(Tensor leaf) => new(Momentum.IsZero ? null : Optim.ZerosLike(leaf));

    public (Tensor Leaf, SgdState State) Update(
        Tensor leaf, Tensor gradient, Tensor rate, Tensor n, SgdState state)
    {
        Errors.KeptIf("Sgd", !Momentum.IsZero, state.Velocity, "velocity");
        if (!WeightDecay.IsZero) gradient += WeightDecay * leaf;
        if (state.Velocity is null) return (leaf - rate * gradient, state);
        Tensor velocity = Momentum * state.Velocity + gradient;
        Tensor step = Nesterov ? gradient + Momentum * velocity : velocity;
        return (leaf - rate * step, new(velocity));
    }
}

internal sealed record RmsProp(
    Coefficient Decay, double Epsilon, Coefficient Momentum, bool Centered,
    Coefficient WeightDecay)
    : IUpdateRule<RmsPropState>
{
    public RmsPropState Init(Tensor leaf) => new(
        Optim.ZerosLike(leaf), Centered ? Optim.ZerosLike(leaf) : null,
        Momentum.IsZero ? null : Optim.ZerosLike(leaf));

    public (Tensor Leaf, RmsPropState State) Update(
        Tensor leaf, Tensor gradient, Tensor rate, Tensor n, RmsPropState state)
    {
        Errors.KeptIf("RmsProp", Centered, state.Mean, "mean");
        Errors.KeptIf("RmsProp", !Momentum.IsZero, state.Velocity, "velocity");
        if (!WeightDecay.IsZero) gradient += WeightDecay * leaf;
        Tensor square = Decay * state.Square + Decay.Rest(gradient.Square()), variance = square;
        Tensor? mean = null, velocity = null;
        if (state.Mean is not null)
        {
            mean = Decay * state.Mean + Decay.Rest(gradient);
            variance = (square - mean.Square()).Relu(); // rounding may leave less than 0
        }
        Tensor step = gradient / (variance.SafeSqrt() + Epsilon);
        if (state.Velocity is not null) step = velocity = Momentum * state.Velocity + step;
        return (leaf - rate * step, new(square, mean, velocity));
    }
}

/// <summary>Keeps the sum of the squares of a leaf's gradients.</summary>
internal sealed record Adagrad(double Initial, double Epsilon, Coefficient WeightDecay)
    : IUpdateRule<Tensor>
{
    public Tensor Init(Tensor leaf) => Optim.ZerosLike(leaf);

    public (Tensor Leaf, Tensor State) Update(
        Tensor leaf, Tensor gradient, Tensor rate, Tensor n, Tensor state)
    {
        if (!WeightDecay.IsZero) gradient += WeightDecay * leaf;
        Tensor sum = state + gradient.Square();
        return (leaf - rate * gradient / ((sum + Initial).SafeSqrt() + Epsilon), sum);
    }
}

internal sealed record Adam(Averages Averages, Coefficient WeightDecay) : IUpdateRule<AdamState>
{
    public AdamState Init(Tensor leaf) => Averages.Init(leaf);

    public (Tensor Leaf, AdamState State) Update(
        Tensor leaf, Tensor gradient, Tensor rate, Tensor n, AdamState state)
    {
        if (!WeightDecay.IsZero) gradient += WeightDecay * leaf;
        var (direction, weight, next) = Averages.Next(gradient, n, state);
        return (leaf - rate / weight * direction, next);
    }
}

internal sealed record AdamW(Averages Averages, Coefficient WeightDecay) : IUpdateRule<AdamState>
{
    public AdamState Init(Tensor leaf) => Averages.Init(leaf);

    public (Tensor Leaf, AdamState State) Update(
        Tensor leaf, Tensor gradient, Tensor rate, Tensor n, AdamState state)
    {
        var (direction, weight, next) = Averages.Next(gradient, n, state);
        return ((1 - WeightDecay * rate) * leaf - rate / weight * direction, next);
    }
}

internal sealed record Lamb(Averages Averages, Coefficient WeightDecay) : IUpdateRule<AdamState>
{
    public AdamState Init(Tensor leaf) => Averages.Init(leaf);

    public (Tensor Leaf, AdamState State) Update(
        Tensor leaf, Tensor gradient, Tensor rate, Tensor n, AdamState state)
    {
        var (direction, weight, next) = Averages.Next(gradient, n, state);
        Tensor step = direction / weight;
        if (!WeightDecay.IsZero) step += WeightDecay * leaf;
        Tensor length = leaf.Square().Sum().SafeSqrt(), stepLength = step.Square().Sum().SafeSqrt();
        Tensor known = (length > 0) & (stepLength > 0);
        Tensor trust = Tensor.Where(known, length / Tensor.Where(known, stepLength, 1), 1);
        return (leaf - rate * trust * step, next);
    }
}

/// <summary>Adam's two exponential averages, which begin at zero.</summary>
internal sealed record Averages(Coefficient Beta1, Coefficient Beta2, double Epsilon)
{
    public AdamState Init(Tensor leaf) => new(Optim.ZerosLike(leaf), Optim.ZerosLike(leaf));

    /// <summary>
    /// The mean over the root of the corrected square, and the weight by which the mean is still to
    /// be divided: dividing the rate by it costs one scalar division instead of one an element.
    /// </summary>
    public (Tensor Direction, Tensor Weight, AdamState State) Next(
        Tensor gradient, Tensor n, AdamState state)
    {
        Tensor mean = Beta1 * state.Mean + Beta1.Rest(gradient);
        Tensor square = Beta2 * state.Square + Beta2.Rest(gradient.Square());
        Tensor second = Weight(Beta2, n, mean.DType);
        return (mean / ((square / second).SafeSqrt() + Epsilon), Weight(Beta1, n, mean.DType),
            new(mean, square));
    }

    /// <summary>
    /// 1 - beta^n, the weight that an average has received after n steps; in float64, because
    /// float32 keeps four digits of 1 - 0.999.
    /// </summary>
    public static Tensor Weight(Coefficient beta, Tensor n, DType type) => beta.IsZero
        ? Tensor.Full(n.Shape, 1, type)
        : (1 - beta.Power(n)).Cast(type);
}
