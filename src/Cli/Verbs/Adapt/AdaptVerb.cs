// engine adapt: a network trained on labelled source examples, adapted to unlabelled ones of a
// target by a method, and a model chosen without target labels. Source-only, control, chosen and
// oracle stand side by side.
using System.Diagnostics;
using Engine.Data;
using Engine.Transfer;

namespace Engine.Cli;

internal static class AdaptVerb
{
    /// <summary>Its runs.</summary>
    public static RunVerb<AdaptOptions> Runs { get; } = new(
        "adapt", "Adapt a network to another domain without its labels", Check,
        options =>
        {
            DomainSets first = Load(options, options.Seed);
            return (folder, context) => Run(options, first, folder, context);
        });

    /// <summary>The sets of a seed: samples and halves are drawn anew for each.</summary>
    /// <exception cref="CliException">They do not fit together.</exception>
    public static DomainSets Load(AdaptOptions options, long seed)
    {
        (LabelledSet Chosen, LabelledSet Others) Read(string option, string text) =>
            DomainSpec.Parse(option, text).Load(option, options.Vectors, seed);

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
        if (options.Norm == NormPolicy.Fixed && options.Method != "adda")
            throw CliException.Use($"--norm: {options.Method} begins with a new network, which has "
                + "no statistics to keep fixed; choose per-domain or shared.");
        if (!Validators.All.Any(v => v.Name.Replace(' ', '-') == options.Validator))
            throw CliException.Use($"--validator: '{options.Validator}' is wrong; give one of "
                + $"{string.Join(", ", Validators.All.Select(v => v.Name.Replace(' ', '-')))}.");
        DomainSpec.Parse("--source", options.Source);
        DomainSpec.Parse("--target", options.Target);
    }

    private static void Run(
        AdaptOptions options, DomainSets first, RunFolder folder, VerbContext context)
    {
        var clock = Stopwatch.StartNew();
        AdaptFigures.Describe(options, first, context);
        var seeds = new List<SeedFigures>();
        for (int i = 0; i < options.Seeds; i++)
        {
            long seed = unchecked(options.Seed + i);
            DomainSets sets = i == 0 ? first : Load(options, seed);
            SeedFigures figures = AdaptSeed.Run(options, sets, seed, folder, context);
            seeds.Add(figures);
            AdaptFigures.Of(figures, context);
        }

        AdaptFigures.End(options, seeds, clock.Elapsed.TotalSeconds, context);
        AdaptReport.Write(folder, options, first, seeds);
    }
}
