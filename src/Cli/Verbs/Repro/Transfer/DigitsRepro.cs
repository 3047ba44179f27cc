// Repeats an adaptation experiment on digits by what engine adapt does, in a folder that is removed
// again.
using System.Diagnostics;
using Engine.Meta;

namespace Engine.Cli;

internal static class DigitsRepro
{
    public static void Run(
        DigitsExperiment experiment, ReproOptions options, VerbContext context)
    {
        if (options.Order is not null)
            throw CliException.Use($"--order: {experiment.Name} has no order of differentiation.");
        if (!experiment.NeedsData) ReproFigures.RefuseData(options, experiment.Name);
        else if (options.Data is null)
        {
            throw CliException.Use($"--data: {experiment.Name} needs usps16-images.idx.gz and "
                + "embed/mnist10k-images.idx.gz with their labels, which are not embedded; name "
                + "the folder that holds them.");
        }

        var clock = Stopwatch.StartNew();
        AdaptOptions adapt = experiment.Options(options);
        ReproFigures.Begin(
            experiment.Name, AdaptationMethods.Find(adapt.Method).Paper, adapt.Seeds, adapt.Seed,
            BatchNormMode.Inductive, context);
        context.Figure("norm", "  in training", ValueKind.Text(adapt.Norm));
        context.Figure("order", "order of differentiation", "first", "first");
        context.Summary.Add("order_error", double.NaN);
        context.Figure("iterations", "steps", adapt.Steps);
        context.Figure("validator", "model chosen by", adapt.Validator);
        DirectoryInfo place = Directory.CreateTempSubdirectory("engine-");
        try
        {
            using RunFolder folder = RunFolder.Create(place.FullName, DateTime.Now);
            SeedFigures[] seeds =
            [
                .. Enumerable.Range(0, adapt.Seeds).Select(i =>
                {
                    long seed = unchecked(adapt.Seed + i);
                    SeedFigures figures = AdaptSeed.Run(
                        adapt, AdaptVerb.Load(adapt, seed), seed, folder, context);
                    AdaptFigures.Of(figures, context);
                    return figures;
                }),
            ];
            Figures(experiment, adapt, seeds, clock.Elapsed.TotalSeconds, options, context);
        }
        finally
        {
            place.Delete(recursive: true);
        }
    }

    private static void Figures(
        DigitsExperiment experiment, AdaptOptions adapt, SeedFigures[] seeds, double seconds,
        ReproOptions options, VerbContext context)
    {
        foreach (var (name, label, of) in new (string, string, Func<SeedFigures, double>)[]
        {
            ("source_only", "source only", s => s.SourceOnly),
            ("control", "control", s => s.Control),
            ("oracle", "oracle (by target labels)", s => s.Method.Oracle),
        })
        {
            double[] values = [.. seeds.Select(of)];
            context.Percent(name, label, values.Average());
            context.Summary.Add($"{name}_per_seed", values);
            if (values.Length > 1)
                context.Summary.Add($"{name}_ci95", StudentT.HalfInterval(values));
        }

        context.Summary.Add("warnings", seeds.Select(s => AdaptFigures.Warning(s.Method))
            .OfType<string>().ToArray());
        double[] chosen = [.. seeds.Select(s => s.Method.Chosen.TargetAccuracy)];
        ReproFigures.End(
            new(experiment.Name, "accuracy of the chosen model",
                experiment.Published is { } p ? p / 100 : null, chosen,
                seeds.Length > 1 ? StudentT.HalfInterval(chosen) : double.NaN, seconds),
            "F3", options,
            [
                new("Accuracy on the target", "steps", "accuracy (%)",
                    [.. seeds.Select(s => new PlotSeries(
                        $"seed {s.Seed}",
                        [.. s.Method.Looks.Select(l => ((double)l.Step, l.TargetAccuracy))]))],
                    Percent: true, Caption: $"{adapt.Method}; no choice of models saw it."),
            ],
            context);
    }
}
