// Learning rates as tensor programs of the step count, so that a compiled step follows them.
namespace Engine.Nn;

/// <summary>
/// Makes schedules: functions of the step (an int64 scalar, 0 at the first) to the rate (a float64
/// scalar), which every optimiser takes as its rate.
/// </summary>
public static class Schedule
{
    /// <summary>The same rate at every step.</summary>
    public static Func<Tensor, Tensor> Constant(double rate) =>
        n => Tensor.Full(n.Shape, rate, DType.Float64);

    /// <summary>
    /// A schedule drawn out to so many times its length, for an optimiser that takes that many
    /// steps where the schedule counts one.
    /// </summary>
    public static Func<Tensor, Tensor> Stretched(Func<Tensor, Tensor> schedule, int times)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        CheckSteps("Stretched", times);
        // The half keeps a quotient that is whole from being rounded below it.
        return n => schedule(((Real(n) + 0.5) / times).Cast(DType.Int64));
    }

    /// <summary>The rate times factor^(step / every), rounded down.</summary>
    public static Func<Tensor, Tensor> Step(double rate, int every, double factor)
    {
        CheckSteps("Step", every);
        CheckFactor("Step", factor);
        // The half keeps a quotient that is whole from being rounded below it.
        return n => rate * Power(factor, ((Real(n) + 0.5) / every).Cast(DType.Int64));
    }

    /// <summary>The rate times the factor for each of the given steps that is reached.</summary>
    public static Func<Tensor, Tensor> Milestones(
        double rate, ReadOnlySpan<int> steps, double factor)
    {
        CheckFactor("Milestones", factor);
        Tensor at = Tensor.From<long>([.. steps.ToArray().Select(step => (long)step)]);
        return n => rate * Power(factor, (n.ExpandDims(-1) >= at).Cast(DType.Int64).Sum(-1));
    }

    /// <summary>The rate times factor^step.</summary>
    public static Func<Tensor, Tensor> Exponential(double rate, double factor)
    {
        CheckFactor("Exponential", factor);
        return n => rate * Power(factor, n);
    }

    /// <summary>
    /// The rate times (1 + scale * step)^-power (Ganin et al., 2016, section 5.2.2, with power
    /// 0.75).
    /// </summary>
    public static Func<Tensor, Tensor> InverseDecay(double rate, double scale, double power) =>
        n => rate * (-power * (1 + scale * Real(n)).Log()).Exp();

    /// <summary>From one rate straight to another in that many steps, and that one after.</summary>
    public static Func<Tensor, Tensor> Linear(double from, double to, int steps)
    {
        CheckSteps("Linear", steps);
        return n => from + (to - from) * Fraction(n, 0, steps);
    }

    /// <summary>
    /// From one rate to another along half a cosine in that many steps, and that one after
    /// (Loshchilov and Hutter, 2017, equation 5, without restarts).
    /// </summary>
    public static Func<Tensor, Tensor> Cosine(double from, int steps, double to = 0)
    {
        CheckSteps("Cosine", steps);
        return n => HalfCosine(from, to, Fraction(n, 0, steps));
    }

    /// <summary>
    /// Another schedule behind a linear rise to its first rate: the first step takes
    /// 1 / <paramref name="steps"/> of it, the last of the rise all.
    /// </summary>
    public static Func<Tensor, Tensor> WarmUp(int steps, Func<Tensor, Tensor> then)
    {
        ArgumentNullException.ThrowIfNull(then);
        CheckSteps("WarmUp", steps);
        return Join(n => then(0 * n) * Fraction(n, -1, steps - 1), steps, then);
    }

    /// <summary>
    /// One schedule for that many steps, then another, which begins at its step 0.
    /// </summary>
    public static Func<Tensor, Tensor> Join(
        Func<Tensor, Tensor> first, int steps, Func<Tensor, Tensor> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        CheckSteps("Join", steps);
        return n => Tensor.Where(
            n < steps,
            first(Tensor.Minimum(n, steps - 1)), second(Tensor.Maximum(n - steps, 0)));
    }

    /// <summary>
    /// Up from maximum / <paramref name="divide"/> to the maximum along half a cosine, then down to
    /// the beginning over <paramref name="divideAgain"/> (Smith and Topin, 2018; the form and the
    /// defaults of PyTorch's OneCycleLR).
    /// </summary>
    /// <param name="maximum">The largest rate.</param>
    /// <param name="steps">Steps of the whole cycle; the last rate stays after it.</param>
    /// <param name="rise">The part of the steps that the rise takes, in 0..1.</param>
    /// <param name="divide">How much smaller the first rate is than the largest.</param>
    /// <param name="divideAgain">How much smaller the last rate is than the first.</param>
    public static Func<Tensor, Tensor> OneCycle(
        double maximum, int steps, double rise = 0.3, double divide = 25, double divideAgain = 1e4)
    {
        CheckSteps("OneCycle", steps);
        double top = rise * steps - 1, first = maximum / divide;
        if (!(rise is > 0 and < 1) || top <= 0)
            throw Errors.Fail("OneCycle", $"a rise over {rise} of {steps} steps must take more "
                + "than one step and less than all. Give more steps or another part.");
        return n => Tensor.Where(
            Real(n) <= top,
            HalfCosine(first, maximum, Fraction(n, 0, top)),
            HalfCosine(maximum, first / divideAgain, Fraction(n, top, steps - 1)));
    }

    /// <summary>How far the step is between two, from 0 to 1.</summary>
    private static Tensor Fraction(Tensor n, double from, double to) =>
        Tensor.Maximum(Tensor.Minimum((Real(n) - from) / (to - from), 1), 0);

    private static Tensor HalfCosine(double from, double to, Tensor fraction) =>
        to + (from - to) / 2 * (1 + (Math.PI * fraction).Cos());

    private static Tensor Power(double factor, Tensor n) => (Real(n) * Math.Log(factor)).Exp();

    private static Tensor Real(Tensor n) => n.Cast(DType.Float64);

    private static void CheckSteps(string name, int steps)
    {
        if (steps < 1) throw Errors.Fail(name, $"{steps} steps; give at least 1.");
    }

    private static void CheckFactor(string name, double factor)
    {
        if (!(factor > 0)) throw Errors.Fail(name, $"factor {factor} must be positive.");
    }
}
