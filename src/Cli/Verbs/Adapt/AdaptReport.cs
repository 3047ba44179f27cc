// The page of a run of engine adapt.
using System.Globalization;
using Engine.Transfer;

namespace Engine.Cli;

internal static class AdaptReport
{
    public static void Write(
        RunFolder folder, AdaptOptions options, DomainSets sets, IReadOnlyList<SeedFigures> seeds)
    {
        AdaptationMethod method = AdaptationMethods.Find(options.Method);
        folder.WriteReport(new()
        {
            Title = $"{sets.Source.Name} to {sets.Target.Name} by {method.Name}",
            Subtitle = $"{method.Paper}; {options.Steps:N0} steps; batch normalisation "
                + $"{ValueKind.Text(options.Norm)}. The model was chosen by the validator "
                + $"'{options.Validator}', which sees no target labels. Accuracies are of "
                + $"{sets.TargetTest.Count:N0} target examples that were not trained on; "
                + (seeds.Count == 1 ? "of a single seed."
                    : $"means of {seeds.Count} seeds with 95 % intervals."),
            Warnings = [.. AdaptWarnings.Of(seeds, options.Weight)],
            Headlines =
            [
                Headline("chosen", "by the validator", seeds, s => s.Method.Chosen.TargetAccuracy),
                Headline("control", "the target's own batch statistics alone", seeds,
                    s => s.Control),
                Headline("source only", "no adaptation at all", seeds, s => s.SourceOnly),
                Headline("oracle", "the best look by target labels", seeds, s => s.Method.Oracle),
            ],
            Plots =
            [
                Plot("Accuracy on the target", "accuracy (%)", seeds, l => l.TargetAccuracy,
                    percent: true, "What no choice of models saw."),
                Plot("Accuracy on the source", "accuracy (%)", seeds, l => l.SourceAccuracy,
                    percent: true, "Of examples that were not trained on, by the source's own "
                        + "normalisation statistics."),
                .. Scores(seeds),
                .. Losses(seeds, options.Weight),
            ],
            Settings = OptionSet<AdaptOptions>.Settings(options),
        });
    }

    private static Headline Headline(
        string label, string note, IReadOnlyList<SeedFigures> seeds,
        Func<SeedFigures, double> of) => new(
            label, $"{StudentT.PerCent([.. seeds.Select(of)])} %", note);

    private static IEnumerable<Plot> Scores(IReadOnlyList<SeedFigures> seeds) =>
        seeds[0].Method.Chosen.Scores.Keys.Order(StringComparer.Ordinal).Select(name => Plot(
            $"Validator: {name}", "score (higher is better)", seeds, l => l.Scores[name],
            percent: false, ""));

    private static IEnumerable<Plot> Losses(IReadOnlyList<SeedFigures> seeds, double weight) =>
        seeds[0].Method.Losses.Select((name, i) => Plot(
            $"Loss: {name}", IsEntropy(name) ? "nats" : "loss", seeds, l => l.Losses[i],
            percent: false, AdaptWarnings.Chance(name, weight) is { } chance
                ? string.Create(
                    CultureInfo.InvariantCulture, $"{chance:F3} is a critic at chance.")
                : ""));

    /// <summary>Whether a loss is a mean of logarithms, so that it has a unit.</summary>
    private static bool IsEntropy(string loss) => loss is "task" or "domain" or "critic"
        or "encoder" or "similarity" or "information" or "pseudo-labels";

    private static Plot Plot(
        string title, string label, IReadOnlyList<SeedFigures> seeds, Func<Look, double> of,
        bool percent, string caption) => new(
            title, "steps", label,
            [.. seeds.Select(s => new PlotSeries(
                $"seed {s.Seed}", [.. s.Method.Looks.Select(l => ((double)l.Step, of(l)))]))],
            percent, Caption: caption);
}
