// Is the meta-gradient really the gradient of the meta-loss? Many published "MAML" programs are
// silently first-order; here every run measures it at its start.
using System.Globalization;
using Engine.Data;

namespace Engine.Meta;

/// <summary>
/// The relative difference between a meta-gradient and finite differences of the meta-loss: near 0
/// if exact, some tenths if first-order.
/// </summary>
/// <param name="Order">What was asked for.</param>
/// <param name="Error">The difference, relative to the larger of the two.</param>
/// <param name="GradientNorm">Length of the meta-gradient.</param>
public sealed record OrderCheck(DerivativeOrder Order, double Error, double GradientNorm)
{
    /// <summary>How the check is made, in words for its readers.</summary>
    public const string Method =
        "the compiled meta-gradient of one task in float64 against central differences";

    /// <summary>
    /// Whether an exact meta-gradient was asked for and the differences agree with it. Never for
    /// first order, which is not the derivative of the meta-loss, nor when there is nothing to
    /// compare (<see cref="Vanishes"/>).
    /// </summary>
    public bool Confirmed => Order == DerivativeOrder.Exact && !Vanishes && Error < 1e-4;

    /// <summary>
    /// The meta-gradient is zero and so are the differences, as with a dead network: right or
    /// wrong, no order of differentiation would show.
    /// </summary>
    public bool Vanishes => GradientNorm == 0 && Error == 0;

    /// <inheritdoc/>
    public override string ToString() => Vanishes
        ? "unknown; the meta-gradient is zero"
        : Order == DerivativeOrder.Exact
            ? string.Create(CultureInfo.InvariantCulture,
                $"exact; {Method}: relative error {Error:0.0e+00}")
            : string.Create(CultureInfo.InvariantCulture,
                $"first; {Error:0.0e+00} off the exact derivative ({Method})");

    /// <summary>
    /// Measures on one task, in float64, along three directions, each half the meta-gradient's and
    /// half random: along a random one alone the derivative is so small that rounding hides it. The
    /// meta-gradient is compiled, as in training; the meta-loss of the differences is not.
    /// Where a rectifier or a maximum of the support set changes sides the meta-loss jumps; the
    /// step is short so that it rarely does, and the median of the directions is taken.
    /// </summary>
    public static OrderCheck Measure<T>(Maml<T> maml, T model, Episode task, long seed = 0)
        where T : ITree
    {
        ArgumentNullException.ThrowIfNull(maml);
        ArgumentNullException.ThrowIfNull(task);
        static Tensor Double(Tensor x) => x.DType.IsFloat() ? x.Cast(DType.Float64) : x;
        T at = model.Map((Tensor leaf) => Double(leaf));
        Episode one = task.Map((Tensor leaf) => Double(leaf).ExpandDims(0));
        var compiled = Compile.Of((T m, Episode e) => maml.Gradient(m, e));
        T gradient = compiled(at, one).Gradient;

        var errors = new List<double>();
        foreach (Key key in Key.From(seed).Split(3))
        {
            T direction = Direction(at, gradient, key);
            double analytic = Dot(gradient, direction);
            double numerical = Difference(maml, at, one, direction);
            double size = Math.Max(Math.Abs(analytic), Math.Abs(numerical));
            double error = analytic == numerical ? 0 : Math.Abs(analytic - numerical) / size;
            errors.Add(double.IsNaN(error) ? double.PositiveInfinity : error);
        }
        errors.Sort();
        return new OrderCheck(maml.Order, errors[1], Math.Sqrt(Dot(gradient, gradient)));
    }

    /// <summary>The sum of the gradient and of a random direction, both of length 1.</summary>
    private static T Direction<T>(T at, T gradient, Key key) where T : ITree
    {
        Key[] keys = key.Split(at.Leaves().Count);
        int i = 0;
        T random = at.Map((Tensor leaf) => leaf.DType.IsFloat()
            ? keys[i++].Normal(leaf.Shape, DType.Float64).To(leaf.Device) : leaf);
        double length = Math.Sqrt(Dot(random, random));
        double steepness = Math.Max(Math.Sqrt(Dot(gradient, gradient)), double.Epsilon);
        return random.Zip(gradient, (r, g) => !r.DType.IsFloat() ? r
            : g.IsSymbolicZero ? r / length : r / length + g / steepness);
    }

    private static double Dot<T>(T a, T b) where T : ITree
    {
        double sum = 0;
        foreach (var (x, y) in a.Leaves().Zip(b.Leaves()))
            if (x.DType.IsFloat() && !x.IsSymbolicZero)
                sum += (x * y).Sum().Item();
        return sum;
    }

    private static double Difference<T>(Maml<T> maml, T at, Episode tasks, T v) where T : ITree
    {
        const double h = 2e-8;
        double Loss(double t) => maml.MetaLoss(
            at.Zip(v, (w, d) => w.DType.IsFloat() ? w + t * d : w), tasks).Item();
        return (8 * (Loss(h) - Loss(-h)) - (Loss(2 * h) - Loss(-2 * h))) / (12 * h);
    }
}
