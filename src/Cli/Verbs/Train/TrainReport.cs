// What a training run puts into its report.
using System.Globalization;
using Engine.Data;
using Engine.Meta;

namespace Engine.Cli;

/// <summary>All that was measured in a run; of each set what there is after training.</summary>
internal sealed record TrainSummary(
    OrderCheck Order, Evaluation Before, Evaluation After, IReadOnlyList<Evaluation> Each,
    TrainResult Result, Curves Curves);

internal static class TrainReport
{
    public static void Write(RunFolder folder, Experiment experiment, TrainSummary summary)
    {
        var (loss, validation) = summary.Curves;
        RunOptions o = experiment.Options;
        Evaluation before = summary.Before, after = summary.After;
        folder.WriteReport(new ReportData
        {
            Title = $"{o.Ways}-way {o.Shots}-shot on {experiment.Images.Name}",
            Subtitle = $"{experiment.Config.Method.Learning.Description}; "
                + $"{experiment.Config.Network.Description}; order of differentiation: "
                + $"{summary.Order}. Batch statistics: {Experiment.Name(after.BatchNorm)}. "
                + $"Accuracy on {after.Tasks} tasks of classes never seen in training.",
            Headlines = Headlines(o, summary),
            Curves =
            [
                new("Query loss in training", "tasks seen", "cross-entropy (nats)", loss),
                new("Accuracy in validation", "tasks seen", "accuracy (%)", validation, true),
            ],
            Steps = after.Steps is [0] ? [] // nothing adapts by steps
                : [Series("trained", after), Series("random start", before)],
            Tables = summary.Each.Count < 2 ? [] :
            [
                new("Accuracy on each set", ["set", "accuracy"],
                    [
                        .. experiment.Sets.Zip(summary.Each, (set, of) =>
                            (string[])[set.Name, TrainFigures.OfSet(of, of.Steps[^1])]),
                    ]),
            ],
            Chance = 1.0 / o.Ways,
            Episode = Example(experiment, summary.Result.Training.Learner),
            Settings = [.. experiment.Config.Settings().Where(s => s.Value is not null).Select(
                s => (s.Name.Replace('_', ' '), Convert.ToString(
                    s.Value, CultureInfo.InvariantCulture)!))],
        });
    }

    /// <summary>A task after adaptation, with what was predicted for each query image.</summary>
    internal static ExampleEpisode Example(Experiment experiment, Learner learner)
    {
        EpisodeArrays arrays = experiment.SampleTest(0, 1);
        Episode task = Episode.From(arrays).Task(0);
        long[] predicted = learner.Predict(task, learner.TestSteps);
        int pixels = experiment.Images.PixelCount;
        EpisodeImage Image(float[] x, long[] y, int i, int? guess) =>
            new(x[(i * pixels)..((i + 1) * pixels)], (int)y[i], guess);
        return new ExampleEpisode(
            experiment.Images.Channels, experiment.Images.Height, experiment.Images.Width,
            [.. arrays.ClassIds.Select(c => experiment.Parts.Test.Classes[c].Name)],
            [.. arrays.SupportY.Select(
                (_, i) => Image(arrays.SupportX, arrays.SupportY, i, null))],
            [.. arrays.QueryY.Select(
                (_, i) => Image(arrays.QueryX, arrays.QueryY, i, (int)predicted[i]))]);
    }

    private static IReadOnlyList<Headline> Headlines(RunOptions o, TrainSummary summary)
    {
        TrainResult result = summary.Result;
        int steps = summary.After.Steps[^1], scratch = summary.Before.Steps[^1];
        long tasks = result.Training.Steps * o.MetaBatch;
        string note = steps == 0 ? "" : MethodText.Inner(steps);
        return
        [
            new("accuracy after training", Text(summary.After, steps), note),
            new("before training", Text(summary.Before, steps), note),
            .. steps == 0 ? Array.Empty<Headline>()
                : [new("fine-tuned from random", Text(summary.Before, scratch),
                    MethodText.Inner(scratch)
                    + (scratch > steps ? ", as the first few achieve little" : ""))],
            new("training",
                string.Create(CultureInfo.InvariantCulture, $"{result.AllSeconds:F0} s"),
                string.Create(CultureInfo.InvariantCulture, $"{tasks:N0} tasks in all")),
        ];
    }

    private static string Text(Evaluation evaluation, int steps)
    {
        int i = evaluation.IndexOf(steps);
        return string.Create(CultureInfo.InvariantCulture,
            $"{100 * evaluation.Mean[i]:F1} ± {100 * evaluation.Interval95[i]:F1} %");
    }

    private static StepSeries Series(string name, Evaluation evaluation) => new(
        name,
        [.. evaluation.Steps.Select(
            (s, i) => (s, evaluation.Mean[i], evaluation.Interval95[i]))]);
}
