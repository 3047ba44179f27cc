// The recipe of three stages beside its parts: fine-tuned from a random start, from a pre-trained
// one, from a meta-learned one, and from one that was pre-trained, then meta-learned. All data are
// embedded; nothing is chosen by the accuracy that is reported.
using System.Diagnostics;
using System.Globalization;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

/// <summary>An experiment with the recipe.</summary>
/// <param name="Name">What is typed.</param>
/// <param name="Target">The new task, in words.</param>
/// <param name="Tasks">New tasks of a seed, all of as many classes as the meta-learned.</param>
internal sealed record PipelineExperiment(
    string Name, string Target, Func<long, IEnumerable<LabelledSet>> Tasks);

internal static class PipelineRepro
{
    private const int Filters = 16, Ways = 10, Few = 5, MetaBatch = 2;
    private const int PretrainSteps = 400, MetaSteps = 200, TuneSteps = 60;

    /// <summary>The starts that fine-tuning is measured from, the whole recipe last.</summary>
    private static readonly (string Name, string Label, bool Pretrain, bool Meta)[] Rows =
    [
        ("scratch", "fine-tuned from random", false, false),
        ("pretrained", "pre-trained first", true, false),
        ("maml", "meta-learned first", false, true),
        ("pretrained_maml", "pre-trained, meta-learned", true, true),
    ];

    public static IReadOnlyList<PipelineExperiment> All { get; } =
    [
        new("glyphs-pipeline", "characters of scripts never seen", seed =>
        {
            ImageClasses test = ClassSplit.ByScript().Test;
            LabelledSet all = LabelledSet.From(test);
            int[] order = new SeededRandom(seed, 0).Choose(5 * Ways, test.Classes.Length);
            return Enumerable.Range(0, 5).Select(
                task => Only(all, order[(task * Ways)..((task + 1) * Ways)]));
        }),
        new("digits-pipeline", "handwritten digits", _ => [LabelledSet.From(EmbeddedData.Mnist)]),
    ];

    public static void Run(
        PipelineExperiment experiment, ReproOptions options, VerbContext context)
    {
        if (options.Order is not null)
            throw CliException.Use($"--order: {experiment.Name} has its own; only sinusoid takes "
                + "it.");
        ReproFigures.RefuseData(options, experiment.Name);
        var clock = Stopwatch.StartNew();
        int seeds = options.Seeds ?? (options.Quick ? 1 : 3);
        int meta = options.Iterations ?? (options.Quick ? 4 : MetaSteps);
        int pretrain = options.Quick ? 4 : PretrainSteps, tune = options.Quick ? 8 : TuneSteps;
        Describe(experiment, options, seeds, (pretrain, meta, tune), context);

        var results = new List<SeedResult>();
        for (int i = 0; i < seeds; i++)
        {
            long seed = unchecked(options.Seed + i);
            LabelledSet[] tasks = [.. experiment.Tasks(seed)];
            if (options.Quick) tasks = tasks[..1];
            results.Add(Seed(seed, tasks, (pretrain, meta, tune), context));
        }
        Figures(experiment, results, clock.Elapsed.TotalSeconds, options, context);
    }

    /// <summary>The recipe; its ablations are of no steps in a stage.</summary>
    private static Pipeline<Conv4> Recipe(
        long seed, LabelledSet few, (int Pretrain, int Meta, int Tune) steps)
    {
        ImageClasses classes = ClassSplit.ByScript().Train;
        return new(
            Conv4.Create(Key.From(seed), 1, 28, Filters, Ways),
            new(
                LabelledSet.From(classes), steps.Pretrain,
                Optim.Adam(Schedule.Cosine(4e-3, Math.Max(1, steps.Pretrain)))),
            new(
                _ => Maml, new(classes, Ways, Few, queries: 5), Ways, steps.Meta,
                Optim.Adam(Schedule.Cosine(2e-3, Math.Max(1, steps.Meta))), MetaBatch),
            new(
                few, steps.Tune, Optim.Adam(Schedule.OneCycle(5e-3, Math.Max(8, steps.Tune))),
                _ => TunePlan.All() with { Norm = NormPolicy.PerDomain }, Batch: Ways * Few),
            seed);
    }

    private static Method<Conv4> Maml { get; } =
        new Maml<Conv4>(Objective.Conv4, InnerSteps: 1, InnerRate: 0.4).Method;

