// engine train: load, verify the order of differentiation, measure, train, measure again, report.
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Engine.Data;
using Engine.Meta;

namespace Engine.Cli;

internal static class TrainVerb
{
    /// <summary>
    /// Seconds of the whole command when neither steps nor seconds are asked for.
    /// </summary>
    private const double Budget = 163;

    /// <summary>Seconds for the example and the report.</summary>
    private const double Closing = 2;

    /// <summary>Inner steps of the network that is only fine-tuned.</summary>
    private const int ScratchSteps = 10;

    /// <summary>Test tasks at most after Ctrl-C.</summary>
    private const int HurriedTasks = 100;

    private static readonly OptionSet<RunOptions> OfRuns = new();
    private static readonly OptionSet<TrainOptions> OfTraining = new();

    public static Verb Verb(Choices choices)
    {
        Symbol[] syntax =
        [
            .. RunSyntax.Of(), .. choices.Methods.Symbols, .. choices.Networks.Symbols,
            .. OfTraining.Symbols,
        ];
        return new(
            "train", "Train a method and measure accuracy on unseen classes (default)", syntax,
            typed =>
            {
                MethodChoice method = choices.Methods.Read(typed);
                NetworkChoice network = choices.Networks.Read(typed);
                RunOptions run = OfRuns.Read(typed, method.Defaults);
                TrainOptions training = OfTraining.Read(typed);
                if (training.Resume is null)
                {
                    _ = run.OuterRate(); // a schedule without an end is wrong use
                    return context => Start(run, method, network, training.Out, context);
                }

                CheckResumed(syntax, typed);
                return context => Resume(training.Resume, run, choices, context);
            });
    }

    /// <summary>A resumed run takes everything but its length from its config.json.</summary>
    private static void CheckResumed(Symbol[] syntax, Func<string, string?> typed)
    {
        string[] free = ["--iterations", "--seconds", "--resume"];
        if (syntax.FirstOrDefault(o => !free.Contains(o.Name) && typed(o.Name) is not null)
            is { } other)
        {
            throw CliException.Use(
                $"{other.Name}: a run is resumed with the settings it began with; leave it out.");
        }
    }

    private static void Start(
        RunOptions options, MethodChoice method, NetworkChoice network, string? place,
        VerbContext context)
    {
        var clock = Stopwatch.StartNew();
        Experiment experiment = Experiment.Create(options, method, network);
        using RunFolder folder = RunFolder.Create(place, DateTime.Now);
        folder.Lock();
        using Prefetch ahead = Ahead(experiment);
        Run(
            experiment, folder, () => experiment.Start(context, ahead.Draw), resumedAt: null, clock,
            context);
    }

    private static void Resume(
        string place, RunOptions asked, Choices choices, VerbContext context)
    {
        var clock = Stopwatch.StartNew();
        using RunFolder folder = RunFolder.Open(place);
        RunConfig old = RunConfig.Read(folder.PathOf(RunConfig.File), choices);
        RunOptions options = Resumed(old, asked);
        Experiment experiment = Experiment.Create(options, old.Method, old.Network);
        folder.Lock();
        using Prefetch ahead = Ahead(experiment);
        LearnerTraining training = experiment.Load(folder.CheckpointPath, ahead.Draw);
        if (training.Steps >= options.Iterations)
        {
            throw CliException.Use(
                $"--resume: the run has taken {training.Steps} of {options.Iterations} steps "
                + "already; ask for more with --iterations.");
        }

        if (old.Method.Anneals(options) && options.Iterations != old.Options.Iterations)
        {
            context.Line(string.Create(CultureInfo.InvariantCulture,
                $"the schedule now ends at step {options.Iterations:N0}"));
        }

        Run(experiment, folder, () => training, training.Steps, clock, context);
    }

    /// <summary>
    /// The options of a run that goes on: what anneals keeps its end when only time is asked for.
    /// </summary>
    private static RunOptions Resumed(RunConfig old, RunOptions asked)
    {
        if (asked.HasTimeBudget) return old.Options;
        int? end = old.Method.Anneals(old.Options) ? old.Options.Iterations : null;
        return old.Options with { Iterations = asked.Iterations ?? end, Seconds = asked.Seconds };
    }

    /// <summary>The training tasks of a run, drawn ahead on a second thread.</summary>
    private static Prefetch Ahead(Experiment experiment)
    {
        RunOptions o = experiment.Options;
        return new(
            experiment.DrawTraining,
            o.Iterations is { } steps ? (long)steps * o.MetaBatch : long.MaxValue);
    }

