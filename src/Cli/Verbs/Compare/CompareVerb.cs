// engine compare: trains several methods for the same time on the same tasks and network, one after
// another, and draws how each comes on.
using System.Diagnostics;
using System.Globalization;

namespace Engine.Cli;

internal static class CompareVerb
{
    private static readonly OptionSet<CompareOptions> OfComparing = new();

    public static Verb Verb(Choices choices) => new(
        "compare", "Train several methods for equal time, as one chart",
        [
            .. OfComparing.Symbols,
            .. RunSyntax.Of(
                ("--iterations", ""), ("--seconds", "Seconds to train each method [default: 60]")),
            .. choices.Networks.Symbols,
        ],
        typed =>
        {
            CompareOptions options = OfComparing.Read(typed);
            Contender[] contenders =
                [.. options.Methods.Split(',').Select(n => Contender.Read(n, typed, choices))];
            if (contenders.Length < 2)
                throw CliException.Use("NAMES: give two methods or more, such as maml,anil.");
            return context => Run(options, contenders, context);
        });

    private static void Run(
        CompareOptions options, Contender[] contenders, VerbContext context)
    {
        OutputFile.CheckTyped("--html", options.Html);
        var clock = Stopwatch.StartNew();
        var results = new List<ContenderResult>();
        bool interrupted = false;
        foreach (Contender contender in contenders)
        {
            Experiment experiment = Experiment.Create(
                contender.Run, contender.Method, contender.Network);
            if (results.Count == 0) Describe(contender, experiment, context);
            try
            {
                results.Add(contender.Train(experiment, context));
            }
            catch (OperationCanceledException) when (results.Count > 0)
            {
                interrupted = true; // what the others reached is kept
                break;
            }

            context.Row(
                contender.Name, $"{results[^1].Reached}, {results[^1].Circumstances}");
        }

        Figures(results, interrupted, context);
        string page = Path.GetFullPath(options.Html);
        OutputFile.Write(page, HtmlReport.Render(Report(contenders[0], results)));
        context.Figure("report", "chart", page);
        context.Figure("seconds", "whole run", clock.Elapsed.TotalSeconds, "F1", "s");
    }

    private static void Describe(
        Contender first, Experiment experiment, VerbContext context)
    {
        RunOptions o = first.Run;
        context.Figure("data", "data", experiment.Images.ToString());
        context.Figure("task", "task", $"{o.Ways}-way {o.Shots}-shot, {o.Queries} queries a class");
        context.Figure("network", "network", first.Network.Description);
        context.Figure("asked_seconds", "training of each", o.Seconds!.Value, "F0", "s");
        context.Figure("eval_tasks", "test tasks", o.EvalTasks);
        context.Figure("seed", "seed", o.Seed);
        context.Figure("threads", "threads", context.Threads);
    }

    private static void Figures(
        List<ContenderResult> results, bool interrupted, VerbContext context)
    {
        void Add<T>(string name, Func<ContenderResult, T> of) =>
            context.Summary.Add(name, results.Select(of).ToArray());
        Add("methods", r => r.Name);
        Add("accuracy", r => r.Accuracy);
        Add("ci95", r => r.Interval);
        Add("steps", r => (double)r.Steps);
        Add("training_seconds", r => r.Seconds);
        Add("batch_norm", r => Experiment.Name(r.BatchNorm));
        Add("order", r => r.OrderName);
        Add("order_error", r => r.Order.Error);
        Add("diverged_at", r => r.DivergedAt ?? double.NaN);
        context.Figure("interrupted", "ended by the user", interrupted ? "yes" : "no", interrupted);
    }

    private static ReportData Report(Contender first, List<ContenderResult> results) => new()
    {
        Title = $"{first.Run.Ways}-way {first.Run.Shots}-shot at equal time",
        Subtitle = string.Create(CultureInfo.InvariantCulture,
            $"{first.Network.Description}, {first.Run.Seconds:F0} seconds of training each on one "
            + $"machine; accuracy on {first.Run.EvalTasks} tasks of unseen classes, ± 95 % "
            + $"interval over tasks. One seed; other machines give other figures."),
        Headlines =
        [
            .. results.OrderByDescending(r => r.Accuracy).Select(r => new Headline(
                r.Name, r.Reached, string.Create(
                    CultureInfo.InvariantCulture, $"{r.Steps:N0} meta-steps"))),
        ],
        Plots =
        [
            new("Accuracy on validation tasks", "seconds of training", "accuracy (%)",
                [.. results.Select(r => new PlotSeries(r.Name, r.Curve))], Percent: true),
        ],
        Settings = [.. results.Select(r => (r.Name, r.Circumstances))],
    };
}
