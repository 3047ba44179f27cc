// Repeats a few-shot classification experiment: trains every seed anew for the same number of
// steps, and tests the last model of each on classes never seen. No model is chosen by its
// accuracy.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Engine.Data;
using Engine.Meta;

namespace Engine.Cli;

internal sealed class ClassificationRepro(ClassificationExperiment experiment, Choices choices)
{
    private const int Seeds = 3;
    private const int QuickTasks = 100;

    /// <summary>
    /// The protocol of the peers: so many characters to train on, the rest to test; of smaller sets
    /// four fifths.
    /// </summary>
    private static int TrainClasses(ImageClasses omniglot) =>
        Math.Min(770, omniglot.Classes.Length * 4 / 5);

    public void Run(ReproOptions options, VerbContext context)
    {
        Check(options);
        var clock = Stopwatch.StartNew();
        int seeds = options.Seeds ?? (options.Quick ? 1 : Seeds);
        int iterations = options.Iterations
            ?? (options.Quick ? Math.Max(2, experiment.Iterations / 50) : experiment.Iterations);
        ImageClasses images = RunImages.Load(new RunOptions { Data = options.Data });
        var results = new List<SeedResult>();
        IReadOnlyList<Control> controls = [];
        OrderCheck? order = null;
        bool interrupted = false;
        for (int i = 0; i < seeds; i++)
        {
            Experiment run = Create(options, images, unchecked(options.Seed + i), iterations);
            try
            {
                if (i == 0) order = Describe(options, run, seeds, context);
                // What does not adapt has nothing to compare its adaptation with.
                if (i == 0 && run.Untrained.TestSteps > 0)
                    controls = Control.Tuned(run, options.Quick, context.Stop);
                SeedResult result = Train(run, iterations, context);
                results.Add(result with
                {
                    Controls = [.. controls.Select(c => c.Measure(run, context.Stop).Final)],
                });
            }
            catch (OperationCanceledException) when (results.Count > 0)
            {
                interrupted = true; // the seeds that were finished are kept
                break;
            }
        }

        Figures(results, iterations, context);
        context.Figure("finished_seeds", "finished seeds", results.Count);
        context.Figure("interrupted", "ended by the user", interrupted ? "yes" : "no", interrupted);
        for (int c = 0; c < controls.Count; c++)
        {
            string key = $"control_{controls[c].Name.ToLowerInvariant()}";
            context.Figure(
                key, $"{controls[c].Name} from random", Text(controls[c], results, c),
                results.Average(r => r.Controls[c]));
            context.Summary.Add($"{key}_rate", controls[c].Rate);
        }

        double seconds = clock.Elapsed.TotalSeconds;
        context.Figure("seconds", "whole run", seconds, "F1", "s");
        if (options.Html is { } file)
        {
            OutputFile.Write(
                file, HtmlReport.Render(Report(options, results, controls, order!, seconds)));
        }
    }

    private void Check(ReproOptions options)
    {
        if (options.Order is not null)
        {
            throw CliException.Use($"--order: {experiment.Name} has its own; engine repro --list "
                + "names those of first order too.");
        }

        if (!experiment.Omniglot) ReproFigures.RefuseData(options, experiment.Name);
        if (experiment.Omniglot && options.Data is null)
        {
            throw CliException.Use($"--data: {experiment.Name} needs Omniglot's images, which are "
                + "not embedded; name the folder that holds them.");
        }
    }

    /// <summary>"81.3 % at rate 0.1, in as many inner steps".</summary>
    private static string Text(Control control, List<SeedResult> results, int number) =>
        string.Create(CultureInfo.InvariantCulture,
            $"{100 * results.Average(r => r.Controls[number]):F1} % at rate {control.Rate}, in as "
            + $"many inner steps");

    private string Arguments(ReproOptions options) => options.Quick && experiment.Quick.Length > 0
        ? $"{experiment.Arguments} {experiment.Quick}" : experiment.Arguments;

    /// <summary>The whole command that trains and tests the same.</summary>
    private string TrainCommand(ReproOptions options, RunOptions run)
    {
        var command = new StringBuilder("engine train ").Append(Arguments(options));
        command.Append(CultureInfo.InvariantCulture,
            $" --iterations {run.Iterations} --seed {run.Seed}");
        if (run.TrainClasses is { } classes)
            command.Append(CultureInfo.InvariantCulture, $" --train-classes {classes}");
        if (options.Quick)
            command.Append(CultureInfo.InvariantCulture, $" --eval-tasks {run.EvalTasks}");
        if (options.Data is { } data)
            command.Append(data.Contains(' ') ? $" --data \"{data}\"" : $" --data {data}");
        return command.ToString();
    }

    private Experiment Create(
        ReproOptions options, ImageClasses images, long seed, int iterations)
    {
        string[] words = Arguments(options).Split(' ');
        string? Typed(string name) => Array.IndexOf(words, name) is >= 0 and int at
            ? words[at + 1] : null;
        MethodChoice method = choices.Methods.Read(Typed);
        RunOptions run = new OptionSet<RunOptions>().Read(Typed, method.Defaults) with
        {
            Seed = seed,
            Iterations = iterations,
            Data = options.Data,
            TrainClasses = experiment.Omniglot ? TrainClasses(images) : null,
        };
        if (options.Quick) run = run with { EvalTasks = QuickTasks };
        return Experiment.Create(images, run, method, choices.Networks.Read(Typed));
    }

