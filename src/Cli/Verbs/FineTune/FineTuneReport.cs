// The page of a run of engine finetune.
using System.Globalization;

namespace Engine.Cli;

internal static class FineTuneReport
{
    public static void Write(
        RunFolder folder, FineTuneOptions options, IStart start, FewLabels data,
        IReadOnlyList<TunedSeed> seeds, RateChoice? found)
    {
        TunedSeed first = seeds[0];
        double[] accuracies = [.. seeds.Select(s => s.Accuracy)];
        folder.WriteReport(new()
        {
            Title = $"{data.Tuned.Name} from {options.Few} labels of each class, plan "
                + ValueKind.Text(options.Plan),
            Subtitle = $"The network: {start.Text}. Accuracies are of {data.Tested.Count:N0} "
                + "examples that were not tuned on, and chose nothing: the figure is the last one "
                + (seeds.Count == 1 ? "of a single seed's run."
                    : $"of each run, its mean over {seeds.Count} seeds with a 95 % interval."),
            Headlines =
            [
                new("after", $"{StudentT.PerCent(accuracies)} %", "fine-tuned"),
                new("before", $"{PerCent(seeds.Average(s => s.Before))} %",
                    first.NewHead ? "the head was untrained" : "the network as it was"),
                new("numbers that moved", N(first.Moved, "N0"),
                    $"beside {N(first.Parameters, "N0")} of the network"),
                .. FineTuneFigures.Rate(options, found) is { } rate
                    ? [new(
                        "rate", N(rate, "G3"),
                        options.Rate is null ? "by the finder" : "as asked")]
                    : (Headline[])[],
            ],
            Plots = [.. Plots(options, seeds, found)],
            Settings = OptionSet<FineTuneOptions>.Settings(options),
        });
    }

    private static IEnumerable<Plot> Plots(
        FineTuneOptions options, IReadOnlyList<TunedSeed> seeds, RateChoice? found)
    {
        if (options.Plan != PlanName.Probe)
        {
            yield return new(
                "Accuracy", "steps", "accuracy (%)",
                [.. seeds.Select(s => new PlotSeries(
                    $"seed {s.Seed}",
                    [(0, s.Before), .. s.Looks.Select(l => ((double)l.Step, l.Accuracy))]))],
                Percent: true, Caption: "On the examples that were not tuned on.");
            yield return new(
                "Loss", "steps", "loss (nats)",
                [.. seeds.Select(s => new PlotSeries(
                    $"seed {s.Seed}", [.. s.Looks.Select(l => ((double)l.Step, l.Loss))]))],
                Caption: "Of single batches.");
        }

        if (found is { } choice && options.Rate is null)
        {
            yield return new(
                "Rate finder", "rate", "loss (nats)",
                [
                    new("each step", [.. choice.Curve.Points.Select(p => (p.Rate, p.Loss))],
                        Faint: true),
                    new("average", [.. choice.Curve.Points.Select(p => (p.Rate, p.Smooth))]),
                ],
                LogX: true, Caption: $"One step at each rate. A tenth of the rate at which the "
                    + $"average was lowest is taken: {N(choice.Rate, "G3")}.");
        }
    }

    private static string PerCent(double share) => N(100 * share, "F1");

    private static string N(double value, string format) =>
        value.ToString(format, CultureInfo.InvariantCulture);
}
