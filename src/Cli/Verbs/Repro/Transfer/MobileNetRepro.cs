// Few-shot fine-tuning of MobileNet with its published weights, learned on photographs, on pictures
// of four kinds, by what engine finetune does; beside it the same network from random weights. The
// result is the mean over the kinds of pictures.
using System.Diagnostics;
using Engine.Data;
using Engine.Meta;

namespace Engine.Cli;

internal static class MobileNetRepro
{
    private const string Weights = "mobilenet_v1_025_224", Pictures = "pacs32";

    // Pictures of 32 x 32 pixels are enlarged to 96 x 96, the smallest that the weights do well on.
    private const int Size = 96;

    // Enough that each class has more examples than are tuned on: of 3,929 sketches 80 are houses.
    private const int Sampled = 1_500;

    /// <summary>Plans with their rates: adapters and heads start from zero or at random.</summary>
    private static readonly (PlanName Plan, double Rate)[] Plans =
    [
        (PlanName.Probe, 0), (PlanName.Head, 1e-2), (PlanName.All, 2e-3), (PlanName.Lora, 5e-3),
    ];

    public static IEnumerable<Reproduction> All =>
    [
        .. Plans.Select(row => new Reproduction(
            $"pacs-mobilenet-{ValueKind.Text(row.Plan)}",
            (options, context) => Run(row.Plan, row.Rate, options, context))),
    ];

    private static void Run(
        PlanName plan, double rate, ReproOptions options, VerbContext context)
    {
        string name = $"pacs-mobilenet-{ValueKind.Text(plan)}";
        if (options.Order is not null)
            throw CliException.Use($"--order: {name} has no order of differentiation.");
        string data = options.Data ?? throw CliException.Use($"--data: {name} needs {Weights} and "
            + $"{Pictures}, which are not embedded; name the folder that holds them.");
        var clock = Stopwatch.StartNew();
        string pictures = Path.Combine(data, Pictures);
        string[] domains = [.. LabelledFiles.Domains(pictures)];
        FineTuneOptions tune = new()
        {
            Data = pictures,
            Plan = plan,
            Rate = plan == PlanName.Probe ? null : rate,
            Steps = options.Quick ? 8 : options.Iterations ?? 60,
            Batch = 16,
            Few = options.Quick ? 2 : 10,
            Looks = 1,
            Seed = options.Seed,
            Seeds = options.Seeds ?? (options.Quick ? 1 : 3),
        };
        if (options.Quick) domains = domains[..1];
        FineTuneOptions control = tune with { Plan = PlanName.All, Rate = 3e-3 };
        var published = MobileNetStart.Open(Path.Combine(data, Weights), Size);
        Describe(name, tune, domains, context);
        double[][] tuned = Measure(tune, published, domains, options.Quick, context);
        double[][] scratch =
            Measure(control, published.Untrained(options.Seed), domains, options.Quick, context);

        context.Line();
        double[] Seeds(double[][] all) => [.. Enumerable.Range(0, tune.Seeds).Select(
            seed => all.Average(domain => domain[seed]))];
        foreach (var (domain, i) in domains.Select((domain, i) => (domain, i)))
            context.Row(domain, VerbContext.Join(
                [100 * tuned[i].Average(), 100 * scratch[i].Average()], "F1") + " % from random");
        context.Percent("scratch", "from random weights", Seeds(scratch).Average());
        context.Summary.Add("scratch_per_seed", Seeds(scratch));
        context.Summary.Add("scratch_ci95", StudentT.HalfInterval(Seeds(scratch)));
        context.Summary.Add("value_per_domain", tuned.Select(d => d.Average()).ToArray());
        context.Summary.Add("scratch_per_domain", scratch.Select(d => d.Average()).ToArray());
        ReproFigures.End(
            new(name, "mean accuracy of the domains", null, Seeds(tuned),
                StudentT.HalfInterval(Seeds(tuned)), clock.Elapsed.TotalSeconds),
            "F3", options, [], context);
    }

    /// <summary>The accuracies of each domain, by seed.</summary>
    private static double[][] Measure(
        FineTuneOptions options, IStart start, string[] domains, bool quick, VerbContext context)
    {
        DirectoryInfo place = Directory.CreateTempSubdirectory("engine-");
        try
        {
            return [.. domains.Select((domain, d) =>
            {
                int count = quick ? 40 : Sampled;
                FineTuneOptions own = options with
                {
                    Data = $"{options.Data}#{domain}:{count}",
                };
                using RunFolder folder =
                    RunFolder.Create(Path.Combine(place.FullName, $"{d}"), DateTime.Now);
                return Enumerable.Range(0, options.Seeds).Select(i =>
                {
                    context.Stop.ThrowIfCancellationRequested();
                    long seed = unchecked(options.Seed + i);
                    TunedSeed tuned = FineTuneSeed.Run(
                        own, start, i, seed, FewLabels.Load(own, start, seed), folder, context);
                    context.Row($"{domain}, seed {seed}", VerbContext.Join(
                        [100 * tuned.Accuracy], "F1") + $" % by {ValueKind.Text(own.Plan)} "
                        + $"in {tuned.Seconds:F0} s");
                    return tuned.Accuracy;
                }).ToArray();
            })];
        }
        finally
        {
            place.Delete(recursive: true);
        }
    }

    private static void Describe(
        string name, FineTuneOptions tune, string[] domains, VerbContext context)
    {
        ReproFigures.Begin(
            name, "MobileNets (Howard et al., 2017), pictures of deeper, broader and artier domain "
                + "generalization (Li et al., 2017)", tune.Seeds, tune.Seed,
            BatchNormMode.Inductive, context);
        context.Figure("order", "order of differentiation", "first");
        context.Summary.Add("order_error", double.NaN); // nothing is differentiated twice
        context.Figure("plan", "plan", ValueKind.Text(tune.Plan));
        context.Figure("few", "labels of each class", tune.Few);
        context.Figure("iterations", "steps", tune.Plan == PlanName.Probe ? 0 : tune.Steps);
        context.Summary.Add("domains", domains);
        context.Line();
    }
}
