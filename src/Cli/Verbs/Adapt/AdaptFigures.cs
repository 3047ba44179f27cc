// The figures that engine adapt prints and records.
using System.Globalization;
using Engine.Transfer;

namespace Engine.Cli;

internal static class AdaptFigures
{
    public static void Describe(AdaptOptions options, DomainSets sets, VerbContext context)
    {
        AdaptationMethod method = AdaptationMethods.Find(options.Method);
        context.Figure("method", "method", $"{method.Name}: {method.Paper}", method.Name);
        context.Figure("source", "source", sets.Source.ToString());
        context.Figure("target", "target, without labels", sets.Target.ToString());
        context.Figure("target_test", "  tested on", $"{sets.TargetTest.Count:N0} others",
            sets.TargetTest.Count);
        context.Figure("norm", "batch norm", ValueKind.Text(options.Norm));
        context.Figure("steps", "steps", options.Steps);
        context.Figure("validator", "model chosen by", options.Validator);
        context.Figure("seed", "first seed", options.Seed);
        context.Figure("seeds", "seeds", options.Seeds);
        context.Figure("threads", "threads", context.Threads);
        context.Line();
    }

    /// <summary>A line about a seed that is done.</summary>
    public static void Of(SeedFigures seed, VerbContext context)
    {
        context.Row($"seed {seed.Seed}", string.Create(CultureInfo.InvariantCulture,
            $"source only {100 * seed.SourceOnly:F1}, control {100 * seed.Control:F1}, "
            + $"chosen {100 * seed.Method.Chosen.TargetAccuracy:F1} (step "
            + $"{seed.Method.Chosen.Step}), oracle {100 * seed.Method.Oracle:F1} %, "
            + $"{seed.Seconds:F0} s"));
        if (Warning(seed.Method) is { } warning) context.Line($"  warning: {warning}");
    }

    /// <summary>
    /// What is wrong with a run that a table of accuracies would hide: predictions that fell into a
    /// few classes, or a critic that won. Null if nothing is.
    /// </summary>
    public static string? Warning(AdaptedRun run)
    {
        Look last = run.Looks[^1];
        // ADDA's critic has a loss of each domain.
        foreach (var (name, chance) in ((string, double)[])[("domain", 0.693), ("critic", 1.386)])
        {
            int at = run.Losses.IndexOf(name);
            if (at < 0 || last.Losses[at] / chance is >= 0.03 and <= 3) continue;
            return string.Create(CultureInfo.InvariantCulture,
                $"the critic's loss ended at {last.Losses[at]:F3} ({chance:F3} is chance): ")
                + (last.Losses[at] < chance ? "it tells the domains apart, and the features do not heed it."
                    : "it diverged; lower --weight or --rate.");
        }

        double best = run.Oracle;
        return last.TargetAccuracy < best - 0.1
            ? string.Create(CultureInfo.InvariantCulture,
                $"the run ended at {100 * last.TargetAccuracy:F1} %, after it had reached "
                + $"{100 * best:F1} %: it collapsed. See the report.")
            : null;
    }

    public static void End(
        AdaptOptions options, IReadOnlyList<SeedFigures> seeds, double seconds,
        VerbContext context)
    {
        context.Line();
        void Mean(string name, string label, Func<SeedFigures, double> of)
        {
            double[] values = [.. seeds.Select(of)];
            context.Percent(name, label, values.Average());
            if (seeds.Count > 1)
                context.PlusMinus(
                    name == "chosen" ? "ci95" : $"{name}_ci95", "  95 % interval",
                    StudentT.HalfInterval(values));
            context.Summary.Add($"{name}_per_seed", values);
        }

        Mean("source_only", "source only", s => s.SourceOnly);
        Mean("control", "control", s => s.Control);
        Mean("chosen", "chosen by the validator", s => s.Method.Chosen.TargetAccuracy);
        Mean("oracle", "oracle (by target labels)", s => s.Method.Oracle);
        if (seeds.Count == 1) context.Summary.Add("ci95", double.NaN);
        context.Summary.Add(
            "warnings", seeds.Select(s => Warning(s.Method)).OfType<string>().ToArray());
        context.Figure("seconds", "whole run", seconds, "F1", "s");
    }
}
