// The figures that engine train prints and --json holds.
using System.Globalization;
using Engine.Data;
using Engine.Meta;

namespace Engine.Cli;

internal static class TrainFigures
{
    /// <summary>The settings of a run; if it is resumed, the steps it has taken.</summary>
    public static void Describe(Experiment experiment, long steps, VerbContext context)
    {
        RunOptions o = experiment.Options;
        ClassSplit split = experiment.Parts;
        context.Figure("data", "data", experiment.Images.ToString());
        (string Name, ClassSplit Parts)[] sets = [.. experiment.Sets];
        if (sets.Length > 1)
        {
            foreach (var (name, parts) in sets)
            {
                context.Row($"  {name}", $"{parts.Train.Classes.Length} classes to train on, "
                    + $"{parts.Test.Classes.Length} to test");
            }

            context.Summary.Add("sets", sets.Select(set => set.Name).ToArray());
        }

        context.Figure("train_classes", "training classes", split.Train.Classes.Length);
        context.Figure("validation_classes", "validation classes", split.Validation.Classes.Length);
        context.Figure("test_classes", "unseen test classes", split.Test.Classes.Length);
        context.Figure("task", "task",
            $"{o.Ways}-way {o.Shots}-shot, {o.Queries} queries a class"
            + (o.TrainWays is { } ways ? $"; {ways}-way in training" : "")
            + (o.TrainShots is { } shots ? $"; {shots} shots in training" : "")
            + (o.Rotations ? ", classes rotated by quarter turns in training" : ""));
        context.Figure("network", "network",
            $"{experiment.Config.Network.Description}, {o.Outputs} outputs");
        context.Figure("parameters", "parameters", experiment.Untrained.ParameterCount);
        ILearnerOptions method = experiment.Config.Method.Learning;
        string falling = o.Schedule == RateSchedule.Constant ? ""
            : $" falling to 0 ({o.Schedule.ToString().ToLowerInvariant()})";
        context.Figure("method", "method", string.Create(CultureInfo.InvariantCulture,
            $"{method.Description}, {method.Outer} at {o.Rate}{falling}, "
            + $"{o.MetaBatch} tasks a step"));
        context.Figure(
            "batch_norm", "batch norm", Experiment.Name(experiment.Untrained.BatchNorm));
        context.Figure("seed", "seed", o.Seed);
        context.Figure("threads", "threads", context.Threads);
        if (steps > 0) context.Figure("resumed_at", "resumed at step", steps);
    }

    /// <summary>What the untrained network can do.</summary>
    public static void Before(Evaluation before, int testSteps, VerbContext context)
    {
        int scratch = before.Steps[^1];
        Accuracy(context, "accuracy_before", "ci95_before", "accuracy before training", before,
            testSteps);
        if (testSteps == 0) return; // nothing is fine-tuned
        Accuracy(context, "accuracy_scratch", "ci95_scratch", "fine-tuned from random", before,
            scratch);
        string steps = scratch.ToString(CultureInfo.InvariantCulture);
        context.Figure("scratch_steps", "  its inner steps", scratch > testSteps
            ? $"{steps}, not {testSteps}: without training the first few achieve little"
            : steps, scratch);
        context.Steps("accuracy_per_step_before", "  by inner step", before);
    }

    /// <summary>Totals over all sessions of the run, then those of this one.</summary>
    public static void Trained(
        TrainResult result, Curves curves, RunOptions options, VerbContext context)
    {
        int batch = options.MetaBatch;
        context.Figure("steps", "meta-steps", result.Training.Steps);
        context.Figure("tasks", "training tasks", result.Training.Steps * batch);
        if (options.Diverging == Divergence.Skip)
            context.Figure("skipped_tasks", "  skipped", result.Training.Skipped);
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

    /// <summary>What the trained network can do.</summary>
    public static void After(Evaluation after, VerbContext context)
    {
        Accuracy(context, "accuracy_after", "ci95", "accuracy after training", after,
            after.Steps[^1]);
        context.Steps("accuracy_per_step", "  by inner step", after);
        context.Figure("eval_tasks_after", "  test tasks", after.Tasks);
    }

    /// <summary>What a network can do on each set of a mix; nothing of a single set.</summary>
    public static void EachSet(
        string name, string interval, IReadOnlyList<string> names, IReadOnlyList<Evaluation> sets,
        int steps, VerbContext context)
    {
        if (sets.Count < 2) return;
        int i = sets[0].IndexOf(steps);
        for (int s = 0; s < sets.Count; s++)
            context.Row($"  {names[s]}", OfSet(sets[s], steps));
        context.Summary.Add(name, sets.Select(set => set.Mean[i]).ToArray());
        context.Summary.Add(interval, sets.Select(set => set.Interval95[i]).ToArray());
    }

    /// <summary>"83.1 ± 0.7 % of 150 tasks".</summary>
    public static string OfSet(Evaluation set, int steps)
    {
        int i = set.IndexOf(steps);
        return string.Create(CultureInfo.InvariantCulture,
            $"{100 * set.Mean[i]:F1} ± {100 * set.Interval95[i]:F1} % of {set.Tasks} tasks");
    }

    private static void Accuracy(
        VerbContext context, string name, string interval, string label, Evaluation evaluation,
        int steps)
    {
        int i = evaluation.IndexOf(steps);
        context.Percent(name, label, evaluation.Mean[i]);
        context.PlusMinus(interval, "  95 % interval", evaluation.Interval95[i]);
    }
}
