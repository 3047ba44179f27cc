// The learning-rate finder (Smith, 2017, section 3.3): one short run in which the rate grows from
// step to step; where the loss falls, the rate is right, and where it explodes, too large.
using System.Collections.Immutable;
using System.Globalization;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>One step of the finder.</summary>
/// <param name="Rate">The optimiser's rate at that step.</param>
/// <param name="Loss">The batch's loss before it.</param>
/// <param name="Smooth">The average of the losses so far, later ones counting more.</param>
public sealed record RatePoint(double Rate, double Loss, double Smooth);

/// <summary>What the finder saw.</summary>
/// <param name="Points">Its steps, in order: the curve to look at.</param>
/// <param name="Suggested">
/// A tenth of the rate at which the smooth loss was lowest: there it still fell.
/// </param>
public sealed record RateCurve(ImmutableArray<RatePoint> Points, double Suggested)
{
    /// <summary>
    /// Whether the loss fell to the last rate, so that larger ones may be better still.
    /// </summary>
    public bool EndsFalling => Points.MinBy(p => p.Smooth) == Points[^1];
}

public sealed partial class FineTuning<N>
{
    // The share of the old average in the new, and how far above the lowest loss counts as an
    // explosion: as many times the first loss. Of losses that fall towards 0 that is fastai's rule,
    // four times the lowest, but for those that go below 0 it says something as well.
    private const double Smoothing = 0.9;
    private const double Explosion = 3;

    /// <summary>
    /// Tries rates that grow by a constant factor, a step each, with new optimiser states for the
    /// groups that move at the state's step; ends early when the loss explodes. The state stays.
    /// </summary>
    /// <param name="state">Where to begin, such as <see cref="Begin"/>.</param>
    /// <param name="batch">The batch of each step (0 at the first).</param>
    /// <param name="from">The first rate.</param>
    /// <param name="to">The last rate.</param>
    /// <param name="steps">Rates to try.</param>
    /// <exception cref="EngineException">
    /// A number is out of range, or the loss never fell.
    /// </exception>
    public RateCurve FindRate(
        TuneState state, Func<long, (Tensor X, Tensor Y)> batch, double from = 1e-6, double to = 1,
        int steps = 100)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(batch);
        if (!(from > 0 && from < to && double.IsFinite(to)) || steps < 10)
            throw Errors.Fail("FindRate", string.Create(CultureInfo.InvariantCulture,
                $"{steps} rates from {from} to {to}: give at least 10, growing from above 0."));
        double factor = Math.Pow(to / from, 1.0 / (steps - 1));
        FineTuning<N> sweep = WithSchedule(state, Schedule.Exponential(from, factor));
        TuneState now = sweep.Begin();
        var points = ImmutableArray.CreateBuilder<RatePoint>(steps);
        double average = 0, lowest = double.PositiveInfinity;
        for (int i = 0; i < steps; i++)
        {
            var (x, y) = batch(i);
            Stepped next = sweep.Try(now, x, y);
            double loss = next.Loss.Item();
            average = Smoothing * average + (1 - Smoothing) * loss;
            double smooth = average / (1 - Math.Pow(Smoothing, i + 1));
            points.Add(new(from * Math.Pow(factor, i), loss, smooth));
            lowest = Math.Min(lowest, smooth);
            if (!(smooth - lowest <= Explosion * Math.Abs(points[0].Loss))
                || !double.IsFinite(next.Norm.Item())) break;
            now = next.State;
        }
        return new(points.ToImmutable(), Suggest(points));
    }

    /// <summary>A run from a state by another schedule: its groups start anew.</summary>
    private FineTuning<N> WithSchedule(TuneState state, Func<Tensor, Tensor> schedule)
    {
        long step = state.Steps.Item<long>();
        TunePlan moving = plan with
        {
            Groups = [.. plan.Groups.Where(g => g.From <= step).Select(g => g with { From = 0 })],
        };
        return new(
            Network(state), state.Statistics, moving, optimizer with { Schedule = schedule })
        {
            Loss = Loss,
            Penalty = Penalty,
            ClipNorm = ClipNorm,
            Momentum = Momentum,
            Seed = Seed,
        };
    }

    private static double Suggest(IReadOnlyList<RatePoint> points)
    {
        RatePoint best = points.Where(p => double.IsFinite(p.Smooth)).MinBy(p => p.Smooth)
            ?? points[0];
        if (ReferenceEquals(best, points[0]))
            throw Errors.Fail("FindRate", string.Create(CultureInfo.InvariantCulture,
                $"the loss never fell below that at the first rate, {best.Rate}. Give a smaller ")
                + "one, or look at the data.");
        return best.Rate / 10;
    }
}
