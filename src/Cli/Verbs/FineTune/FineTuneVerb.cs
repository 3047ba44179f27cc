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
            FewLabels first = FewLabels.Load(options, start, options.Seed);
            return (folder, context) => Run(options, start, first, folder, context);
        });

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
    }

    private static void Run(
        FineTuneOptions options, IStart start, FewLabels first, RunFolder folder,
        VerbContext context)
    {
        var clock = Stopwatch.StartNew();
        FineTuneFigures.Describe(options, start, first, context);
        var seeds = new List<TunedSeed>();
        for (int i = 0; i < options.Seeds; i++)
        {
            long seed = unchecked(options.Seed + i);
            FewLabels data = i == 0 ? first : FewLabels.Load(options, start, seed);
            TunedSeed tuned = FineTuneSeed.Run(options, start, i, seed, data, folder, context);
            seeds.Add(tuned);
            FineTuneFigures.Of(tuned, context);
        }

        RateChoice? rate = RateChoice.Read(folder);
        FineTuneFigures.End(options, seeds, rate, clock.Elapsed.TotalSeconds, context);
        FineTuneReport.Write(folder, options, start, first, seeds, rate);
    }
}
