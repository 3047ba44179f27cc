// ANIL with the domain-adversarial term: learned from tasks of characters in typefaces and from
// handwritten digits without labels, tested on few-shot tasks of other handwritten digits; beside
// it ANIL alone, trained on the same tasks. All data are embedded.
using System.Diagnostics;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

internal static class InvariantRepro
{
    public const string Name = "digits-anil-dann";

    private const int Filters = 32, Ways = 5, Shots = 1, MetaBatch = 4, Steps = 300;
    private const double Weight = 1;

    public static void Run(ReproOptions options, VerbContext context)
    {
        if (options.Order is not null)
            throw CliException.Use($"--order: {Name} has its own; only sinusoid takes it.");
        ReproFigures.RefuseData(options, Name);
        var clock = Stopwatch.StartNew();
        int seeds = options.Seeds ?? (options.Quick ? 1 : 3);
        int steps = options.Iterations ?? (options.Quick ? 4 : Steps);
        Describe(options, seeds, steps, context);
        var results = new List<(Outcome Both, Outcome Alone)>();
        for (int i = 0; i < seeds; i++)
        {
            long seed = unchecked(options.Seed + i);
            var result = (
                Train(seed, Weight, steps, options.Quick, context),
                Train(seed, 0, steps, options.Quick, context));
            results.Add(result);
            context.Row($"seed {seed}", VerbContext.Join(
                [100 * result.Item1.Accuracy, 100 * result.Item2.Accuracy], "F1")
                + " %, with the term and without");
        }
        Figures(results, clock.Elapsed.TotalSeconds, options, context);
    }

    private static Method<Conv4> Anil { get; } =
        Meta.Anil.Of(Objective.Conv4, innerSteps: 5, innerRate: 0.4).Method;

    /// <summary>
    /// With weight 0 the critic learns, but the features do not heed it: that is ANIL alone.
    /// </summary>
    private static Outcome Train(
        long seed, double weight, int steps, bool quick, VerbContext context)
    {
        var (unlabelled, kept) = LabelledSet.From(EmbeddedData.Mnist).Split(0.5, seed);
        Conv4 network = Network(seed);
        Training<MetaTermState<Conv4, Mlp>, DomainEpisodes> training = MetaAdapt.ByTerm(
            network, Anil,
            Dann.Term(Key.From(seed).Fold(1), network.Head.Weight.Shape[1], 64, weight),
            Optim.Adam(Schedule.Cosine(2e-3, steps)));
        var told = new List<double>();
        MetaTermState<Conv4, Mlp> end = ProgressBar.Run(
            weight > 0 ? "with the term" : "without", context.Output, null, bar => training.Run(
                DomainEpisodes.Of(
                    new(ClassSplit.ByScript().Train, Ways, Shots, 5), unlabelled, MetaBatch,
                    MetaBatch * Ways * 5, steps, seed),
                steps,
                (done, _, losses) =>
                {
                    context.Stop.ThrowIfCancellationRequested();
                    told.Add(losses[1]);
                    bar.Report(new(done, steps, done * MetaBatch, losses[0]));
                }));
        var target = new EpisodeSampler(kept, Ways, Shots, 15);
        Evaluation few = Evaluation.Run(
            Anil, end.Network,
            (first, count) => Episode.From(target.Sample(seed, first, count)),
            quick ? 10 : 300, [5], Loss.Accuracy, stop: context.Stop);
        return new(few.Final, few.Interval95[^1], told);
    }

    private static Conv4 Network(long seed) => Conv4.Create(Key.From(seed), 1, 28, Filters, Ways);

    private static void Describe(
        ReproOptions options, int seeds, int steps, VerbContext context)
    {
        ReproFigures.Begin(
            Name, "ANIL (Raghu et al., 2020) with domain-adversarial training (Ganin et al., 2016)",
            seeds, options.Seed, BatchNormMode.Transductive, context);
        context.Figure("target", "tasks", $"{Ways}-way {Shots}-shot of handwritten digits");
        context.Figure("iterations", "meta-steps", steps);
        OrderFigures.Add(
            OrderCheck.Measure(
                Anil, Network(options.Seed),
                Episode.From(new EpisodeSampler(ClassSplit.ByScript().Train, Ways, Shots, 1)
                    .Sample(options.Seed, 0, 1)).Task(0)),
            context);
        context.Line();
    }

    private static void Figures(
        List<(Outcome Both, Outcome Alone)> results, double seconds, ReproOptions options,
        VerbContext context)
    {
        context.Line();
        double[] both = [.. results.Select(r => r.Both.Accuracy)];
        double[] alone = [.. results.Select(r => r.Alone.Accuracy)];
        context.Percent("control", "ANIL alone", alone.Average());
        context.PlusMinus("control_ci95", "  95 % interval", ReproFigures.Interval(
            alone, results[0].Alone.OverTasks));
        context.Percents("control_per_seed", "  by seed", alone);
        context.Figure("critic", "critic's loss at the end",
            results.Average(r => r.Both.Told[^1]), "F3", "nats");
        context.Figure("critic_control", "  of ANIL alone",
            results.Average(r => r.Alone.Told[^1]), "F3", "nats");
        ReproFigures.End(
            new(Name, "accuracy on the target's tasks", null, both,
                ReproFigures.Interval(both, results[0].Both.OverTasks), seconds),
            "F3", options,
            [
                new Plot(
                    "The critic's loss", "meta-steps", "loss (nats)",
                    [
                        Series("with the term", results[0].Both),
                        Series("without", results[0].Alone),
                    ],
                    Caption: "Of the first seed; 0.69 where it can tell nothing."),
            ],
            context);

        static PlotSeries Series(string name, Outcome of) => new(
            name, [.. of.Told.Select((loss, step) => ((double)step + 1, loss))]);
    }

    /// <summary>
    /// Accuracy on the target's tasks with half its interval over these, and the critic's losses.
    /// </summary>
    private sealed record Outcome(double Accuracy, double OverTasks, IReadOnlyList<double> Told);
}
