// Derivatives by differences, which know how far they can be trusted. No one step suits every
// function: long steps cross kinks, short ones drown in rounding. So several are tried, and the
// derivative is where two neighbours agree best. Where none do, there is a kink.
using System.Collections.Immutable;

namespace Engine;

/// <summary>A derivative of a function of one number, as differences give it.</summary>
/// <param name="Value">The derivative; NaN where the function gives no numbers.</param>
/// <param name="Step">The step it was taken with.</param>
/// <param name="Doubt">
/// How much it changes with the next shorter step, or may change by rounding.
/// </param>
/// <param name="IsKink">
/// Whether it jumps between steps, or is not the same on both sides: then the function has a kink
/// or a jump there, or so near that all steps reach over it, and the value says nothing.
/// </param>
public readonly record struct Difference(double Value, double Step, double Doubt, bool IsKink);

/// <summary>Differentiates by fourth-order central differences.</summary>
public static class Differences
{
    // Derivatives that differ by this much, relative to the larger, are taken for different ones,
    // unless rounding explains it: that of this many operations, each of which loses one digit.
    private const double Jump = 1e-4, RoundedOperations = 1000, Rounding = 2.3e-16;

    /// <summary>The steps that are tried, longest first.</summary>
    public static ImmutableArray<double> Steps { get; } = [1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8];

    /// <summary>The derivative of f at 0 with one step.</summary>
    public static double At(Func<double, double> f, double step)
    {
        ArgumentNullException.ThrowIfNull(f);
        return (8 * (f(step) - f(-step)) - (f(2 * step) - f(-2 * step))) / (12 * step);
    }

    /// <summary>The derivative of f at 0 with the step that suits it best.</summary>
    public static Difference Of(Func<double, double> f)
    {
        ArgumentNullException.ThrowIfNull(f);
        double middle = f(0), size = Math.Abs(middle);
        double[] slopes = [.. Steps.Select(step => At(f, step))];
        int best = -1;
        double doubt = double.PositiveInfinity;
        for (int i = 0; i + 1 < slopes.Length; i++)
        {
            // Neighbours that agree better than rounding lets them do so by chance.
            double change = Math.Max(
                Math.Abs(slopes[i] - slopes[i + 1]), Rounding * size / Steps[i + 1]);
            if (change < doubt) (best, doubt) = (i, change);
        }
        if (best < 0) return new(double.NaN, Steps[^1], double.NaN, false);

        double value = slopes[best];
        bool jumps = IsLarge(doubt, Steps[best + 1]);
        return new(value, Steps[best], doubt, jumps || HasTwoSides());

        bool IsLarge(double change, double step) =>
            change > Jump * Math.Abs(value) && change > RoundedOperations * Rounding * size / step;

        // What the slopes of both sides differ by shrinks with the step, unless there is a kink.
        bool HasTwoSides() => Bend(Steps[best + 1]) is var bend
            && bend > Bend(Steps[best]) / 3 && IsLarge(bend, Steps[best + 1]);

        double Bend(double step) => Math.Abs(f(step) + f(-step) - 2 * middle) / step;
    }

    /// <summary>The derivative of a loss at x along a direction, in the types of x.</summary>
    public static Difference Along<T>(Func<T, Tensor> loss, T x, T direction) where T : ITree =>
        Of(Line(loss, x, direction));

    /// <summary>The loss along a line: t is at x + t direction.</summary>
    internal static Func<double, double> Line<T>(Func<T, Tensor> loss, T x, T direction)
        where T : ITree
    {
        ArgumentNullException.ThrowIfNull(loss);
        return t => loss(x.Zip(direction, (a, v) => a.DType.IsFloat() ? a + t * v : a)).Item();
    }
}
