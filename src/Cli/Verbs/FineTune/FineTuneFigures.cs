// The figures that engine finetune prints and records.
using System.Globalization;
using Engine.Transfer;

namespace Engine.Cli;

internal static class FineTuneFigures
{
    public static void Describe(
        FineTuneOptions options, IStart start, FewLabels data, VerbContext context)
    {
        context.Figure("plan", "plan", ValueKind.Text(options.Plan));
        context.Figure("model", "network", start.Text);
        context.Figure("data", "data", data.Tuned.Name);
        context.Figure("few", "labels of each class", options.Few);
        context.Figure("tuned", "  tuned on", data.Tuned.Count);
        context.Figure("tested", "  tested on", data.Tested.Count);
        context.Figure("norm", "batch norm", ValueKind.Text(
            options.Plan == PlanName.Probe ? NormPolicy.Fixed : options.Norm));
        context.Figure("steps", "steps", options.Plan == PlanName.Probe ? 0 : options.Steps);
        context.Figure("seed", "first seed", options.Seed);
        context.Figure("seeds", "seeds", options.Seeds);
        context.Figure("threads", "threads", context.Threads);
        context.Line();
    }

    /// <summary>A line about a seed that is done.</summary>
    public static void Of(TunedSeed seed, VerbContext context) => context.Row(
        $"seed {seed.Seed}", string.Create(CultureInfo.InvariantCulture,
            $"before {100 * seed.Before:F1}{(seed.NewHead ? " (untrained head)" : "")}, tuned "
            + $"{100 * seed.Accuracy:F1} %, {seed.Seconds:F0} s"));

    public static void End(
        FineTuneOptions options, IReadOnlyList<TunedSeed> seeds, RateChoice? found, double seconds,
        VerbContext context)
    {
        double[] accuracies = [.. seeds.Select(s => s.Accuracy)];
        context.Line();
        context.Percent("before", "before", seeds.Average(s => s.Before));
        context.Percent("accuracy", "after", accuracies.Average());
        if (seeds.Count > 1)
            context.PlusMinus("ci95", "  95 % interval", StudentT.HalfInterval(accuracies));
        else context.Summary.Add("ci95", double.NaN);
        context.Percents("per_seed", "  by seed", accuracies);
        context.Figure("moved", "numbers that moved", seeds[0].Moved);
        context.Figure("parameters", "  of", seeds[0].Parameters);
        context.Summary.Add("new_head", seeds[0].NewHead);
        if (Rate(options, found) is { } rate)
            context.Figure(
                "rate", options.Rate is null ? "rate, by the finder" : "rate", rate, "G3");
        else context.Summary.Add("rate", double.NaN);
        context.Figure("seconds", "this session", seconds, "F1", "s");
    }

    /// <summary>The rate that was used; null where there is none.</summary>
    public static double? Rate(FineTuneOptions options, RateChoice? found) =>
        options.Plan == PlanName.Probe ? null : options.Rate ?? found?.Rate;
}
