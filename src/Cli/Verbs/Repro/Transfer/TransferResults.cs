// What the runs of an adaptation experiment came to: by pair of domains, and the mean over pairs of
// each seed that went through all of them.
namespace Engine.Cli;

internal sealed class TransferResults(IReadOnlyList<DomainPair> pairs, AdaptOptions adapt)
{
    private static readonly (string Name, string Label, Func<SeedFigures, double> Of)[] Columns =
    [
        ("source_only", "source only", s => s.SourceOnly),
        ("control", "control", s => s.Control),
        ("chosen", "chosen by the validator", s => s.Method.Chosen.TargetAccuracy),
        ("oracle", "oracle (by target labels)", s => s.Method.Oracle),
    ];

    private readonly List<(DomainPair Pair, SeedFigures Seed)> all = [];
    private readonly List<string> failures = [];

    /// <summary>Whether there is anything to report.</summary>
    public bool Any => all.Count > 0;

    /// <summary>How many seeds went through all pairs.</summary>
    public int FinishedSeeds => Finished.Count;

    /// <summary>The pairs of which there is something, in their order.</summary>
    private IReadOnlyList<DomainPair> Pairs => [.. pairs.Where(p => Of(p).Any())];

    private IReadOnlyList<long> Finished =>
    [
        .. all.GroupBy(run => run.Seed.Seed).Where(seed => seed.Count() == pairs.Count)
            .Select(seed => seed.Key),
    ];

    public void Add(DomainPair pair, SeedFigures seed) => all.Add((pair, seed));

    public void AddFailure(string text) => failures.Add(text);

    /// <summary>The figures but for those that every experiment has.</summary>
    public void Print(TransferExperiment experiment, VerbContext context)
    {
        context.Line();
        foreach (var (name, label, of) in Columns.Where(c => c.Name != "chosen"))
        {
            double[] values = Means(of);
            context.Percent(name, label, values.Average());
            context.Summary.Add($"{name}_per_seed", values);
            context.Summary.Add($"{name}_ci95", StudentT.HalfInterval(values));
        }

        context.Summary.Add("finished_pairs", Pairs.Select(p => p.Name).ToArray());
        context.Summary.Add("value_per_pair", Pairs.Select(
            p => Of(p).Average(s => s.Method.Chosen.TargetAccuracy)).ToArray());
        context.Summary.Add("warnings", Warnings.ToArray());
        if (FinishedSeeds == 0 && Pairs.Count < pairs.Count)
            context.Line($"Means are of {Pairs.Count} of {pairs.Count} pairs.");
    }

    /// <summary>The accuracy of the chosen models.</summary>
    public ReproResult Result(TransferExperiment experiment, double seconds)
    {
        double[] chosen = Means(s => s.Method.Chosen.TargetAccuracy);
        return new(
            experiment.Name, "accuracy of the chosen model", experiment.Published, chosen,
            StudentT.HalfInterval(chosen), seconds);
    }

    /// <summary>A table of all pairs, and a chart of each.</summary>
    public ReportData Body => new()
    {
        Title = "",
        Subtitle = "",
        Warnings = [.. Warnings],
        Tables =
        [
            new(
                "Accuracy on the target (%)",
                ["", .. Columns.Select(c => c.Label)],
                [
                    .. Pairs.Select(p => Row(p.Name, of => [.. Of(p).Select(of)])),
                    .. pairs.Count == 1 ? (IReadOnlyList<string>[])[] : [Row("mean", Means)],
                ]),
        ],
        Plots =
        [
            .. Pairs.Select(pair => new Plot(
                $"Accuracy on the target: {pair.Name}", "steps", "accuracy (%)",
                [.. Of(pair).Select(s => new PlotSeries(
                    $"seed {s.Seed}",
                    [.. s.Method.Looks.Select(l => ((double)l.Step, l.TargetAccuracy))]))],
                Percent: true, Caption: "No choice of models saw it.")),
        ],
    };

    private IEnumerable<string> Warnings =>
    [
        .. failures,
        .. Pairs.SelectMany(pair => AdaptWarnings.Of(Of(pair), adapt.Weight)
            .Select(text => pairs.Count == 1 ? text : $"{pair.Name}, {text}")),
    ];

    private IEnumerable<SeedFigures> Of(DomainPair pair) =>
        all.Where(run => run.Pair == pair).Select(run => run.Seed);

    /// <summary>
    /// Of each seed that went through all pairs the mean over them; if none did, the mean over the
    /// pairs that there are.
    /// </summary>
    private double[] Means(Func<SeedFigures, double> of) => FinishedSeeds == 0
        ? [Pairs.Average(pair => Of(pair).Average(of))]
        :
        [
            .. Finished.Select(
                seed => all.Where(r => r.Seed.Seed == seed).Average(r => of(r.Seed))),
        ];

    private static string[] Row(
        string name, Func<Func<SeedFigures, double>, double[]> values) =>
        [name, .. Columns.Select(c => StudentT.PerCent(values(c.Of)))];
}
