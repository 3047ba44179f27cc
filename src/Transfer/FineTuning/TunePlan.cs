// Plans of fine-tuning: which leaves move, how fast, from which step on, and what batch
// normalisation does meanwhile. A plan is a value; nothing here computes.
using System.Collections.Immutable;
using System.Globalization;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>Leaves of a network that move together, with an optimiser state of their own.</summary>
/// <param name="Where">Chooses leaves by path.</param>
/// <param name="Rate">What the optimiser's rate is multiplied by; above 0.</param>
/// <param name="From">
/// The step (0 at the first) from which they move. Until then they are frozen; the optimiser counts
/// their steps from there, so that Adam's bias correction is right.
/// </param>
public sealed record TuneGroup(Func<string, bool> Where, double Rate = 1, int From = 0);

/// <summary>
/// How a network is fine-tuned. Leaves in no group stay frozen: they are not differentiated, have
/// no optimiser's moments and no weight decay.
/// </summary>
/// <param name="Groups">What moves; no leaf may be in two groups.</param>
/// <param name="Norm">What batch normalisation does meanwhile.</param>
public sealed record TunePlan(
    ImmutableArray<TuneGroup> Groups, NormPolicy Norm = NormPolicy.Shared)
{
    /// <summary>All leaves move alike.</summary>
    public static TunePlan All() => Of(_ => true);

    /// <summary>The chosen leaves move alike, the others are frozen.</summary>
    public static TunePlan Of(
        Func<string, bool> where, NormPolicy norm = NormPolicy.Shared) =>
        new([new TuneGroup(where)], norm);

    /// <summary>The head alone moves; batch normalisation goes by each batch.</summary>
    public static TunePlan Head<N>(N network) where N : IFeatureNetwork => Of(Heads.In(network));

    /// <summary>
    /// The head alone moves, on features that stay the same: batch normalisation goes by the given
    /// statistics. <see cref="Transfer.LinearProbe"/> does this faster, on features computed once.
    /// </summary>
    public static TunePlan LinearProbe<N>(N network) where N : IFeatureNetwork =>
        Of(Heads.In(network), NormPolicy.Fixed);

    /// <summary>
    /// Discriminative rates (Howard and Ruder, 2018, section 3.2): the last stage moves at the
    /// optimiser's rate, each before it at the rate of the next divided by
    /// <paramref name="factor"/>.
    /// </summary>
    /// <param name="order">
    /// Prefixes of paths from input to output, such as those of <see cref="Stages"/>. A leaf
    /// belongs to the longest prefix of its path; leaves of none are frozen.
    /// </param>
    /// <param name="factor">How much slower each stage is than the next.</param>
    public static TunePlan Discriminative(IReadOnlyList<string> order, double factor = 2.6) =>
        ByStage(order, fromLast => new(_ => true, Math.Pow(factor, -fromLast)));

    /// <summary>
    /// Gradual unfreezing (Howard and Ruder, 2018, section 3.3): the last stage moves from the
    /// first step, and every <paramref name="stepsEach"/> steps the stage before joins, at a rate
    /// divided by <paramref name="factor"/>.
    /// </summary>
    /// <inheritdoc cref="Discriminative" path="/param[@name='order']"/>
    /// <param name="order"/>
    /// <param name="stepsEach">Steps from one stage to the next.</param>
    /// <param name="factor">How much slower each stage is than the next; alike by default.</param>
    public static TunePlan Gradual(
        IReadOnlyList<string> order, int stepsEach, double factor = 1) => ByStage(order, fromLast =>
            new(_ => true, Math.Pow(factor, -fromLast), checked(fromLast * stepsEach)));

    /// <summary>
    /// The recipe of two phases (fastai's fine_tune, Howard and Gugger, 2020): the last stage alone
    /// for that many steps, then all, at rates that fall evenly, by ratio, to 1 /
    /// <paramref name="spread"/> at the first stage. <see cref="TwoPhaseSchedule"/> belongs to it.
    /// </summary>
    /// <inheritdoc cref="Discriminative" path="/param[@name='order']"/>
    /// <param name="order"/>
    /// <param name="frozenSteps">Steps of the first phase.</param>
    /// <param name="spread">How much slower the first stage is than the last.</param>
    public static TunePlan TwoPhase(
        IReadOnlyList<string> order, int frozenSteps, double spread = 100) =>
        ByStage(order, fromLast => new(
            _ => true, Math.Pow(spread, -fromLast / Math.Max(1.0, order.Count - 1)),
            fromLast == 0 ? 0 : frozenSteps));

    /// <summary>
    /// The rates of the two phases: a cycle that rises nearly to the end of the first, then one of
    /// half the rate over the rest (fastai's fine_tune).
    /// </summary>
    /// <param name="rate">The largest rate of the first phase.</param>
    /// <param name="frozenSteps">Steps of the first phase, at least 3.</param>
    /// <param name="steps">Steps of the second.</param>
    public static Func<Tensor, Tensor> TwoPhaseSchedule(double rate, int frozenSteps, int steps) =>
        Schedule.Join(
            Schedule.OneCycle(rate, frozenSteps, rise: 0.99), frozenSteps,
            Schedule.OneCycle(rate / 2, steps, divide: 5));

    /// <summary>
    /// The stages of a network from input to output, as prefixes of paths: its parts, each element
    /// of a list by itself ("Stem", "Blocks.0", "Blocks.1", ...), and its head last.
    /// </summary>
    public static ImmutableArray<string> Stages<N>(N network) where N : IFeatureNetwork
    {
        IEnumerable<string> body = network.Paths().Where(Heads.NotIn(network));
        return [.. body.Select(StageOf).Distinct(), Heads.PathOf(network)];
    }

    /// <summary>
    /// The leaves of each group, in order, each group with at least one.
    /// </summary>
    /// <exception cref="EngineException">
    /// A group chooses nothing, a leaf is in two groups, a number is out of range, or nothing moves
    /// at the first step.
    /// </exception>
    public ImmutableArray<Part> Parts<T>(T network) where T : ITree
    {
        if (Groups.IsDefaultOrEmpty || !Groups.Any(group => group.From == 0))
            throw Errors.Fail("TunePlan", "no group moves at the first step. Give one From = 0.");
        IReadOnlyList<string> paths = network.Paths();
        var owner = new Dictionary<string, int>();
        for (int i = 0; i < Groups.Length; i++)
        {
            if (!(Groups[i].Rate > 0 && double.IsFinite(Groups[i].Rate)) || Groups[i].From < 0)
                throw Errors.Fail("TunePlan", string.Create(CultureInfo.InvariantCulture,
                    $"group {i} has rate {Groups[i].Rate} from step {Groups[i].From}. Give a ")
                    + "positive factor, and a step of 0 or later.");
            string[] own = [.. paths.Where(Groups[i].Where)];
            if (own.Length == 0)
                throw Errors.Fail("TunePlan", $"group {i} chooses no leaf of {typeof(T).Name}, "
                    + $"of [{string.Join(", ", paths)}]. Let `Where` accept one of these paths.");
            foreach (string path in own)
                if (!owner.TryAdd(path, i))
                    throw Errors.Fail("TunePlan", $"'{path}' of {typeof(T).Name} is in groups "
                        + $"{owner[path]} and {i}. A leaf moves with one group.");
        }
        return [.. Groups.Select(group => Part.Of(network, group.Where))];
    }

    /// <summary>A group for each stage, made by how far it is from the last.</summary>
    private static TunePlan ByStage(IReadOnlyList<string> order, Func<int, TuneGroup> make)
    {
        ArgumentNullException.ThrowIfNull(order);
        string[] stages = [.. order];
        return new([.. stages.Select((stage, i) => make(stages.Length - 1 - i) with
        {
            Where = path => LongestPrefix(stages, path) == stage,
        })]);
    }

    private static string? LongestPrefix(string[] stages, string path) => stages
        .Where(s => path == s || path.StartsWith(s + ".", StringComparison.Ordinal))
        .MaxBy(s => s.Length);

    private static string StageOf(string path)
    {
        string[] names = path.Split('.');
        return names.Length > 1 && int.TryParse(names[1], CultureInfo.InvariantCulture, out _)
            ? $"{names[0]}.{names[1]}" : names[0];
    }
}