    private static SeedResult Seed(
        long seed, LabelledSet[] tasks, (int Pretrain, int Meta, int Tune) steps,
        VerbContext context)
    {
        var losses = new List<(PipelineStage Stage, long Step, double Loss)>();
        (LabelledSet Few, LabelledSet Others)[] drawn =
            [.. tasks.Select(task => task.PerClass(Few, seed))];
        var outputs = Outputs.Reader<Conv4>();
        var accuracies = new List<double>();
        PipelineState<Conv4>? pretrained = null;
        foreach (var row in Rows)
        {
            var own = (
                row.Pretrain ? steps.Pretrain : 0, row.Meta ? steps.Meta : 0, steps.Tune);
            // Up to the new task all runs of a row are one, and so is pre-training of two rows.
            Pipeline<Conv4> start = Recipe(seed, drawn[0].Few, own with { Tune = 0 });
            PipelineState<Conv4>? before = row.Pretrain ? pretrained : null;
            if (row.Pretrain || row.Meta)
                before = start.Run(before ?? start.Begin(), Report(keep: row.Pretrain));
            if (row.Pretrain) pretrained ??= before;
            accuracies.Add(drawn.Select((task, i) =>
            {
                Pipeline<Conv4> whole = Recipe(seed, task.Few, own);
                PipelineState<Conv4> end = whole.Run(
                    before ?? whole.Begin(), Report(keep: i == 0 && row == Rows[^1]));
                return outputs(end.Read(), task.Others, 256).Accuracy;
            }).Average());
        }

        Action<PipelineStage, long, double> Report(bool keep) => (stage, step, loss) =>
        {
            context.Stop.ThrowIfCancellationRequested();
            if (keep) losses.Add((stage, step, loss));
        };
        context.Row($"seed {seed}", VerbContext.Join(
            accuracies.Select(a => 100 * a), "F1") + " %");
        return new(seed, accuracies, losses);
    }

    private static void Describe(
        PipelineExperiment experiment, ReproOptions options, int seeds,
        (int Pretrain, int Meta, int Tune) steps, VerbContext context)
    {
        ReproFigures.Begin(
            experiment.Name, "meta-transfer learning (Sun et al., 2019), meta-baseline (Chen et "
                + "al., 2021): pre-training, MAML, fine-tuning", seeds, options.Seed,
            BatchNormMode.Transductive, context);
        context.Figure("target", "new task", experiment.Target);
        context.Figure("few", "  labels of each class", Few);
        context.Figure("pretrain_steps", "steps of pre-training", steps.Pretrain);
        context.Figure("iterations", "meta-steps", steps.Meta);
        context.Figure("tune_steps", "steps of fine-tuning", steps.Tune);
        ImageClasses train = ClassSplit.ByScript().Train;
        OrderFigures.Add(
            OrderCheck.Measure(
                Maml, Conv4.Create(Key.From(options.Seed), 1, 28, Filters, Ways),
                Episode.From(new EpisodeSampler(train, Ways, 1, 1).Sample(options.Seed, 0, 1))
                    .Task(0)),
            context);
        context.Line();
        context.Line("from random; pre-trained; meta-learned; both:");
    }

    private static void Figures(
        PipelineExperiment experiment, List<SeedResult> results, double seconds,
        ReproOptions options, VerbContext context)
    {
        context.Line();
        double[] Of(int start) => [.. results.Select(r => r.Accuracies[start])];
        foreach (var (start, i) in Rows.Select((start, i) => (start, i)))
        {
            double interval = StudentT.HalfInterval(Of(i));
            string around = double.IsNaN(interval) ? "" : string.Create(
                CultureInfo.InvariantCulture, $" ± {100 * interval:F1}");
            context.Figure(
                start.Name, start.Label,
                VerbContext.Join([100 * Of(i).Average()], "F1") + around + " %",
                Of(i).Average());
            context.Summary.Add($"{start.Name}_ci95", interval);
            context.Summary.Add($"{start.Name}_per_seed", Of(i));
        }
        double[] whole = Of(Rows.Length - 1);
        ReproFigures.End(
            new(experiment.Name, "accuracy of the three stages", null, whole,
                StudentT.HalfInterval(whole), seconds),
            "F3", options,
            [
                .. Enum.GetValues<PipelineStage>().Select(stage => new Plot(
                    $"Loss: {ValueKind.Text(stage)}", "steps", "loss (nats)",
                    [.. results.Select(r => new PlotSeries(
                        $"seed {r.Seed}",
                        [.. r.Losses.Where(l => l.Stage == stage)
                            .Select(l => ((double)l.Step, l.Loss))]))])),
            ],
            context);
    }

    /// <summary>The examples of some classes, as a set of these alone.</summary>
    private static LabelledSet Only(LabelledSet set, int[] classes)
    {
        LabelledSet chosen = set.Rows(
            Enumerable.Range(0, set.Count).Where(i => classes.Contains(set.Labels[i])));
        return LabelledSet.FromFloats(
            set.Name, set.Shape, chosen.All().X.ToArray<float>(),
            [.. chosen.Labels.Select(label => Array.IndexOf(classes, label))],
            [.. classes.Select(c => set.Classes[c])]);
    }

    private sealed record SeedResult(
        long Seed, IReadOnlyList<double> Accuracies,
        IReadOnlyList<(PipelineStage Stage, long Step, double Loss)> Losses);
}
