// engine compare: trains several methods for the same time on the same tasks and network, one after
// another, and draws how each comes on.
using System.Diagnostics;
using System.Globalization;
using Engine.Meta;

namespace Engine.Cli;

internal static class CompareVerb
{
    private const double Seconds = 60;
    private const int Validations = 8;

    private static readonly OptionSet<RunOptions> OfRuns = new();
    private static readonly OptionSet<CompareOptions> OfComparing = new();

    public static Verb Verb(Choices choices) => new(
        "compare", "Train several methods for equal time, as one chart",
        [.. OfComparing.Symbols, .. OfRuns.Symbols, .. choices.Networks.Symbols], typed =>
        {
            CompareOptions options = OfComparing.Read(typed);
            Contender[] contenders =
                [.. options.Methods.Split(',').Select(name => Read(name, typed, choices))];
            if (contenders.Length < 2)
                throw CliException.Use("NAMES: give two methods or more, such as maml,anil.");
            return context => Run(options, contenders, context);
        });

    /// <summary>"anil:inner-steps=5:rate=0.01": a method with options of its own.</summary>
    private static Contender Read(string text, Func<string, string?> typed, Choices choices)
    {
        string[] parts = text.Split(':');
        var own = new Dictionary<string, string> { ["--method"] = parts[0] };
        foreach (string part in parts.Skip(1))
        {
            if (part.Split('=') is not [{ Length: > 0 } name, { Length: > 0 } value])
                throw CliException.Use($"NAMES: '{part}' of {text} is wrong; give NAME=VALUE.");
            own["--" + name] = value;
        }

        string? Typed(string name) => own.GetValueOrDefault(name) ?? typed(name);
        MethodChoice method = choices.Methods.Read(Typed);
        string[] known = ["--method", .. OfRuns.Specs.Select(s => s.Name),
            .. choices.Methods.OptionsOf(Typed).Select(s => s.Name)];
        if (own.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
            throw CliException.Use($"NAMES: {parts[0]} does not take {unknown}; engine train "
                + "--help lists what it takes.");
        RunOptions run = OfRuns.Read(Typed, method.Defaults);
        return new(text, run with { Seconds = run.Seconds ?? Seconds }, method,
            choices.Networks.Read(typed));
    }

    private static void Run(
        CompareOptions options, Contender[] contenders, VerbContext context)
    {
        var clock = Stopwatch.StartNew();
        var results = new List<Result>();
        foreach (Contender contender in contenders)
        {
            Experiment experiment = Experiment.Create(
                contender.Run, contender.Method, contender.Network);
            if (results.Count == 0)
            {
                context.Figure("data", "data", experiment.Images.ToString());
                context.Figure("network", "network", contender.Network.Description);
                context.Figure("training_seconds", "training of each",
                    contender.Run.Seconds!.Value, "F0", "s");
                context.Figure("threads", "threads", context.Threads);
            }

            results.Add(Train(contender, experiment, context));
        }

        context.Summary.Add("methods", results.Select(r => r.Name).ToArray());
        context.Summary.Add("accuracy", results.Select(r => r.Test.Final).ToArray());
        context.Summary.Add("ci95", results.Select(r => r.Test.Interval95[^1]).ToArray());
        context.Summary.Add("steps", results.Select(r => (double)r.Steps).ToArray());
        string page = Path.GetFullPath(options.Html);
        OutputFile.Write(page, HtmlReport.Render(Report(contenders[0], results)));
        context.Figure("report", "chart", page);
        context.Figure("seconds", "whole run", clock.Elapsed.TotalSeconds, "F1", "s");
    }

    private static Result Train(Contender contender, Experiment experiment, VerbContext context)
    {
        double seconds = contender.Run.Seconds!.Value;
        var clock = new Stopwatch();
        var curve = new List<(double, double)>();
        LearnerTraining state = experiment.Start();
        while (clock.Elapsed.TotalSeconds < seconds && !(state.Steps >= contender.Run.Iterations))
        {
            context.Stop.ThrowIfCancellationRequested();
            clock.Start();
            (state, _) = state.Step();
            clock.Stop(); // validation does not count
            double now = clock.Elapsed.TotalSeconds;
            if (experiment.CanValidate && now >= (curve.Count + 1) * seconds / Validations)
                curve.Add((now, experiment.Validate(state.Learner, 100)));
        }

        int steps = state.Learner.TestSteps;
        Evaluation test = experiment.Measure(
            state.Learner, steps == 0 ? [0] : [0, steps], contender.Run.EvalTasks, context.Stop);
        context.Row(contender.Name, string.Create(CultureInfo.InvariantCulture,
            $"{100 * test.Final:F1} ± {100 * test.Interval95[^1]:F1} % on {test.Tasks} test tasks, "
            + $"{state.Steps:N0} meta-steps"));
        return new(contender.Name, curve, test, state.Steps);
    }

    private static ReportData Report(Contender first, List<Result> results) => new()
    {
        Title = $"{first.Run.Ways}-way {first.Run.Shots}-shot at equal time",
        Subtitle = string.Create(CultureInfo.InvariantCulture,
            $"{first.Network.Description}, {first.Run.Seconds:F0} seconds of training each on one "
            + $"machine; accuracy on {results[0].Test.Tasks} tasks of unseen classes, ± 95 % "
            + $"interval over tasks. One seed; other machines give other figures."),
        Headlines =
        [
            .. results.OrderByDescending(r => r.Test.Final).Select(r => new Headline(
                r.Name, string.Create(CultureInfo.InvariantCulture,
                    $"{100 * r.Test.Final:F1} ± {100 * r.Test.Interval95[^1]:F1} %"),
                $"{r.Steps} meta-steps")),
        ],
        Plots =
        [
            new("Accuracy on validation tasks", "seconds of training", "accuracy (%)",
                [.. results.Select(r => new PlotSeries(r.Name, r.Curve))], Percent: true),
        ],
    };

    private sealed record Contender(
        string Name, RunOptions Run, MethodChoice Method, NetworkChoice Network);

    private sealed record Result(
        string Name, IReadOnlyList<(double X, double Y)> Curve, Evaluation Test, long Steps);
}
