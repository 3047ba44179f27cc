// engine repro sinusoid: trains several seeds side by side, because results differ far more between
// seeds than the interval over test tasks shows, and reports their median, because one seed in ten
// ends at twice the error.
using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using Engine.Meta;

namespace Engine.Cli;

internal static class SinusoidRepro
{
    public static void Run(ReproOptions options, VerbContext context)
    {
        ReproFigures.RefuseData(options, "sinusoid");
        var clock = Stopwatch.StartNew();
        options = options with
        {
            Iterations = options.Iterations ?? (options.Quick ? 500 : 70_000),
            Seeds = options.Seeds ?? (options.Quick ? 2 : 9),
            Order = options.Order ?? DerivativeOrder.Exact,
        };
        SinusoidSeed[] seeds = [.. Enumerable.Range(0, options.Seeds.Value).Select(
            i => new SinusoidSeed(unchecked(options.Seed + i), options.Order.Value))];
        Describe(options, context);
        OrderFigures.Add(seeds[0].CheckOrder(), context);

        SinusoidResult[] results = SideBySide(seeds, options.Iterations.Value, context);
        if (results.Length == 0) context.Stop.ThrowIfCancellationRequested();
        double seconds = Median(results.Select(r => r.TrainingSeconds));
        context.Figure("training_seconds", "training of a seed", seconds, "F1", "s");
        context.Figure("tasks_per_second", "  speed",
            (double)options.Iterations.Value * SinusoidSeed.MetaBatch / seconds, "F0",
            "tasks/s on a thread");
        context.Figure("finished_seeds", "finished seeds", results.Length);
        context.Figure("interrupted", "ended by the user",
            results.Length < seeds.Length ? "yes" : "no", results.Length < seeds.Length);
        context.Line();
        context.Line(string.Create(CultureInfo.InvariantCulture,
            $"mean squared error on the query points of {SinusoidSeed.TestTasks:N0} tasks after "
            + $"{string.Join(", ", SinusoidSeed.Steps)} inner steps (and of the median task)"));
        context.Summary.Add("seed_numbers", Array.ConvertAll(results, r => r.Seed));
        for (int i = 0; i < SinusoidSeed.Shots.Count; i++)
            Figures(options, results, SinusoidSeed.Shots[i], r => r.Tests[i], context);
        Headline(options, results, context);
        context.Figure("seconds", "whole run", clock.Elapsed.TotalSeconds, "F1", "s");
    }

    private static void Describe(ReproOptions options, VerbContext context)
    {
        context.Figure("name", "experiment", "sinusoid");
        context.Figure("paper", "  of", "regression by MAML (Finn et al., 2017)");
        context.Figure("iterations", "meta-steps of a seed", options.Iterations!.Value);
        context.Figure("seed", "first seed", options.Seed);
        context.Figure("seeds", "seeds", options.Seeds!.Value);
        context.Figure("inner_rate", "inner rate", SinusoidSeed.InnerRate, "R");
        context.Figure("batch_norm", "batch norm", Experiment.Name(BatchNormMode.None));
        context.Figure("threads", "threads", context.Threads);
    }

