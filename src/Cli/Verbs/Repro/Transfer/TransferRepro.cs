// Repeats an adaptation experiment by what engine adapt does, in a folder that is removed again.
// Seed after seed goes through all pairs of domains; what is finished is reported, however it ends.
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
        bool interrupted = false;
        var results = new TransferResults(pairs, adapt);
        DirectoryInfo place = Directory.CreateTempSubdirectory("engine-");
        try
        {
            RunAll(adapt, pairs, place.FullName, results, context);
        }
        catch (OperationCanceledException) when (results.Any)
        {
            interrupted = true; // what was finished is kept
        }
        finally
        {
            place.Delete(recursive: true);
        }

        results.Print(experiment, context);
        context.Figure("finished_seeds", "finished seeds", results.FinishedSeeds);
        context.Figure("interrupted", "ended by the user", interrupted ? "yes" : "no", interrupted);
        ReproFigures.End(
            results.Result(experiment, clock.Elapsed.TotalSeconds), "F3", options,
            results.Body, context);
    }

    /// <summary>
    /// Every seed on every pair. One that fails is left out, and the command fails in the end, when
    /// the figures of the others are written.
    /// </summary>
    private static void RunAll(
        AdaptOptions adapt, IReadOnlyList<DomainPair> pairs, string place,
        TransferResults results, VerbContext context)
    {
        for (int i = 0; i < adapt.Seeds; i++)
        {
            long seed = unchecked(adapt.Seed + i);
            foreach (var (number, pair) in pairs.Index())
            {
                context.Stop.ThrowIfCancellationRequested();
                using RunFolder folder =
                    RunFolder.Create(Path.Combine(place, $"{number}-{seed}"), DateTime.Now);
                string name = pairs.Count > 1 ? $"{pair.Name}, " : "";
                try
                {
                    SeedFigures figures = AdaptSeed.Run(
                        adapt, pair.Draw(seed), seed, folder, context,
                        "The experiment has a rate of its own; engine adapt takes another.");
                    results.Add(pair, figures);
                    AdaptFigures.Of(figures, adapt.Weight, context, name);
                }
                catch (CliException e) when (results.Any || !IsLast(i, number))
                {
                    context.Failure ??= CliException.Fail($"{name}{e.Message}", e);
                    context.Line($"{name}{e.Message}");
                    results.AddFailure($"{name}{e.Message}");
                }
            }
        }

        bool IsLast(int seed, int pair) => seed == adapt.Seeds - 1 && pair == pairs.Count - 1;
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
}
