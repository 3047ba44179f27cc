// engine repro pointmass: meta-reinforcement learning on the 2-D navigation of Finn et al. (2017).
using System.Diagnostics;
using Engine.Meta;

namespace Engine.Cli;

internal static class PointMassRepro
{
    private const string Name = "pointmass";
    private const int After = 2; // steps whose return is compared

    public static void Run(ReproOptions options, VerbContext context)
    {
        ReproFigures.Refuse(options, Name);
        var clock = Stopwatch.StartNew();
        int seeds = options.Seeds ?? (options.Quick ? 1 : 3);
        int iterations = options.Iterations
            ?? (options.Quick ? 2 : PointMassExperiment.Iterations);
        int goals = options.Quick ? 4 : 40;
        ReproFigures.Begin(
            Name, "MAML with TRPO (Finn et al., 2017)", seeds, options.Seed, BatchNormMode.None,
            context);
        context.Figure("iterations", "meta-steps of a seed", iterations);
        context.Figure(
            "best_return", "best return there is", PointMassExperiment.BestReturn(goals), "F2");

        var tests = new List<Evaluation>();
        for (int i = 0; i < seeds; i++)
        {
            var settings = new PointMassOptions(Seed: unchecked(options.Seed + i));
            if (options.Quick) settings = settings with { MetaBatch = 2, Episodes = 4 };
            var experiment = new PointMassExperiment(settings);
            if (i == 0)
                OrderFigures.Add(experiment.CheckOrder(), context);
            var trained = ProgressBar.Run(
                $"seed {settings.Seed}", context.Output, null, progress => experiment.Train(
                    experiment.Start(), iterations,
                    (state, step) => progress.Report(new ProgressState(
                        state.Step, iterations, state.Step * settings.MetaBatch,
                        -step.Returns[^1])),
                    context.Stop));
            tests.Add(experiment.Test(
                trained.Model, goals, episodes: options.Quick ? 4 : 40, stop: context.Stop));
            context.Row($"seed {settings.Seed}",
                $"returns {VerbContext.Join(tests[^1].Mean, "F1")} after 0, 1, 2, 3 steps");
        }

        double[] Column(int step) => [.. tests.Select(t => t.Mean[step])];
        context.Numbers("return_per_step", "mean return by step",
            [.. Enumerable.Range(0, 4).Select(s => Column(s).Average())], "F1");
        context.Numbers("published_per_step", "  published",
            [.. PointMassExperiment.Published], "F1");
        double[] values = Column(After);
        ReproFigures.End(
            new(Name, "mean return after two steps", PointMassExperiment.Published[After], values,
                ReproFigures.Interval(values, tests[0].Interval95[After]),
                clock.Elapsed.TotalSeconds),
            "F2", options,
            [
                new("Return by inner steps", "inner steps", "mean return",
                [
                    .. tests.Select((t, i) => new PlotSeries(
                        $"seed {options.Seed + i}",
                        [.. t.Steps.Zip(t.Mean, (s, m) => ((double)s, m))])),
                    new("published",
                        [.. PointMassExperiment.Published.Select((m, s) => ((double)s, m))]),
                ]),
            ],
            context);
    }
}
