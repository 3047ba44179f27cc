// engine repro glyphs-oml: classes learned one after another, one picture at a time, on a
// representation learned by OML, on one from ordinary classification, by fine-tuning all of that
// network, and from scratch.
using System.Diagnostics;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Cli;

internal static class ContinualRepro
{
    private const string Name = "glyphs-oml";

    public static void Run(ReproOptions options, VerbContext context)
    {
        ReproFigures.Refuse(options, Name);
        var clock = Stopwatch.StartNew();
        int seeds = options.Seeds ?? (options.Quick ? 1 : 3);
        int steps = options.Iterations ?? (options.Quick ? 2 : 2_000);
        int sequences = options.Quick ? 2 : 20;
        ReproFigures.Begin(
            Name, "online-aware meta-learning (Javed and White, 2019)", seeds, options.Seed,
            BatchNormMode.None, context);
        context.Figure("iterations", "steps of each training", steps);
        var curves = new Dictionary<ContinualLearner, List<ContinualCurves>>();
        foreach (ContinualLearner learner in Enum.GetValues<ContinualLearner>())
            curves[learner] = [];
        for (int i = 0; i < seeds; i++)
        {
            var experiment = new ContinualExperiment(ClassSplit.ByScript())
            {
                Seed = unchecked(options.Seed + i),
            };
            if (options.Quick)
                experiment = experiment with { Filters = 8, Ways = 4, Shots = 3, Rates = [0.01] };
            if (i == 0) CheckOrder(experiment, context);
            foreach (var (learner, trained) in Trained(experiment, steps, context))
                curves[learner].Add(
                    experiment.Evaluate(learner, trained, sequences, context.Stop));
        }

        foreach (var (learner, of) in curves)
        {
            string name = learner.ToString().ToLowerInvariant();
            context.Percent($"accuracy_{name}", $"{name}: at the end", of.Average(c => c.Seen[^1]));
            context.Percent(
                $"forgotten_{name}", "  forgotten", of.Average(c => c.Forgotten[^1]));
            context.Figure($"rate_{name}", "  online rate, seed 0", of[0].Rate, "R");
        }

        double[] values = [.. curves[ContinualLearner.Oml].Select(c => c.Seen[^1])];
        ReproFigures.End(
            new(Name, "accuracy of OML at the end", null, values,
                ReproFigures.Interval(
                    values, curves[ContinualLearner.Oml][0].SeenInterval95[^1]),
                clock.Elapsed.TotalSeconds),
            "F3", options, [Plot("Accuracy on all classes so far", curves, c => c.Seen),
                Plot("Forgotten", curves, c => c.Forgotten)],
            context);
    }

    private static void CheckOrder(ContinualExperiment experiment, VerbContext context)
    {
        Episode stream = new ClassStreams(
            experiment.Split.Train, experiment.StreamClasses, 3, 4)
            .Sample(experiment.Seed, 0, 1).Task(0);
        OrderFigures.Add(
            OrderCheck.Measure(Oml.Of(experiment.InnerRate).Method, experiment.Start(), stream),
            context);
    }

    private static IEnumerable<(ContinualLearner, OnlineLearner<PlainConv, Linear>)> Trained(
        ContinualExperiment experiment, int steps, VerbContext context)
    {
        OnlineLearner<PlainConv, Linear> Train(
            string name,
            Func<int, Action<long, double>?, CancellationToken, OnlineLearner<PlainConv, Linear>>
                train) =>
            ProgressBar.Run(
                $"{name}, seed {experiment.Seed}", context.Output, null, progress => train(
                    steps,
                    (step, loss) => progress.Report(new ProgressState(step, steps, step, loss)),
                    context.Stop));

        yield return (ContinualLearner.Oml, Train("Oml", experiment.TrainOml));
        OnlineLearner<PlainConv, Linear> classifier =
            Train("Pretrained", experiment.TrainClassifier);
        yield return (ContinualLearner.Pretrained, classifier);
        yield return (ContinualLearner.FineTuned, classifier);
        yield return (ContinualLearner.Scratch, experiment.Start());
    }

    private static Plot Plot(
        string title, Dictionary<ContinualLearner, List<ContinualCurves>> curves,
        Func<ContinualCurves, IReadOnlyList<double>> of) => new(
        title, "classes learned", "share (%)",
        [
            .. curves.Select(pair => new PlotSeries(
                pair.Key.ToString(),
                [
                    .. of(pair.Value[0]).Select((_, t) =>
                        ((double)t + 1, pair.Value.Average(c => of(c)[t]))),
                ])),
        ],
        Percent: true);
}
