// The figures that every reproduction records under the same names.
using System.Globalization;
using Engine.Meta;

namespace Engine.Cli;

/// <summary>What came out of an experiment.</summary>
/// <param name="Name">The experiment.</param>
/// <param name="Measure">What the value is, with its unit.</param>
/// <param name="Published">The published value; null if there is none for these data.</param>
/// <param name="PerSeed">The value of each seed.</param>
/// <param name="Interval">
/// Half the width of the 95 % interval of their mean; of a single seed that over its tasks.
/// </param>
/// <param name="Seconds">How long all took.</param>
internal sealed record ReproResult(
    string Name, string Measure, double? Published, IReadOnlyList<double> PerSeed, double Interval,
    double Seconds)
{
    public double Value => PerSeed.Average();
}

internal static class ReproFigures
{
    /// <summary>Which experiment it is, and what all its seeds share.</summary>
    public static void Begin(
        string name, string paper, int seeds, long firstSeed, BatchNormMode batchNorm,
        VerbContext context)
    {
        context.Figure("name", "experiment", name);
        context.Figure("paper", "  of", paper);
        context.Figure("seed", "first seed", firstSeed);
        context.Figure("seeds", "seeds", seeds);
        context.Figure("batch_norm", "batch norm", Experiment.Name(batchNorm));
        context.Figure("threads", "threads", context.Threads);
    }

    /// <summary>Published and own values, and the page if one is asked for.</summary>
    public static void End(
        ReproResult result, string format, ReproOptions options, IReadOnlyList<Plot> plots,
        VerbContext context) => End(
            result, format, options, new ReportData { Title = "", Subtitle = "", Plots = plots },
            context);

    /// <summary>The same, of a page with more than charts; its head is written here.</summary>
    public static void End(
        ReproResult result, string format, ReproOptions options, ReportData body,
        VerbContext context)
    {
        context.Line();
        if (result.Published is { } published)
            context.Figure("published", "published", published, format);
        else
            context.Figure("published", "published", "none for these data", null);
        context.Figure("value", result.Measure, result.Value, format);
        if (double.IsNaN(result.Interval)) context.Summary.Add("ci95", double.NaN);
        else context.Figure("ci95", "  95 % interval", result.Interval, format);
        context.Numbers("value_per_seed", "  by seed", [.. result.PerSeed], format);
        context.Figure("seconds", "whole run", result.Seconds, "F1", "s");
        if (options.Html is not { } file) return;
        string Number(double x) => x.ToString(format, CultureInfo.InvariantCulture);
        OutputFile.Write(file, HtmlReport.Render(body with
        {
            Title = result.Name,
            Subtitle = $"{result.Measure}; " + (result.PerSeed.Count == 1
                ? "of a single run." : $"mean of {result.PerSeed.Count} seeds."),
            Headlines =
            [
                double.IsNaN(result.Interval) ? new("ours", Number(result.Value))
                    : new("ours", $"{Number(result.Value)} ± {Number(result.Interval)}",
                        "95 % interval"),
                new("published", result.Published is { } p ? Number(p) : "none"),
                new("whole run", VerbContext.Join([result.Seconds], "F0") + " s"),
            ],
        }));
    }

    /// <summary>
    /// Half the width of the interval over seeds, or over the tasks of the only one.
    /// </summary>
    public static double Interval(IReadOnlyList<double> perSeed, double overTasks) =>
        perSeed.Count == 1 ? overTasks : StudentT.HalfInterval(perSeed);

    /// <summary>Refuses options that an experiment has no use for.</summary>
    public static void Refuse(ReproOptions options, string name)
    {
        if (options.Order is not null)
            throw CliException.Use($"--order: {name} has its own; only sinusoid takes it.");
        RefuseData(options, name);
    }

    /// <summary>Refuses images where an experiment brings its own data.</summary>
    public static void RefuseData(ReproOptions options, string name)
    {
        if (options.Data is not null)
            throw CliException.Use($"--data: {name} brings its own data; leave it out.");
    }
}