    private OrderCheck Describe(
        ReproOptions options, Experiment run, int seeds, VerbContext context)
    {
        context.Figure("name", "experiment", experiment.Name);
        context.Figure("paper", "method", run.Config.Method.Paper);
        TrainFigures.Describe(run, 0, context);
        context.Figure("iterations", "meta-steps of a seed", run.Options.Iterations!.Value);
        context.Figure("seeds", "seeds", seeds);
        context.Figure("as", "as", TrainCommand(options, run.Options));
        OrderCheck order = run.Untrained.CheckOrder(run.DrawTraining(0, 1).Task(0));
        OrderFigures.Add(order, context);
        return order;
    }

    private static SeedResult Train(Experiment run, int iterations, VerbContext context)
    {
        var clock = Stopwatch.StartNew();
        int batch = run.Options.MetaBatch;
        var losses = new List<(double Tasks, double Loss)>();
        LearnerTraining start = run.Start(context);
        LearnerTraining trained = ProgressBar.Run(
            $"seed {run.Options.Seed}", context.Output, null, progress =>
            {
                LearnerTraining state = start;
                while (state.Steps < iterations)
                {
                    context.Stop.ThrowIfCancellationRequested();
                    (state, double loss) = state.Step();
                    losses.Add((state.Steps * batch, loss));
                    progress.Report(
                        new ProgressState(state.Steps, iterations, state.Steps * batch, loss));
                }

                return state;
            });
        double seconds = clock.Elapsed.TotalSeconds;
        int steps = trained.Learner.TestSteps;
        Evaluation test = run.Measure(
            trained.Learner, steps == 0 ? [0] : [0, steps], run.Options.EvalTasks, context.Stop);
        context.Row($"seed {run.Options.Seed}", string.Create(CultureInfo.InvariantCulture,
            $"{100 * test.Final:F1} ± {100 * test.Interval95[^1]:F1} %, {seconds:F0} s"));
        return new(run.Options.Seed, test, losses, seconds, trained.Skipped);
    }

    private void Figures(List<SeedResult> results, int iterations, VerbContext context)
    {
        double[] accuracies = [.. results.Select(r => r.Test.Final)];
        context.Line();
        if (experiment.Published is { } published)
            context.Percent("published", "published", published / 100);
        else
            context.Figure("published", "published", "none for these data", null);
        if (Expected(iterations) is { } expected)
        {
            context.Figure(
                "expected", "expected at this length", Text(expected),
                new[] { expected.Low / 100, expected.High / 100 });
        }

        context.Percent("value", "ours, mean of the seeds", accuracies.Average());
        context.PlusMinus("ci95", "  95 % interval", Interval(results));
        context.Percents("value_per_seed", "  by seed", accuracies);
        context.Percents(
            "ci95_per_seed", "  ± over tasks", [.. results.Select(r => r.Test.Interval95[^1])]);
        context.Figure("eval_tasks", "  test tasks of a seed", results[0].Test.Tasks);
        context.Figure("training_seconds", "training of a seed",
            results.Average(r => r.Seconds), "F1", "s");
        context.Figure("skipped_tasks", "skipped tasks", results.Sum(r => r.Skipped));
    }

    /// <summary>
    /// Where the accuracy should lie; null if nobody has measured that for a training so long.
    /// </summary>
    private (double Low, double High)? Expected(int iterations) =>
        iterations == experiment.Iterations ? experiment.Expected : null;

    /// <summary>"97.1 to 98.3 %".</summary>
    private static string Text((double Low, double High) range) =>
        string.Create(CultureInfo.InvariantCulture, $"{range.Low} to {range.High} %");

    /// <summary>
    /// Half the width of the 95 % interval of the mean over seeds by Student's t; of a single seed
    /// that over its tasks.
    /// </summary>
    private static double Interval(List<SeedResult> results) => results.Count == 1
        ? results[0].Test.Interval95[^1]
        : StudentT.HalfInterval([.. results.Select(r => r.Test.Final)]);

    private ReportData Report(
        ReproOptions options, List<SeedResult> results, IReadOnlyList<Control> controls,
        OrderCheck order, double seconds)
    {
        string value = string.Create(CultureInfo.InvariantCulture,
            $"{100 * results.Average(r => r.Test.Final):F1} ± {100 * Interval(results):F1} %");
        return new()
        {
            Title = experiment.Name,
            Subtitle = $"engine train {Arguments(options)}; "
                + (results.Count == 1 ? "one seed, " : $"mean of {results.Count} seeds, each ")
                + $"tested on {results[0].Test.Tasks} tasks of classes never seen in training.",
            Headlines =
            [
                new("accuracy", value, "95 % interval over seeds"),
                new("published", experiment.Published is { } p
                    ? string.Create(CultureInfo.InvariantCulture, $"{p} %") : "none"),
                new("whole run", string.Create(CultureInfo.InvariantCulture, $"{seconds:F0} s")),
            ],
            Curves =
            [
                .. results.Select(r => new Curve(
                    $"Query loss in training, seed {r.Seed}", "tasks seen", "loss", r.Losses)),
            ],
            Settings =
            [
                ("meta-steps of a seed", results[0].Losses.Count.ToString(
                    "N0", CultureInfo.InvariantCulture)),
                ("expected at this length",
                    Expected(results[0].Losses.Count) is { } e ? Text(e) : "not measured yet"),
                ("seeds", string.Join(", ", results.Select(r => r.Seed))),
                ("batch norm", Experiment.Name(results[0].Test.BatchNorm)),
                ("order of differentiation", order.ToString()),
                .. controls.Select((c, i) => ($"{c.Name} from random", Text(c, results, i))),
            ],
        };
    }

    private sealed record SeedResult(
        long Seed, Evaluation Test, IReadOnlyList<(double, double)> Losses, double Seconds,
        long Skipped)
    {
        /// <summary>The accuracies of the controls on the same tasks.</summary>
        public IReadOnlyList<double> Controls { get; init; } = [];
    }
}