    private static void Run(
        Experiment experiment, RunFolder folder, Func<LearnerTraining> begin, long? resumedAt,
        Stopwatch clock, VerbContext context)
    {
        RunOptions options = experiment.Options;
        int[] finalSteps = experiment.Untrained.FinalSteps;
        var (start, order, before, seconds) =
            Untrained(experiment, folder, begin, resumedAt, context);
        double? limit = options.Seconds;
        if (options.HasTimeBudget)
        {
            double last = seconds * Cost(options, finalSteps) / Cost(options, [.. before.Steps]);
            limit = Math.Max(5, Budget - Closing - last - clock.Elapsed.TotalSeconds);
        }

        if (resumedAt is not null) folder.WriteConfig(experiment.Config.ToJson());
        TrainResult result = Train(experiment, folder, start, limit, context);
        Curves curves = MetricsLog.ReadCurves(folder.MetricsPath);
        TrainFigures.Trained(result, curves, options, context);

        IReadOnlyList<Evaluation> each = Tested(experiment, result, context.Stop);
        Evaluation after = Evaluation.Over(each);
        TrainFigures.After(after, context);
        TrainFigures.EachSet(
            "accuracy_per_set", "ci95_per_set", [.. experiment.Sets.Select(set => set.Name)], each,
            after.Steps[^1], context);
        TrainReport.Write(folder, experiment, new(order, before, after, each, result, curves));
        context.Figure("run", "run folder", folder.FullPath);
        context.Figure("seconds", "whole run", clock.Elapsed.TotalSeconds, "F1", "s");
    }

    /// <summary>
    /// The test of the trained network. After Ctrl-C, also during the test, it is shorter; a second
    /// Ctrl-C ends the process.
    /// </summary>
    private static IReadOnlyList<Evaluation> Tested(
        Experiment experiment, TrainResult result, CancellationToken stop)
    {
        int tasks = experiment.Options.EvalTasks;
        IReadOnlyList<Evaluation> Of(int count, CancellationToken token) => experiment.MeasureEach(
            result.Training.Learner, experiment.Untrained.FinalSteps, count, token);
        try
        {
            if (!result.Interrupted) return Of(tasks, stop);
        }
        catch (OperationCanceledException)
        {
            // What was trained is still to be judged.
        }

        return Of(Math.Min(HurriedTasks, tasks), CancellationToken.None);
    }

    /// <summary>
    /// What comes before meta-training: settings, the order of differentiation, the accuracy of the
    /// untrained network, with the seconds it took to measure, and pre-training if any. A new run
    /// that ends here leaves no files.
    /// </summary>
    private static (LearnerTraining Start, OrderCheck Order, Evaluation Before, double Seconds)
        Untrained(
            Experiment experiment, RunFolder folder, Func<LearnerTraining> begin, long? resumedAt,
            VerbContext context)
    {
        RunOptions options = experiment.Options;
        bool resumed = resumedAt is not null;
        try
        {
            if (!resumed) folder.WriteConfig(experiment.Config.ToJson());
            TrainFigures.Describe(experiment, resumedAt ?? 0, context);
            OrderCheck order =
                experiment.Untrained.CheckOrder(experiment.DrawTraining(0, 1).Task(0));
            OrderFigures.Add(order, context);
            var clock = Stopwatch.StartNew();
            IReadOnlyList<Evaluation> each = experiment.MeasureEach(
                experiment.Untrained, UntrainedSteps(experiment.Untrained.TestSteps),
                options.EvalTasks, context.Stop);
            Evaluation before = Evaluation.Over(each);
            double seconds = clock.Elapsed.TotalSeconds;
            TrainFigures.Before(before, experiment.Untrained.TestSteps, context);
            TrainFigures.EachSet(
                "accuracy_per_set_before", "ci95_per_set_before",
                [.. experiment.Sets.Select(set => set.Name)], each,
                experiment.Untrained.TestSteps, context);
            return (begin(), order, before, seconds);
        }
        catch (Exception e)
        {
            if (!resumed) folder.Abandon();
            if (e is not OperationCanceledException) throw;
            throw CliException.Stopped(
                "stopped before training; "
                + (resumed ? $"{folder.FullPath} is as it was." : "nothing is kept."),
                e);
        }
    }

    /// <summary>
    /// Inner steps after which the untrained network is tested; a method without inner steps has
    /// one kind of prediction.
    /// </summary>
    private static int[] UntrainedSteps(int testSteps) => testSteps == 0
        ? [0] : [.. new[] { 1, testSteps, ScratchSteps }.Distinct().Order()];

    private static TrainResult Train(
        Experiment experiment, RunFolder folder, LearnerTraining start, double? limit,
        VerbContext context)
    {
        var run = new TrainRun(experiment, folder, context.Stop);
        MetricsLog.CutAfter(folder.MetricsPath, start.Steps);
        double secondsBefore = MetricsLog.LastSeconds(folder.MetricsPath);
        TimeSpan? time = limit is { } l ? TimeSpan.FromSeconds(l) : null;
        using MetricsLog metrics = folder.OpenMetrics();
        return ProgressBar.Run("train", context.Output, time, progress => run.Go(
            start, experiment.Options.Iterations, time, secondsBefore, metrics, progress));
    }

    /// <summary>Roughly the work of an evaluation, in forward passes.</summary>
    private static double Cost(RunOptions options, int[] steps) =>
        (3.0 * options.Shots * steps[^1]) + (options.Queries * steps.Length);
}
