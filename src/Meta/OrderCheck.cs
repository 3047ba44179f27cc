// Is the meta-gradient really the gradient of the meta-loss? Many published "MAML" programs are
// silently first-order; here every run measures it at its start.
using System.Globalization;
using Engine.Data;

namespace Engine.Meta;

/// <summary>
/// The relative difference between a meta-gradient and finite differences of the meta-loss: near 0
/// if the gradient is exact, usually some tenths if it is first-order; of an implicit gradient it
/// says how far its solvers are from done.
/// </summary>
/// <param name="Claim">
/// What the method says of its gradient. No difference can confirm a direction of its own.
/// </param>
/// <param name="Error">
/// The difference, relative to the larger of the two; NaN if there is nothing to compare.
/// </param>
/// <param name="GradientNorm">Length of the meta-gradient.</param>
/// <param name="Kink">
/// Whether the meta-loss has a kink where it was measured, in most directions that were tried: then
/// differences say nothing.
/// </param>
/// <param name="Beside">
/// Whether it was measured a thousandth beside the start, because the start itself is at a kink,
/// as where biases are 0 and a rectifier is given an image's black background.
/// </param>
public sealed record OrderCheck(
    Claim Claim, double Error, double GradientNorm, bool Kink = false, bool Beside = false)
{
    /// <summary>How the check is made, in words for its readers.</summary>
    public const string Procedure =
        "the compiled meta-gradient of one task in float64 against central differences";

    /// <summary>
    /// Whether the method says that its meta-gradient is exact and the differences agree. Never for
    /// first order or a direction of its own, which are not the derivative of the meta-loss, nor
    /// for an implicit gradient, which is that of a minimum that steps only come near, nor when all
    /// is zero (<see cref="Vanishes"/>).
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
        { Kink: true } => "unknown; the meta-loss has a kink at the start",
        { Claim: Claim.Exact } => string.Create(CultureInfo.InvariantCulture,
            $"exact; {Procedure}: relative error {Error:0.0e+00}")
            + (Beside ? "; beside the start, which is at a kink" : ""),
        { Claim: Claim.Implicit } => string.Create(CultureInfo.InvariantCulture,
            $"implicit; {Error:0.0e+00} off the differences ({Procedure})"),
        _ => string.Create(CultureInfo.InvariantCulture,
            $"first; {Error:0.0e+00} off the exact derivative ({Procedure})"),
    };

    /// <summary>
    /// Measures on one task, in float64, along three directions, each half the meta-gradient's and
    /// half random: along a random one alone the derivative is so small that rounding hides it. The
    /// meta-gradient is compiled, as in training; the meta-loss of the differences is not.
    /// The meta-loss jumps where a rectifier or a maximum on the support set switches; the step is
    /// so short that this is rare, other steps are tried where it seems to have happened, and the
    /// median of the directions is taken.
    /// </summary>
    public static OrderCheck Measure<P>(
        Method<P> method, P parameters, Episode task, long seed = 0) where P : ITree
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(task);
        P at = Doubles(parameters);
        Episode one = Doubles(task).Map((Tensor leaf) => leaf.ExpandDims(0));
        var gradient = Compile.Of((P p, Episode e) => method.Step(p, e).Gradient);
        return Measure(
            method.Claim, p => method.MetaLoss(p, one), at, p => gradient(p, one), method.State,
            seed);
    }

    /// <summary>
    /// Measures the gradient of any loss of parameters and a batch, a scalar, in the same way: for
    /// methods that learn from batches of their own kind.
    /// </summary>
    public static OrderCheck Measure<P, B>(
        Claim claim, Func<P, B, Tensor> loss, P parameters, B batch, long seed = 0)
        where P : ITree where B : ITree
    {
        ArgumentNullException.ThrowIfNull(loss);
        B given = Doubles(batch);
        var gradient = Compile.Of((P at, B all) => Grad.Of((P p) => loss(p, all))(at));
        return Measure(
            claim, p => loss(p, given), Doubles(parameters), p => gradient(p, given), seed: seed);
    }

    /// <summary>
    /// Measures any meta-loss and its gradient, both in float64: at the start or, if that is at a
    /// kink, beside it.
    /// </summary>
    internal static OrderCheck Measure<P>(
        Claim claim, Func<P, Tensor> loss, P start, Func<P, P> gradient,
        Func<string, bool>? state = null, long seed = 0) where P : ITree
    {
        OrderCheck check = MeasureAt(claim, loss, start, gradient(start), state, seed);
        if (!check.Kink) return check;
        P beside = start.Zip(Random(state, start, Key.From(seed)), (w, r) =>
            r.DType.IsFloat() ? w + 1e-3 * r : w);
        return MeasureAt(claim, loss, beside, gradient(beside), state, seed) with { Beside = true };
    }

    private static OrderCheck MeasureAt<P>(
        Claim claim, Func<P, Tensor> loss, P at, P gradient, Func<string, bool>? state, long seed)
        where P : ITree
    {
        double norm = Math.Sqrt(Dot(gradient, gradient));
        if (claim == Claim.OwnDirection) return new(claim, double.NaN, norm);

        var found = Key.From(seed).Split(3)
            .Select(key => Along(loss, at, gradient, Direction(state, at, gradient, key)))
            .OrderBy(d => d.Error).ToArray();
        return new(claim, found[1].Error, norm, found.Count(d => d.Kink) > 1);
    }

    /// <summary>The same in float64, but for what is no real number.</summary>
    internal static T Doubles<T>(T tree) where T : ITree => tree.Map(
        (Tensor leaf) => leaf.DType.IsFloat() ? leaf.Cast(DType.Float64) : leaf);

    private static (double Error, bool Kink) Along<P>(
        Func<P, Tensor> loss, P at, P gradient, P direction) where P : ITree
    {
        const double step = 2e-8, doubtful = 1e-6;
        double analytic = Dot(gradient, direction);
        double Error(double numerical) => analytic == numerical ? 0
            : Math.Abs(analytic - numerical)
                / Math.Max(Math.Abs(analytic), Math.Abs(numerical)) is var error
            && double.IsNaN(error) ? double.PositiveInfinity : error;
        double Line(double t) => loss(at.Zip(
            direction, (w, d) => w.DType.IsFloat() ? w + t * d : w)).Item();
        double error = Error(Differences.At(Line, step));
        if (error < doubtful) return (error, false);
        Difference other = Differences.Of(Line);
        return (Math.Min(error, Error(other.Value)), other.IsKink);
    }

    /// <summary>
    /// The sum of the gradient and of a random direction, both of length 1. Leaves that the method
    /// moves itself stay where they are: the gradient has no part there.
    /// </summary>
    private static P Direction<P>(
        Func<string, bool>? state, P at, P gradient, Key key) where P : ITree
    {
        P random = Random(state, at, key);
        double length = Math.Sqrt(Dot(random, random));
        double steepness = Math.Max(Math.Sqrt(Dot(gradient, gradient)), double.Epsilon);
        return random.Zip(gradient, (r, g) => !r.DType.IsFloat() ? r
            : g.IsSymbolicZero ? r / length : r / length + g / steepness);
    }

    /// <summary>Normal numbers for all leaves that the method does not move itself.</summary>
    private static P Random<P>(Func<string, bool>? state, P at, Key key) where P : ITree
    {
        Key[] keys = key.Split(at.Leaves().Count);
        int i = 0;
        return at.Map((path, leaf) => !leaf.DType.IsFloat() ? leaf
            : state?.Invoke(path) == true ? 0 * leaf
            : keys[i++].Normal(leaf.Shape, DType.Float64).To(leaf.Device));
    }

    private static double Dot<P>(P a, P b) where P : ITree => Tree.Dot(a, b).Item();
}
