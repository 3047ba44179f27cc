// The update rules, one record each: what a leaf becomes in a step.
namespace Engine.Nn;

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

internal sealed record RmsProp(
    double Decay, double Epsilon, double Momentum, bool Centered, double WeightDecay) : Optimizer
{
    protected override bool HasFirst => Momentum != 0;

    protected override bool HasSecond => true;

    protected override bool HasThird => Centered;

    private protected override Tensor Update(
        Tensor leaf, Tensor gradient, Tensor rate, Tensor n, Moments moments)
    {
        if (WeightDecay != 0) gradient += WeightDecay * leaf;
        Tensor square = Decay * moments.Second! + (1 - Decay) * gradient.Square();
        moments.Second = square;
        if (Centered)
        {
            moments.Third = Decay * moments.Third! + (1 - Decay) * gradient;
            square = (square - moments.Third.Square()).Relu(); // rounding may leave less than 0
        }
        Tensor step = gradient / (square.SafeSqrt() + Epsilon);
        if (HasFirst) step = moments.First = Momentum * moments.First! + step;
        return leaf - rate * step;
    }
}

internal sealed record Adagrad(double Initial, double Epsilon, double WeightDecay) : Optimizer
{
    protected override bool HasFirst => false;

    protected override bool HasSecond => true;

    private protected override Tensor Update(
        Tensor leaf, Tensor gradient, Tensor rate, Tensor n, Moments moments)
    {
        if (WeightDecay != 0) gradient += WeightDecay * leaf;
        Tensor sum = moments.Second! + gradient.Square();
        moments.Second = sum;
        return leaf - rate * gradient / ((sum + Initial).SafeSqrt() + Epsilon);
    }
}

/// <summary>What Adam and its kin share: both moments and their bias corrections.</summary>
internal abstract record AdamRule(double Beta1, double Beta2, double Epsilon) : Optimizer
{
    protected sealed override bool HasFirst => true;

    protected sealed override bool HasSecond => true;

    /// <summary>
    /// The mean over the root of the corrected square, and the weight by which the mean is still to
    /// be divided: the scalars meet before they meet the leaf.
    /// </summary>
    private protected (Tensor Direction, Tensor Weight) Next(
        Tensor leaf, Tensor gradient, Tensor n, Moments moments)
    {
        Tensor mean = Beta1 * moments.First! + (1 - Beta1) * gradient;
        Tensor square = Beta2 * moments.Second! + (1 - Beta2) * gradient.Square();
        moments.First = mean;
        moments.Second = square;
        Tensor second = Averages.Weight(Beta2, n, leaf.DType);
        return (mean / ((square / second).SafeSqrt() + Epsilon),
            Averages.Weight(Beta1, n, leaf.DType));
    }
}

internal sealed record Adam(double Beta1, double Beta2, double Epsilon, double WeightDecay)
    : AdamRule(Beta1, Beta2, Epsilon)
{
    private protected override Tensor Update(
        Tensor leaf, Tensor gradient, Tensor rate, Tensor n, Moments moments)
    {
        if (WeightDecay != 0) gradient += WeightDecay * leaf;
        var (direction, weight) = Next(leaf, gradient, n, moments);
        return leaf - rate / weight * direction;
    }
}

internal sealed record AdamW(double Beta1, double Beta2, double Epsilon, double WeightDecay)
    : AdamRule(Beta1, Beta2, Epsilon)
{
    private protected override Tensor Update(
        Tensor leaf, Tensor gradient, Tensor rate, Tensor n, Moments moments)
    {
        var (direction, weight) = Next(leaf, gradient, n, moments);
        return (1 - WeightDecay * rate) * leaf - rate / weight * direction;
    }
}

internal sealed record Lamb(double Beta1, double Beta2, double Epsilon, double WeightDecay)
    : AdamRule(Beta1, Beta2, Epsilon)
{
    private protected override Tensor Update(
        Tensor leaf, Tensor gradient, Tensor rate, Tensor n, Moments moments)
    {
        var (direction, weight) = Next(leaf, gradient, n, moments);
        Tensor step = direction / weight;
        if (WeightDecay != 0) step += WeightDecay * leaf;
        Tensor length = leaf.Square().Sum().SafeSqrt(), stepLength = step.Square().Sum().SafeSqrt();
        Tensor known = (length > 0) & (stepLength > 0);
        Tensor trust = Tensor.Where(known, length / Tensor.Where(known, stepLength, 1), 1);
        return leaf - rate * trust * step;
    }
}

/// <summary>Exponential averages that begin at zero.</summary>
internal static class Averages
{
    /// <summary>
    /// 1 - beta^n, the weight that an average has received after n steps; in float64, because
    /// float32 keeps four digits of 1 - 0.999.
    /// </summary>
    public static Tensor Weight(double beta, Tensor n, DType type) => beta == 0
        ? Tensor.Full(n.Shape, 1, type)
        : (1 - (n.Cast(DType.Float64) * Math.Log(beta)).Exp()).Cast(type);
}
