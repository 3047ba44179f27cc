// What is wrong with a run that a table of accuracies would hide.
using System.Globalization;
using Engine.Transfer;

namespace Engine.Cli;

internal static class AdaptWarnings
{
    /// <summary>
    /// What adapting may lose against the control, and a run after its best look.
    /// </summary>
    private const double Tolerated = 0.1;

    /// <summary>The warnings of all seeds, each with its seed.</summary>
    public static IEnumerable<string> Of(IEnumerable<SeedFigures> seeds, double weight) =>
        seeds.SelectMany(seed => Of(seed, weight).Select(text => $"seed {seed.Seed}: {text}"));

    /// <summary>
    /// The loss of a critic that cannot tell the domains apart; null of what is no critic's loss.
    /// </summary>
    /// <param name="loss">The loss's name.</param>
    /// <param name="weight">What the method's term was weighed by.</param>
    public static double? Chance(string loss, double weight) => loss switch
    {
        "domain" => Math.Log(2),
        "critic" => 2 * Math.Log(2), // ADDA's has a loss of each domain
        "similarity" => new SeparationWeights().Similarity * weight * Math.Log(2),
        _ => null,
    };

    /// <summary>
    /// Whether a critic won or diverged, whether the run fell below the control or collapsed, and
    /// whether predictions fell into a few classes.
    /// </summary>
    public static IEnumerable<string> Of(SeedFigures seed, double weight)
    {
        AdaptedRun run = seed.Method;
        Look last = run.Looks[^1];
        for (int i = 0; i < run.Losses.Length; i++)
        {
            if (Chance(run.Losses[i], weight) is not { } chance
                || last.Losses[i] / chance is >= 0.03 and <= 3) continue;
            yield return $"the critic's loss ended at {N(last.Losses[i], "F3")} "
                + $"({N(chance, "F3")} is chance): " + (last.Losses[i] < chance
                    ? "it tells the domains apart, and the features do not heed it."
                    : "it diverged; a lower --weight or --rate may help.");
        }

        double chosen = run.Chosen.TargetAccuracy, end = last.TargetAccuracy;
        string control = PerCent(seed.Control);
        if (chosen < seed.Control - Tolerated)
            yield return $"the chosen model has {PerCent(chosen)}, but the control {control}: "
                + "adapting did harm.";
        if (end < run.Oracle - Tolerated)
            yield return $"the run ended at {PerCent(end)}, after it had reached "
                + $"{PerCent(run.Oracle)}: it collapsed. See the report.";
        else if (end < seed.Control - Tolerated && run.Chosen.Step != last.Step)
            yield return $"the run ended at {PerCent(end)}, but the control has {control}: "
                + "adapting did harm.";
        // Of two classes: fewer than 4 % of the examples in one of them; of ten: three classes.
        if (last.PredictedClasses > 0 && seed.Classes > 1.5
            && last.PredictedClasses < 1 + ((seed.Classes - 1) / 5))
            yield return $"in the end predictions spread over {N(last.PredictedClasses, "F1")} "
                + $"classes, labels over {N(seed.Classes, "F1")}: they fell into a few classes.";
    }

    private static string PerCent(double share) => $"{N(100 * share, "F1")} %";

    private static string N(double value, string format) =>
        value.ToString(format, CultureInfo.InvariantCulture);
}
