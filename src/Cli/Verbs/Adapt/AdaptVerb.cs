// engine adapt: a network trained on labelled source examples, adapted to unlabelled ones of a
// target by a method, and a model chosen without target labels. Source-only, control, chosen and
// oracle stand side by side.
using System.Diagnostics;
using System.Text.Json;
using Engine.Data;
using Engine.Transfer;

namespace Engine.Cli;

internal static class AdaptVerb
{
    private static readonly OptionSet<AdaptOptions> OfRuns = new();
    private static readonly OptionSet<AdaptPlace> OfPlaces = new();

    public static Verb Verb { get; } = new(
        "adapt", "Adapt a network to another domain without its labels",
        [.. OfRuns.Symbols, .. OfPlaces.Symbols],
        typed =>
        {
            AdaptOptions options = OfRuns.Read(typed);
            AdaptPlace place = OfPlaces.Read(typed);
            if (place.Resume is not { } run)
            {
                Check(options);
                return context => Start(options, place.Out, context);
            }

            if (OfRuns.Specs.FirstOrDefault(spec => typed(spec.Name) is not null) is { } other)
                throw CliException.Use($"{other.Name}: a run goes on with the settings that it "
                    + "began with; leave it out.");
            return context => Resume(run, context);
        });

    /// <summary>The sets of a seed: samples and halves are drawn anew for each.</summary>
    /// <exception cref="CliException">They do not fit together.</exception>
    public static DomainSets Load(AdaptOptions options, long seed)
    {
        (LabelledSet Chosen, LabelledSet Others) Read(string option, string text) =>
            DomainSpec.Parse(option, text).Load(option, options, seed);

        var (source, _) = Read("--source", options.Source);
        var (target, rest) = Read("--target", options.Target);
        LabelledSet sourceTest, targetTest;
        if (options.SourceTest is { } st) sourceTest = Read("--source-test", st).Chosen;
        else (source, sourceTest) = source.Split(0.9, seed);
        if (options.TargetTest is { } tt) targetTest = Read("--target-test", tt).Chosen;
        else if (rest.Count > 0) targetTest = rest;
        else (target, targetTest) = target.Split(0.5, seed);
        LabelledSet Sized(LabelledSet set) => set.Shape.Rank != 3 ? set
            : set.Resize(options.Size ?? source.Shape[1], options.Size ?? source.Shape[2]);
        var sets = new DomainSets(
            Sized(source), Sized(sourceTest), Sized(target), Sized(targetTest));
        CliException.CheckUse(() =>
        {
            DomainBatches.Check(sets.Source, sets.Target);
            DomainBatches.Check(sets.SourceTest, sets.TargetTest);
            return true;
        });
        return sets;
    }

    private static void Check(AdaptOptions options)
    {
        AdaptationMethods.Find(options.Method);
        if (!Validators.All.Any(v => v.Name.Replace(' ', '-') == options.Validator))
            throw CliException.Use($"--validator: '{options.Validator}' is wrong; give one of "
                + $"{string.Join(", ", Validators.All.Select(v => v.Name.Replace(' ', '-')))}.");
        DomainSpec.Parse("--source", options.Source);
        DomainSpec.Parse("--target", options.Target);
    }

    private static void Start(AdaptOptions options, string? place, VerbContext context)
    {
        DomainSets first = Load(options, options.Seed); // what cannot be read leaves no folder
        using RunFolder folder = RunFolder.Create(place, DateTime.Now);
        folder.Lock();
        var config = new JsonSummary();
        config.Add("command", "adapt");
        config.Add("version", EngineVersion.Text);
        foreach (var (name, value) in OfRuns.Entries(options)) config.Add(name, value);
        folder.WriteConfig(config);
        Run(options, first, folder, context);
    }

    private static void Resume(string place, VerbContext context)
    {
        using RunFolder folder = RunFolder.Open(place);
        AdaptOptions options = ReadConfig(folder.PathOf(RunConfig.File));
        folder.Lock();
        Run(options, Load(options, options.Seed), folder, context);
    }

    /// <summary>The options of a run of engine adapt.</summary>
    /// <exception cref="CliException">There is none, or it is damaged.</exception>
    public static AdaptOptions ReadConfig(string path)
    {
        try
        {
            using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(path));
            if (file.RootElement.GetProperty("command").GetString() != "adapt")
                throw new FormatException("it is of another verb.");
            return OfRuns.Read(file.RootElement);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Fail(
                $"{path}: not there; name the folder of a run of engine adapt.", e);
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException
            or InvalidOperationException)
        {
            throw CliException.Fail($"{path}: damaged, or not of engine adapt: "
                + e.Message.ReplaceLineEndings(" "), e);
        }
    }

    private static void Run(
        AdaptOptions options, DomainSets first, RunFolder folder, VerbContext context)
    {
        var clock = Stopwatch.StartNew();
        AdaptFigures.Describe(options, first, context);
        var seeds = new List<SeedFigures>();
        try
        {
            for (int i = 0; i < options.Seeds; i++)
            {
                long seed = unchecked(options.Seed + i);
                DomainSets sets = i == 0 ? first : Load(options, seed);
                SeedFigures figures = AdaptSeed.Run(options, sets, seed, folder, context);
                seeds.Add(figures);
                AdaptFigures.Of(figures, context);
            }
        }
        catch (OperationCanceledException e)
        {
            throw CliException.Stopped(
                $"stopped; engine adapt --resume {folder.FullPath} goes on.", e);
        }

        AdaptFigures.End(options, seeds, clock.Elapsed.TotalSeconds, context);
        AdaptReport.Write(folder, options, first, seeds);
        context.Figure("run", "run folder", folder.FullPath);
    }
}
