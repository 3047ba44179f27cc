// Is the meta-gradient really the gradient of the meta-loss? Many published "MAML" programs are
// silently first-order; here every run measures it at its start.
using System.Globalization;
using Engine.Data;

namespace Engine.Meta;

/// <summary>
/// The relative difference between a meta-gradient and finite differences of the meta-loss: near 0
/// if the gradient is exact, usually some tenths if it is first-order.
/// </summary>
/// <param name="Claim">
/// What the method says of its gradient. No difference can confirm a direction of its own.
/// </param>
/// <param name="Error">
/// The difference, relative to the larger of the two; NaN if there is nothing to compare.
/// </param>
/// <param name="GradientNorm">Length of the meta-gradient.</param>
public sealed record OrderCheck(Claim Claim, double Error, double GradientNorm)
{
    /// <summary>How the check is made, in words for its readers.</summary>
    public const string Procedure =
        "the compiled meta-gradient of one task in float64 against central differences";

    /// <summary>
    /// Whether the method says that its meta-gradient is exact and the differences agree. Never for
    /// first order or a direction of its own, which are not the derivative of the meta-loss, nor
    /// when all is zero (<see cref="Vanishes"/>).
    /// </summary>
    public bool Confirmed => Claim == Claim.Exact && !Vanishes && Error < 1e-4;

    /// <summary>
    /// The meta-gradient is zero and so are the differences, as with a dead network: right or
    /// wrong, no order of differentiation would show.
    /// </summary>
    public bool Vanishes => GradientNorm == 0 && Error == 0;

    /// <inheritdoc/>
    public override string ToString() => this switch
    {
        { Claim: Claim.OwnDirection } => "none; the method steps in a direction of its own, "
            + "which is no derivative of its loss, so there is nothing to compare",
        { Vanishes: true } => "unknown; the meta-gradient is zero",
        { Claim: Claim.Exact } => string.Create(CultureInfo.InvariantCulture,
            $"exact; {Procedure}: relative error {Error:0.0e+00}"),
        _ => string.Create(CultureInfo.InvariantCulture,
            $"first; {Error:0.0e+00} off the exact derivative ({Procedure})"),
    };

    /// <summary>
    /// Measures on one task, in float64, along three directions, each half the meta-gradient's and
    /// half random: along a random one alone the derivative is so small that rounding hides it. The
    /// meta-gradient is compiled, as in training; the meta-loss of the differences is not.
    /// The meta-loss jumps where a rectifier or a maximum on the support set switches; the step is
    /// so short that this is rare, and the median of the directions is taken.
    /// </summary>
    public static OrderCheck Measure<P>(
        Method<P> method, P parameters, Episode task, long seed = 0) where P : ITree
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(task);
        static Tensor Double(Tensor x) => x.DType.IsFloat() ? x.Cast(DType.Float64) : x;
        P at = parameters.Map((Tensor leaf) => Double(leaf));
        Episode one = task.Map((Tensor leaf) => Double(leaf).ExpandDims(0));
        P gradient = Compile.Of((P p, Episode e) => method.Step(p, e).Gradient)(at, one);
        double norm = Math.Sqrt(Dot(gradient, gradient));
        if (method.Claim == Claim.OwnDirection) return new(method.Claim, double.NaN, norm);

        var errors = new List<double>();
        foreach (Key key in Key.From(seed).Split(3))
        {
            P direction = Direction(method, at, gradient, key);
            double analytic = Dot(gradient, direction);
            double numerical = Difference(method, at, one, direction);
            double size = Math.Max(Math.Abs(analytic), Math.Abs(numerical));
            double error = analytic == numerical ? 0 : Math.Abs(analytic - numerical) / size;
            errors.Add(double.IsNaN(error) ? double.PositiveInfinity : error);
        }
        errors.Sort();
        return new(method.Claim, errors[1], norm);
    }

    /// <summary>
    /// The sum of the gradient and of a random direction, both of length 1. Leaves that the method
    /// moves itself stay where they are: the gradient has no part there.
    /// </summary>
    private static P Direction<P>(Method<P> method, P at, P gradient, Key key) where P : ITree
    {
        Key[] keys = key.Split(at.Leaves().Count);
        int i = 0;
        P random = at.Map((path, leaf) => !leaf.DType.IsFloat() ? leaf
            : method.State?.Invoke(path) == true ? 0 * leaf
            : keys[i++].Normal(leaf.Shape, DType.Float64).To(leaf.Device));
        double length = Math.Sqrt(Dot(random, random));
        double steepness = Math.Max(Math.Sqrt(Dot(gradient, gradient)), double.Epsilon);
        return random.Zip(gradient, (r, g) => !r.DType.IsFloat() ? r
            : g.IsSymbolicZero ? r / length : r / length + g / steepness);
    }

    private static double Dot<P>(P a, P b) where P : ITree => Tree.Dot(a, b).Item();

    private static double Difference<P>(Method<P> method, P at, Episode tasks, P v) where P : ITree
    {
        const double h = 2e-8;
        double Loss(double t) => method.MetaLoss(
            at.Zip(v, (w, d) => w.DType.IsFloat() ? w + t * d : w), tasks).Item();
        return (8 * (Loss(h) - Loss(-h)) - (Loss(2 * h) - Loss(-2 * h))) / (12 * h);
    }
}
