// engine analyse: what adaptation did to the features of a run of engine adapt: maps of both
// domains, how far they are apart, and which classes are taken for which, before and after.
using System.Diagnostics;
using Engine.Data;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

/// <summary>What engine analyse can be told.</summary>
internal sealed record AnalyseOptions
{
    [Option("Folder of a run of engine adapt", Value = "RUN", Positional = true)]
    public string Run { get; init; } = "";

    [Option("Whose networks of the run [default: its first seed]")]
    public long? Seed { get; init; }

    [Option("Examples of both domains on a map, at most 1,000", Min = 8)]
    public int Points { get; init; } = 1_000;
}

internal static class AnalyseVerb
{
    public const int MostPoints = 1_000;
    private const string Page = "analysis.html";

    public static Verb Verb { get; } = Cli.Verb.Of<AnalyseOptions>(
        "analyse", "Show what adaptation did to the features of a run", Run);

    private static void Run(AnalyseOptions asked, VerbContext context)
    {
        if (asked.Points > MostPoints)
            throw CliException.Use($"--points: {asked.Points} are too many; give at most "
                + $"{MostPoints}.");
        if (!Directory.Exists(asked.Run))
            throw CliException.Use($"RUN: {asked.Run}: no such folder; name the folder of a run "
                + "of engine adapt.");
        var clock = Stopwatch.StartNew();
        using RunFolder folder = RunFolder.Open(asked.Run);
        AdaptOptions options = AdaptVerb.Runs.ReadConfig(folder.FullPath);
        long seed = asked.Seed ?? options.Seed;
        string trained = FileOf(folder, AdaptSeed.ControlFile($"seed-{seed}"), seed);
        string chosen = FileOf(folder, AdaptationRunner.ModelFile($"seed-{seed}"), seed);
        string onSource = FileOf(folder, AdaptationRunner.SourceFile($"seed-{seed}"), seed);
        DomainSets sets = AdaptVerb.Load(options, seed);
        var models = new AdaptModels(options, sets.Source);
        // Each domain as the network is used on it: with normalisation statistics of its own.
        Outputs Look(LabelledSet set, Func<IModelUse<Outputs>, Outputs> model) =>
            model(new See(set));
        Outputs source = Look(
            sets.SourceTest, use => models.Trained(trained, ofTarget: false, use));
        Outputs sourceOnly = Look(
            sets.TargetTest, use => models.Trained(trained, ofTarget: false, use));
        var before = new Seen(source, Look(
            sets.TargetTest, use => models.Trained(trained, ofTarget: true, use)));
        var after = new Seen(
            Look(sets.SourceTest, use => models.Chosen(onSource, use)),
            Look(sets.TargetTest, use => models.Chosen(chosen, use)));

        AnalyseFigures.Print(
            options, seed, sets, (new(source, sourceOnly), before, after), context);
        string page = folder.PathOf(Page);
        OutputFile.Write(page, HtmlReport.Render(AnalysisReport.Of(
            options, seed, sets, (before, after), asked.Points, context)));
        context.Figure("seconds", "analysed in", clock.Elapsed.TotalSeconds, "F1", "s");
        context.Figure("report", "report", page);
    }

    private static string FileOf(RunFolder folder, string name, long seed)
    {
        string file = folder.PathOf(name);
        return File.Exists(file) ? file : throw CliException.Fail(
            $"{file}: not there: seed {seed} of this run is not finished, or is none of its seeds. "
            + $"engine adapt --resume {folder.FullPath} finishes it; --seed names another.");
    }

    private sealed class See(LabelledSet set) : IModelUse<Outputs>
    {
        public Outputs With<N>(Adapted<N> model) where N : IFeatureNetwork =>
            Outputs.Of(model, set);
    }
}

/// <summary>What a network makes of the test examples of both domains.</summary>
internal sealed record Seen(Outputs Source, Outputs Target)
{
    // Fitting a classifier of domains to more takes long and tells the same.
    private const int DistanceExamples = 1_000;

    private double? distance;

    /// <summary>The proxy A-distance of the domains' features, of as many of each.</summary>
    public double Distance => distance ??= DomainDistance.Of(
        Spread(Source.Features), Spread(Target.Features));

    private Tensor Spread(Tensor features) => features.Take(
        Places(features.Shape[0], Math.Min(DistanceExamples, Math.Min(
            Source.Features.Shape[0], Target.Features.Shape[0]))), 0).Eval();

    /// <summary>
    /// So many rows of all, at even distances: sets are often in the order of their classes.
    /// </summary>
    public static Tensor Places(int rows, int count) => Tensor.From(
        [.. Enumerable.Range(0, count).Select(i => (long)((i + 0.5) * rows / count))]);
}
