// engine adapt: a network trained on labelled source examples, adapted to unlabelled ones of a
// target by a method, and a model chosen without target labels. Source-only, control, chosen and
// oracle stand side by side.
using System.Diagnostics;
using Engine.Transfer;

namespace Engine.Cli;

internal static class AdaptVerb
{
    /// <summary>Its runs.</summary>
    public static RunVerb<AdaptOptions> Runs { get; } = new(
        "adapt", "Adapt a network to another domain without its labels", Check,
        options =>
        {
            AdaptData data = AdaptData.Open(options);
            // Refused now, not after hours.
            foreach (long seed in Seeds(options))
                AdaptationNetworks.Check(options.Network, data.Draw(seed).Source);
            return (folder, context) => Run(options, data, folder, context);
        });

    /// <summary>The sets of a seed: samples and halves are drawn anew for each.</summary>
    /// <exception cref="CliException">They do not fit together.</exception>
    public static DomainSets Load(AdaptOptions options, long seed) =>
        AdaptData.Open(options).Draw(seed);

    private static IEnumerable<long> Seeds(AdaptOptions options) =>
        Enumerable.Range(0, options.Seeds).Select(i => unchecked(options.Seed + i));

    private static void Check(AdaptOptions options)
    {
        AdaptationMethod method = AdaptationMethods.Find(options.Method);
        AdaptationValidators.Find(options.Validator);
        AdaptationNetworks.CheckName(options.Network);
        if (options.Norm == NormPolicy.Fixed && options.Method != "adda")
            throw CliException.Use($"--norm: {options.Method} begins with a new network, which has "
                + "no statistics to keep fixed; choose per-domain or shared.");
        string[] sets =
        [
            options.Source, options.Target, options.SourceTest ?? "", options.TargetTest ?? "",
        ];
        string[] names = ["--source", "--target", "--source-test", "--target-test"];
        bool words = false;
        foreach (var (option, text) in names.Zip(sets))
            if (text.Length > 0) words |= DomainSpec.Parse(option, text).IsSvmLight;

        var unused = new UnusedOptions<AdaptOptions>(options);
        if (!words) unused.Refuse("no svmlight file is named", "--features", "--first-index");
        string by = $"method {method.Name}";
        if (!method.HasWeight) unused.Refuse($"{by} has no term to weigh", "--weight");
        if (method.Name == "none")
            unused.Refuse(
                $"{by} is the control, of which there is one model", "--validator", "--looks",
                "--norm");
        if (method.Name == "adda" && options.Norm == NormPolicy.Shared)
            throw CliException.Use("--norm: method adda has an encoder for each domain, and so no "
                + "shared statistics; give per-domain or fixed.");
    }

    private static void Run(
        AdaptOptions options, AdaptData data, RunFolder folder, VerbContext context)
    {
        var clock = Stopwatch.StartNew();
        DomainSets first = data.Draw(options.Seed);
        AdaptFigures.Describe(options, first, context);
        var seeds = new List<SeedFigures>();
        foreach (long seed in Seeds(options))
        {
            context.Stop.ThrowIfCancellationRequested();
            SeedFigures figures = AdaptSeed.Done(seed, folder)
                ?? AdaptSeed.Run(options, data.Draw(seed), seed, folder, context);
            seeds.Add(figures);
            AdaptFigures.Of(figures, options.Weight, context);
        }

        AdaptFigures.End(options, seeds, clock.Elapsed.TotalSeconds, context);
        AdaptReport.Write(folder, options, first, seeds);
    }
}
