// engine train: load, verify the order of differentiation, measure, train, measure again, report.
using System.CommandLine;
using System.Diagnostics;
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
            .. OfRuns.Symbols, .. choices.Methods.Symbols, .. choices.Networks.Symbols,
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
                    return context => Start(run, method, network, training.Out, context);
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
        Run(experiment, folder, experiment.Start(), resumed: false, clock, context);
    }

    private static void Resume(
        string place, RunOptions asked, Choices choices, VerbContext context)
    {
        var clock = Stopwatch.StartNew();
        using RunFolder folder = RunFolder.Open(place);
        RunConfig old = RunConfig.Read(folder.PathOf(RunConfig.File), choices);
        RunOptions options = asked.HasTimeBudget
            ? old.Options
            : old.Options with { Iterations = asked.Iterations, Seconds = asked.Seconds };
        Experiment experiment = Experiment.Create(options, old.Method, old.Network);
        folder.Lock();
        LearnerTraining training = experiment.Load(folder.CheckpointPath);
        if (training.Steps >= options.Iterations)
        {
            throw CliException.Use(
                $"--resume: the run has taken {training.Steps} of {options.Iterations} steps "
                + "already; ask for more with --iterations.");
        }

        Run(experiment, folder, training, resumed: true, clock, context);
    }

    private static void Run(
        Experiment experiment, RunFolder folder, LearnerTraining start, bool resumed,
        Stopwatch clock, VerbContext context)
    {
        RunOptions options = experiment.Options;
        int[] finalSteps = FinalSteps(experiment.Untrained.TestSteps);
        var (order, before, seconds) = Untrained(experiment, folder, start, resumed, context);
        double? limit = options.Seconds;
        if (options.HasTimeBudget)
        {
            double last = seconds * Cost(options, finalSteps) / Cost(options, [.. before.Steps]);
            limit = Math.Max(5, Budget - Closing - last - clock.Elapsed.TotalSeconds);
        }

        if (resumed) folder.WriteConfig(experiment.Config.ToJson());
        TrainResult result = Train(experiment, folder, start, limit, context);
        Curves curves = MetricsLog.ReadCurves(folder.MetricsPath);
        TrainFigures.Trained(result, curves, options, context);

        // After Ctrl-C the evaluation is shorter; a second Ctrl-C ends the process.
        int tasks = result.Interrupted
            ? Math.Min(HurriedTasks, options.EvalTasks) : options.EvalTasks;
        Evaluation after = experiment.Measure(
            result.Training.Learner, finalSteps, tasks,
            result.Interrupted ? CancellationToken.None : context.Stop);
        TrainFigures.After(after, context);
        TrainReport.Write(folder, experiment, new(order, before, after, result, curves));
        context.Figure("run", "run folder", folder.FullPath);
        context.Figure("seconds", "whole run", clock.Elapsed.TotalSeconds, "F1", "s");
    }

    /// <summary>
    /// What comes before training: settings, the order of differentiation, and the accuracy of the
    /// untrained network, with the seconds it took to measure. A new run that ends here leaves no
    /// files.
    /// </summary>
    private static (OrderCheck Order, Evaluation Before, double Seconds) Untrained(
        Experiment experiment, RunFolder folder, LearnerTraining start, bool resumed,
        VerbContext context)
    {
        RunOptions options = experiment.Options;
        try
        {
            if (!resumed) folder.WriteConfig(experiment.Config.ToJson());
            TrainFigures.Describe(experiment, start.Steps, context);
            OrderCheck order =
                experiment.Untrained.CheckOrder(experiment.DrawTraining(0, 1).Task(0));
            OrderFigures.Add(order, context);
            var clock = Stopwatch.StartNew();
            Evaluation before = experiment.Measure(
                experiment.Untrained, UntrainedSteps(experiment.Untrained.TestSteps),
                options.EvalTasks, context.Stop);
            TrainFigures.Before(before, experiment.Untrained.TestSteps, context);
            return (order, before, clock.Elapsed.TotalSeconds);
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

    /// <summary>
    /// Inner steps after which the trained network is tested: all up to the last, but for the
    /// middle of many.
    /// </summary>
    private static int[] FinalSteps(int testSteps) => testSteps <= 10
        ? [.. Enumerable.Range(0, testSteps + 1)] : [0, 1, 5, 10, testSteps];

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
