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
        context.Figure("validator", "model chosen by", method.Name == "none"
            ? "nothing: there is one" : options.Validator, options.Validator);
        context.Figure("seed", "first seed", options.Seed);
        context.Figure("seeds", "seeds", options.Seeds);
        context.Figure("threads", "threads", context.Threads);
        context.Line();
    }

    /// <summary>A line about a seed that is done.</summary>
    public static void Of(
        SeedFigures seed, double weight, VerbContext context, string prefix = "")
    {
        context.Row($"{prefix}seed {seed.Seed}", string.Create(CultureInfo.InvariantCulture,
            $"source only {100 * seed.SourceOnly:F1}, control {100 * seed.Control:F1}, "
            + $"chosen {100 * seed.Method.Chosen.TargetAccuracy:F1} (step "
            + $"{seed.Method.Chosen.Step}), oracle {100 * seed.Method.Oracle:F1} %, "
            + $"{seed.Seconds:F0} s"));
        foreach (string warning in AdaptWarnings.Of(seed, weight))
            context.Line($"  warning: {warning}");
    }

    public static void End(
        AdaptOptions options, IReadOnlyList<SeedFigures> seeds, double seconds,
        VerbContext context)
    {
        context.Line();
        void Mean(string name, string label, Func<SeedFigures, double> of)
        {
            double[] values = [.. seeds.Select(of)];
            string interval = name == "chosen" ? "ci95" : $"{name}_ci95";
            context.Percent(name, label, values.Average());
            if (seeds.Count > 1)
                context.PlusMinus(interval, "  95 % interval", StudentT.HalfInterval(values));
            else context.Summary.Add(interval, double.NaN);
            context.Summary.Add($"{name}_per_seed", values);
        }

        Mean("source_only", "source only", s => s.SourceOnly);
        Mean("control", "control", s => s.Control);
        Mean("chosen", "chosen by the validator", s => s.Method.Chosen.TargetAccuracy);
        Mean("oracle", "oracle (by target labels)", s => s.Method.Oracle);
        context.Summary.Add("warnings", AdaptWarnings.Of(seeds, options.Weight).ToArray());
        context.Figure("seconds", "this session", seconds, "F1", "s");
    }
}