    /// <summary>
    /// Results of the seeds, each run on one thread; those that the user interrupted are left out.
    /// </summary>
    private static SinusoidResult[] SideBySide(
        SinusoidSeed[] seeds, int iterations, VerbContext context)
    {
        var results = new SinusoidResult?[seeds.Length];
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.Stop);
        ProgressBar.Run("train", context.Output, null, progress =>
        {
            long steps = (long)seeds.Length * iterations, done = 0;
            object gate = new();
            void Stepped(double loss)
            {
                lock (gate)
                {
                    done++;
                    progress.Report(
                        new ProgressState(done, steps, done * SinusoidSeed.MetaBatch, loss));
                }
            }

            var options = new ParallelOptions { MaxDegreeOfParallelism = context.Threads };
            try
            {
                Parallel.For(0, seeds.Length, options, i =>
                {
                    try
                    {
                        results[i] = seeds[i].Run(iterations, Stepped, end.Token);
                    }
                    catch (OperationCanceledException) when (end.IsCancellationRequested)
                    {
                        // Left without a result.
                    }
                    catch
                    {
                        end.Cancel(); // the others need not go on
                        throw;
                    }
                });
            }
            catch (AggregateException e)
            {
                ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
            }

            return done;
        });
        return [.. results.OfType<SinusoidResult>()];
    }

    /// <summary>
    /// What every experiment records under one name: here the error of 5 shots after the last step.
    /// </summary>
    private static void Headline(
        ReproOptions options, SinusoidResult[] results, VerbContext context)
    {
        double[] last = [.. results.Select(r => r.Tests[0].Final)];
        SinusoidExpectation? published = SinusoidExpectation.Of(options, SinusoidSeed.Shots[0])
            .FirstOrDefault(e => e.Name == "published");
        context.Summary.Add("published", published?.Low[^1]);
        context.Summary.Add("value", Median(last));
        context.Summary.Add("ci95", StudentT.HalfInterval(last));
        double seconds = results.Sum(r => r.TrainingSeconds);
        if (options.Html is not { } file) return;
        OutputFile.Write(file, HtmlReport.Render(new()
        {
            Title = "sinusoid",
            Subtitle = "Regression of sinusoids by MAML (Finn et al., 2017): mean squared error on "
                + "the query points after inner steps, 5 shots.",
            Headlines =
            [
                new("median of the seeds", VerbContext.Join([Median(last)], "F3")),
                new("published", published is null
                    ? "not at this length" : VerbContext.Join([published.Low[^1]], "F2")),
                new("training, all seeds", VerbContext.Join([seconds], "F0") + " s"),
            ],
        }));
    }

    /// <summary>Errors of all seeds for a number of shots, their medians and ranges.</summary>
    private static void Figures(
        ReproOptions options, SinusoidResult[] results, int shots,
        Func<SinusoidResult, Evaluation> test, VerbContext context)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{shots}shot");
        double[][] means = [.. results.Select(r => test(r).Mean.ToArray())];
        double[][] medians = [.. results.Select(r => test(r).Median.ToArray())];
        context.Line();
        context.Line($"{shots}-shot");
        for (int i = 0; i < results.Length; i++)
            context.Row($"  seed {results[i].Seed}", Text(means[i], medians[i]));
        context.Summary.Add($"mse_{name}_per_seed", means);
        context.Summary.Add(
            $"ci95_{name}_per_seed",
            Array.ConvertAll(results, r => test(r).Interval95.ToArray()));
        context.Summary.Add($"median_{name}_per_seed", medians);

        double[] mean = Columns(means, Median), median = Columns(medians, Median);
        context.Figure(
            $"mse_{name}", $"median of {results.Length} seeds", Text(mean, median), mean);
        context.Summary.Add($"median_{name}", median);
        Range($"range_mse_{name}", "  range",
            Columns(means, Enumerable.Min), Columns(means, Enumerable.Max), "F3", "", context);
        foreach (var e in SinusoidExpectation.Of(options, shots))
        {
            Range($"{e.Name}_mse_{name}", "  " + e.Name, e.Low, e.High, "F2", $" ({e.Source})",
                context);
        }
    }

    /// <summary>Intervals; a single number where both ends are equal.</summary>
    private static void Range(
        string name, string label, double[] low, double[] high, string format, string note,
        VerbContext context)
    {
        string Number(double value) => value.ToString(format, CultureInfo.InvariantCulture);
        string text = string.Join(", ", low.Zip(high, (l, h) =>
            l == h ? Number(l) : $"{Number(l)} to {Number(h)}"));
        context.Figure(
            name, label, text + note, low.Zip(high, (l, h) => new[] { l, h }).ToArray());
    }

    private static string Text(double[] means, double[] medians) =>
        $"{VerbContext.Join(means, "F3")}  ({VerbContext.Join(medians, "F3")})";

    private static double[] Columns(double[][] rows, Func<IEnumerable<double>, double> fold) =>
        [.. rows[0].Select((_, column) => fold(rows.Select(row => row[column])))];

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int n = sorted.Length;
        return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }
}
