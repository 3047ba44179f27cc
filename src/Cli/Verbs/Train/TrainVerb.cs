// engine train: load, verify the order of differentiation, measure, train, measure again, report.
using System.Diagnostics;
using System.Globalization;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

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

    public static Verb Verb { get; } = new(
        "train", "Train by MAML and measure accuracy on unseen classes (default)",
        [.. OfRuns.Symbols, .. OfTraining.Symbols], typed =>
        {
            RunOptions run = OfRuns.Read(typed);
            TrainOptions training = OfTraining.Read(typed);
            if (training.Resume is not null) CheckResumed(typed);
            return context => Run(run, training, context);
        });

    /// <summary>A resumed run takes all from its config.json but for how long to train.</summary>
    private static void CheckResumed(Func<string, string?> typed)
    {
        string[] free = ["--iterations", "--seconds", "--resume"];
        string? other = OfRuns.Specs.Concat(OfTraining.Specs).Select(spec => spec.Name)
            .FirstOrDefault(name => !free.Contains(name) && typed(name) is not null);
        if (other is not null)
        {
            throw CliException.Use(
                $"{other}: a run is resumed with the settings it began with; leave it out.");
        }
    }

    private static void Run(RunOptions options, TrainOptions training, VerbContext context)
    {
        var clock = Stopwatch.StartNew();
        RunFolder? resumed = training.Resume is null ? null : RunFolder.Open(training.Resume);
        if (resumed is not null) options = Continued(options, resumed);
        Experiment experiment = Experiment.Create(options);
        using RunFolder folder = resumed ?? RunFolder.Create(training.Out, DateTime.Now);
        folder.Lock();
        TrainingState<Conv4> state = experiment.Training.Start(experiment.Untrained);
        if (resumed is not null) state = Load(resumed, state, options);
        RunConfig config = experiment.Config;

        int[] finalSteps = [.. Enumerable.Range(0, options.TestSteps + 1)];
        var (order, before, seconds) = Untrained(
            experiment, folder, state, resumed is not null, context);
        double? limit = options.Seconds;
        if (options.HasTimeBudget)
        {
            double last = seconds * Cost(options, finalSteps) / Cost(options, [.. before.Steps]);
            limit = Math.Max(5, Budget - Closing - last - clock.Elapsed.TotalSeconds);
        }

        if (resumed is not null) folder.WriteConfig(config.ToJson());
        TrainResult result = Train(experiment, folder, state, limit, context);
        Curves curves = MetricsLog.ReadCurves(folder.MetricsPath);
        Trained(result, curves, options, context);

        // After Ctrl-C only a second one, which ends the process, stops what is left.
        int tasks = result.Interrupted
            ? Math.Min(HurriedTasks, options.EvalTasks) : options.EvalTasks;
        Evaluation after = experiment.Measure(
            result.State.Model, finalSteps, tasks,
            result.Interrupted ? CancellationToken.None : context.Stop);
        Accuracy(
            context, "accuracy_after", "ci95", "accuracy after training", after, options.TestSteps);
        context.Steps("accuracy_per_step", "  by inner step", after);
        context.Figure("eval_tasks_after", "  test tasks", tasks);

        var summary = new TrainSummary(config, order, before, after, result, curves);
        TrainReport.Write(folder, experiment, summary);
        context.Figure("run", "run folder", folder.FullPath);
        context.Figure("seconds", "whole run", clock.Elapsed.TotalSeconds, "F1", "s");
    }

    /// <summary>
    /// What precedes training: settings, the order of differentiation, and what the untrained
    /// network can do, with the seconds that took to measure. A run that ends here leaves nothing.
    /// </summary>
    private static (OrderCheck Order, Evaluation Before, double Seconds) Untrained(
        Experiment experiment, RunFolder folder, TrainingState<Conv4> state, bool resumed,
        VerbContext context)
    {
        RunOptions options = experiment.Options;
        try
        {
            if (!resumed) folder.WriteConfig(experiment.Config.ToJson());
            Describe(experiment, state, context);
            OrderCheck order = OrderFigures.Measure(
                experiment.Maml.Method, experiment.Untrained,
                experiment.DrawTraining(0, 1).Task(0), context);
            var clock = Stopwatch.StartNew();
            Evaluation before = experiment.Measure(
                experiment.Untrained, UntrainedSteps(options), options.EvalTasks, context.Stop);
            Before(before, options, context);
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

    /// <summary>Inner steps after which the untrained network is tested.</summary>
    private static int[] UntrainedSteps(RunOptions options) =>
        [.. new[] { 1, options.TestSteps, ScratchSteps }.Distinct().Order()];

    private static void Before(Evaluation before, RunOptions options, VerbContext context)
    {
        int scratch = before.Steps[^1];
        Accuracy(context, "accuracy_before", "ci95_before", "accuracy before training", before,
            options.TestSteps);
        Accuracy(context, "accuracy_scratch", "ci95_scratch", "fine-tuned from random", before,
            scratch);
        string steps = scratch.ToString(CultureInfo.InvariantCulture);
        context.Figure("scratch_steps", "  its inner steps", scratch > options.TestSteps
            ? $"{steps}, not {options.TestSteps}: without training the first few achieve little"
            : steps, scratch);
        context.Steps("accuracy_per_step_before", "  by inner step", before);
    }

    /// <summary>Options of the run to go on with, except for how long.</summary>
    private static RunOptions Continued(RunOptions asked, RunFolder folder)
    {
        RunOptions old = RunConfig.Read(folder.PathOf(RunConfig.File)).Options;
        bool sameEnd = asked.HasTimeBudget;
        return old with
        {
            Iterations = sameEnd ? old.Iterations : asked.Iterations,
            Seconds = sameEnd ? old.Seconds : asked.Seconds,
        };
    }

    private static TrainingState<Conv4> Load(
        RunFolder folder, TrainingState<Conv4> like, RunOptions options)
    {
        TrainingState<Conv4> state = Checkpoint.Load(folder.CheckpointPath, like);
        if (state.Step >= options.Iterations)
        {
            throw CliException.Use(
                $"--resume: the run has taken {state.Step} of {options.Iterations} steps already; "
                + "ask for more with --iterations.");
        }

        return state;
    }

    private static void Describe(
        Experiment experiment, TrainingState<Conv4> state, VerbContext context)
    {
        RunOptions o = experiment.Options;
        ClassSplit split = experiment.Split;
        context.Figure("data", "data", experiment.Images.ToString());
        context.Figure("train_classes", "training classes", split.Train.Classes.Length);
        context.Figure("validation_classes", "validation classes", split.Validation.Classes.Length);
        context.Figure("test_classes", "unseen test classes", split.Test.Classes.Length);
        context.Figure("task", "task",
            $"{o.Ways}-way {o.Shots}-shot, {o.Queries} queries a class"
            + (o.Rotations ? ", classes rotated by quarter turns in training" : ""));
        context.Figure("network", "network",
            $"Conv4 with {o.Filters} filters, {o.Ways} outputs");
        context.Figure("parameters", "parameters", experiment.Untrained.ParameterCount());
        context.Figure("method", "method", string.Create(CultureInfo.InvariantCulture,
            $"MAML, {TrainReport.Inner(o.InnerSteps)} at rate {o.InnerRate} (test: {o.TestSteps}), "
            + $"Adam at {o.Rate}, {o.MetaBatch} tasks a step"));
        context.Figure(
            "batch_norm", "batch norm", Experiment.Name(experiment.Maml.Objective.BatchNorm));
        context.Figure("seed", "seed", o.Seed);
        context.Figure("threads", "threads", context.Threads);
        if (state.Step > 0) context.Figure("resumed_at", "resumed at step", state.Step);
    }

    private static TrainResult Train(
        Experiment experiment, RunFolder folder, TrainingState<Conv4> state, double? limit,
        VerbContext context)
    {
        var run = new TrainRun(experiment, folder, context.Stop);
        MetricsLog.CutAfter(folder.MetricsPath, state.Step);
        double secondsBefore = MetricsLog.LastSeconds(folder.MetricsPath);
        TimeSpan? time = limit is { } l ? TimeSpan.FromSeconds(l) : null;
        using MetricsLog metrics = folder.OpenMetrics();
        return Progress.Run("train", context.Output, time, progress => run.Go(
            state, experiment.Options.Iterations, time, secondsBefore, metrics, progress));
    }

    /// <summary>Totals over all sessions of the run, then those of this one.</summary>
    private static void Trained(
        TrainResult result, Curves curves, RunOptions options, VerbContext context)
    {
        int batch = options.MetaBatch;
        context.Figure("steps", "meta-steps", result.State.Step);
        context.Figure("tasks", "training tasks", result.State.Step * batch);
        context.Figure("training_seconds", "training", result.AllSeconds, "F1", "s");
        if (result.StepsBefore > 0)
        {
            context.Figure("session_steps", "  steps of this session", result.NewSteps);
            context.Figure("session_tasks", "  its tasks", result.NewSteps * batch);
            context.Figure("session_seconds", "  its training", result.Seconds, "F1", "s");
        }

        context.Figure("tasks_per_second", "  speed",
            result.NewSteps * batch / Math.Max(1e-9, result.Seconds), "F1", "tasks/s");
        context.Figure("loss", "query loss at the end", curves.FinalLoss, "F3");
        context.Percents("validation_accuracy", "validation accuracy",
            [.. curves.Validation.Select(v => v.Value)]);
        context.Figure("validation_eval_tasks", "  on tasks", TrainRun.ValidationTasks);
        context.Numbers(
            "validation_tasks", "  after tasks", [.. curves.Validation.Select(v => v.Tasks)], "N0");
        context.Figure("interrupted", "ended by the user", result.Interrupted ? "yes" : "no",
            result.Interrupted);
    }

    private static void Accuracy(
        VerbContext context, string name, string interval, string label, Evaluation evaluation,
        int steps)
    {
        int i = evaluation.IndexOf(steps);
        context.Percent(name, label, evaluation.Mean[i]);
        context.PlusMinus(interval, "  95 % interval", evaluation.Interval95[i]);
    }

    /// <summary>Work of an evaluation in forward passes of one image, up to a factor.</summary>
    private static double Cost(RunOptions options, int[] steps) =>
        (3.0 * options.Shots * steps[^1]) + (options.Queries * steps.Length);
}
