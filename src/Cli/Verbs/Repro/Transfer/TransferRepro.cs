// Repeats an adaptation experiment by what engine adapt does, in a folder that is removed again.
using System.Diagnostics;
using Engine.Meta;

namespace Engine.Cli;

internal static class TransferRepro
{
    private const int QuickSteps = 16;

    public static IEnumerable<TransferExperiment> All => [.. DigitsTable.All, .. VectorsTable.All];

    public static void Run(
        TransferExperiment experiment, ReproOptions options, VerbContext context)
    {
        if (options.Order is not null)
            throw CliException.Use($"--order: {experiment.Name} has no order of differentiation.");
        if (experiment.Needs is null) ReproFigures.RefuseData(options, experiment.Name);
        else if (options.Data is null)
        {
            throw CliException.Use($"--data: {experiment.Name} needs {experiment.Needs}, which "
                + "are not embedded; name the folder that holds them.");
        }

        var clock = Stopwatch.StartNew();
        AdaptOptions adapt = experiment.Options with
        {
            Steps = options.Iterations ?? (options.Quick ? QuickSteps : experiment.Options.Steps),
            Seed = options.Seed,
            Seeds = options.Seeds ?? (options.Quick ? 1 : 3),
        };
        IReadOnlyList<DomainPair> pairs =
            experiment.Pairs(adapt, Path.GetFullPath(options.Data ?? "."));
        if (options.Quick) pairs = [.. pairs.Take(1)];
        Describe(experiment, adapt, pairs, context);
        var figures = new List<SeedFigures[]>();
        DirectoryInfo place = Directory.CreateTempSubdirectory("engine-");
        try
        {
            foreach (DomainPair pair in pairs)
            {
                if (pairs.Count > 1) context.Line($"{pair.Name}:");
                string path = Path.Combine(place.FullName, $"{figures.Count}");
                using RunFolder folder = RunFolder.Create(path, DateTime.Now);
                figures.Add([.. Enumerable.Range(0, adapt.Seeds).Select(i =>
                    Seed(adapt, pair, unchecked(adapt.Seed + i), folder, context))]);
            }
        }
        finally
        {
            place.Delete(recursive: true);
        }

        Figures(experiment, pairs, figures, clock.Elapsed.TotalSeconds, options, context);
    }

    private static SeedFigures Seed(
        AdaptOptions adapt, DomainPair pair, long seed, RunFolder folder, VerbContext context)
    {
        SeedFigures figures = AdaptSeed.Run(adapt, pair.Draw(seed), seed, folder, context);
        AdaptFigures.Of(figures, context);
        return figures;
    }

    private static void Describe(
        TransferExperiment experiment, AdaptOptions adapt, IReadOnlyList<DomainPair> pairs,
        VerbContext context)
    {
        ReproFigures.Begin(
            experiment.Name, AdaptationMethods.Find(adapt.Method).Paper, adapt.Seeds, adapt.Seed,
            BatchNormMode.Inductive, context);
        context.Figure("norm", "  in training", ValueKind.Text(adapt.Norm));
        context.Figure("order", "order of differentiation", "first");
        context.Summary.Add("order_error", double.NaN); // nothing is differentiated twice
        context.Figure("iterations", "steps", adapt.Steps);
        context.Figure("validator", "model chosen by", adapt.Validator);
        context.Summary.Add("pairs", pairs.Select(p => p.Name).ToArray());
        context.Line();
    }

    private static void Figures(
        TransferExperiment experiment, IReadOnlyList<DomainPair> pairs,
        List<SeedFigures[]> figures, double seconds, ReproOptions options, VerbContext context)
    {
        context.Line();
        // Of each seed the mean over the pairs.
        double[] Means(Func<SeedFigures, double> of) =>
        [
            .. Enumerable.Range(0, figures[0].Length).Select(
                i => figures.Average(pair => of(pair[i]))),
        ];
        void Report(string name, string label, Func<SeedFigures, double> of)
        {
            double[] values = Means(of);
            context.Percent(name, label, values.Average());
            context.Summary.Add($"{name}_per_seed", values);
            context.Summary.Add($"{name}_ci95", StudentT.HalfInterval(values));
        }

        Report("source_only", "source only", s => s.SourceOnly);
        Report("control", "control", s => s.Control);
        Report("oracle", "oracle (by target labels)", s => s.Method.Oracle);
        context.Summary.Add("value_per_pair", figures.Select(
            pair => pair.Average(s => s.Method.Chosen.TargetAccuracy)).ToArray());
        context.Summary.Add("warnings", figures.SelectMany(pair => pair)
            .Select(s => AdaptFigures.Warning(s.Method)).OfType<string>().ToArray());
        double[] chosen = Means(s => s.Method.Chosen.TargetAccuracy);
        ReproFigures.End(
            new(experiment.Name, "accuracy of the chosen model", experiment.Published, chosen,
                StudentT.HalfInterval(chosen), seconds),
            "F3", options,
            [
                .. pairs.Zip(figures, (pair, seeds) => new Plot(
                    $"Accuracy on the target: {pair.Name}", "steps", "accuracy (%)",
                    [.. seeds.Select(s => new PlotSeries(
                        $"seed {s.Seed}",
                        [.. s.Method.Looks.Select(l => ((double)l.Step, l.TargetAccuracy))]))],
                    Percent: true, Caption: "No choice of models saw it.")),
            ],
            context);
    }
}
