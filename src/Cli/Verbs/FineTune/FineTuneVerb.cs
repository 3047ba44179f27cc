// engine finetune: a trained network tuned on few labels by a plan, and tested on what they leave.
using System.Diagnostics;

namespace Engine.Cli;

internal static class FineTuneVerb
{
    /// <summary>Its runs.</summary>
    public static RunVerb<FineTuneOptions> Runs { get; } = new(
        "finetune", "Fine-tune a network on few labels", Check,
        options =>
        {
            IStart start = Starts.Open(options);
            Func<long, FewLabels> draw = FewLabels.Open(options, start);
            // Refused now, not after hours.
            foreach (long seed in Seeds(options)) draw(seed);
            return (folder, context) => Run(options, start.Of(folder), draw, folder, context);
        });

    private static IEnumerable<long> Seeds(FineTuneOptions options) =>
        Enumerable.Range(0, options.Seeds).Select(i => unchecked(options.Seed + i));

    private static void Check(FineTuneOptions options)
    {
        void Refuse(bool given, string option, string why)
        {
            if (given) throw CliException.Use($"{option}: {why}; leave it out.");
        }

        DomainSpec.Parse("--data", options.Data);
        if (options.Source is { } source) DomainSpec.Parse("--source", source);
        const string Trained = "the network of --model is trained already";
        Refuse(options.Model is not null && options.Source is not null, "--source", Trained);
        Refuse(
            options.Model is not null && options.SourceSteps is not null, "--source-steps",
            Trained);
        Refuse(
            options.Model is not null && options.Network is not null, "--network",
            "--model says which network it is");
        string plan = ValueKind.Text(options.Plan);
        bool lora = options.Plan == PlanName.Lora, probe = options.Plan == PlanName.Probe;
        Refuse(!lora && options.Rank is not null, "--rank", $"plan {plan} has no adapters");
        Refuse(!lora && options.Alpha is not null, "--alpha", $"plan {plan} has no adapters");
        Refuse(!lora && options.Adapter is not null, "--adapter", $"plan {plan} has no adapters");
        Refuse(
            options.Adapter is not null && options.Rank is not null, "--rank",
            "the files of --adapter say it");
        Refuse(
            options.Adapter is not null && options.Alpha is not null, "--alpha",
            "the files of --adapter say it");
        Refuse(
            (lora || probe) && options.L2sp is not null, "--l2sp",
            $"under plan {plan} no weight leaves the start");
        Refuse(probe && options.Rate is not null, "--rate", "plan probe takes no steps");
        AdaptationNetworks.CheckName(options.Network);
        var unused = new UnusedOptions<FineTuneOptions>(options);
        if (probe)
            unused.Refuse(
                "plan probe takes no steps, and leaves the network as it is", "--steps",
                "--batch", "--looks", "--norm");
        bool words = DomainSpec.Parse("--data", options.Data).IsSvmLight
            || (options.Source is { } text && DomainSpec.Parse("--source", text).IsSvmLight);
        if (!words) unused.Refuse("no svmlight file is named", "--features", "--first-index");
    }

    private static void Run(
        FineTuneOptions options, IStart start, Func<long, FewLabels> draw, RunFolder folder,
        VerbContext context)
    {
        var clock = Stopwatch.StartNew();
        FewLabels first = draw(options.Seed);
        FineTuneFigures.Describe(options, start, first, context);
        var seeds = new List<TunedSeed>();
        foreach (var (number, seed) in Seeds(options).Index())
        {
            context.Stop.ThrowIfCancellationRequested();
            TunedSeed tuned = FineTuneSeed.Done(options, seed, folder, context)
                ?? FineTuneSeed.Run(options, start, number, seed, draw(seed), folder, context);
            seeds.Add(tuned);
            FineTuneFigures.Of(tuned, context);
        }

        RateChoice? rate = RateChoice.Read(folder);
        FineTuneFigures.End(options, seeds, rate, clock.Elapsed.TotalSeconds, context);
        FineTuneReport.Write(folder, options, start, first, seeds, rate);
    }
}
