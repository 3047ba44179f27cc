// engine repro daml-digits: DAML beside its ablations, before and after fine-tuning on five labels of
// each class of the target. Typefaces to handwriting is embedded; MNIST to USPS needs files.
using System.Diagnostics;
using System.Globalization;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

internal static class DamlRepro
{
    public const string Name = "daml-digits";

    private const int Seeds = 5;
    private const int Pictured = 6; // images of a class

    /// <summary>A seed's figures on a pair of domains.</summary>
    private sealed record SeedResult(long Seed, DomainSets Sets, DamlFigures Figures)
    {
        public DamlRow Of(DamlPart part) => Figures.Rows.First(row => row.Part == part);
    }

    public static void Run(ReproOptions options, VerbContext context)
    {
        if (options.Order is not null)
            throw CliException.Use($"--order: {Name} has its own; only sinusoid takes it.");
        var clock = Stopwatch.StartNew();
        int seeds = options.Seeds ?? (options.Quick ? 1 : Seeds);
        ReproFigures.Begin(
            Name, "domain-adaptive meta-learning: a generator makes target-like images of source "
                + "classes, episodes join both", seeds, options.Seed, BatchNormMode.Inductive,
            context);
        var pairs = Pairs(options, context);
        Describe(Experiment(options, pairs[0].Draw(options.Seed)), options.Seed, context);
        var (results, interrupted) = Results(pairs, seeds, options, context);
        int finished = results.Min(r => r.Seeds.Count);
        foreach (var (pair, of) in results) Compare(pair.Name, of, context);
        context.Summary.Add("pairs", results.Select(r => r.Pair.Name).ToArray());
        context.Summary.Add("finished_seeds", finished);
        context.Figure("interrupted", "ended by the user", interrupted ? "yes" : "no", interrupted);
        double[] daml =
        [
            .. Enumerable.Range(0, finished).Select(
                i => results.Average(r => r.Seeds[i].Of(DamlPart.Daml).After)),
        ];
        ReproFigures.End(
            new(Name, "DAML after fine-tuning", null, daml, StudentT.HalfInterval(daml),
                clock.Elapsed.TotalSeconds),
            "F3", options,
            new ReportData
            {
                Title = Name,
                Subtitle = "",
                Tables = [.. results.Select(r => Table(r.Pair.Name, r.Seeds))],
                Pictures = [.. results.Select(r => Made(r.Pair.Name, r.Seeds[0]))],
            },
            context);
    }

    /// <summary>What all seeds of each pair came to, or those that were finished.</summary>
    private static (List<(DomainPair Pair, List<SeedResult> Seeds)>, bool Interrupted) Results(
        IReadOnlyList<DomainPair> pairs, int seeds, ReproOptions options, VerbContext context)
    {
        var results = new List<(DomainPair Pair, List<SeedResult> Seeds)>();
        try
        {
            foreach (DomainPair pair in pairs)
            {
                context.Line($"{pair.Name}:");
                var done = new List<SeedResult>();
                for (int i = 0; i < seeds; i++)
                {
                    done.Add(Seed(pair, options, unchecked(options.Seed + i), context));
                    if (i == 0) results.Add((pair, done));
                }
            }
        }
        catch (OperationCanceledException) when (results.Count > 0)
        {
            return (results, true);
        }

        return (results, false);
    }

    private static IReadOnlyList<DomainPair> Pairs(ReproOptions options, VerbContext context)
    {
        DomainPair Of(string pair) =>
            DigitsTable.Pair(pair, Path.GetFullPath(options.Data ?? "."), options.Seed);
        if (options.Data is not null) return [Of("font-mnist"), Of("mnist-usps")];
        context.Line($"mnist-usps is left out: it needs {DigitsTable.Files}, which are not "
            + "embedded; --data FOLDER names where they are.");
        return [Of("font-mnist")];
    }

    private static DamlExperiment Experiment(ReproOptions options, DomainSets sets)
    {
        var experiment = new DamlExperiment(sets);
        if (options.Quick) experiment = experiment with { GeneratorSteps = 4, Steps = 4 };
        return options.Iterations is { } steps
            ? experiment with { GeneratorSteps = steps, Steps = steps } : experiment;
    }

    private static NormalizedLeNet Network(DomainSets sets, long seed) => NormalizedLeNet.Create(
        Key.From(seed), sets.Source.Classes.Length, sets.Source.Shape[0], sets.Source.Shape[1]);

    private static void Describe(DamlExperiment experiment, long seed, VerbContext context)
    {
        OrderFigures.Add(experiment.CheckOrder(Network(experiment.Sets, seed), seed), context);
        context.Figure("generator_steps", "steps of the generator", experiment.GeneratorSteps);
        context.Figure("iterations", "steps of each part", experiment.Steps);
        context.Figure("labels_per_class", "labels of a class", experiment.PerClass);
        context.Line();
    }

    private static SeedResult Seed(
        DomainPair pair, ReproOptions options, long seed, VerbContext context)
    {
        var clock = Stopwatch.StartNew();
        DomainSets sets = pair.Draw(seed);
        DamlExperiment experiment = Experiment(options, sets);
        int all = experiment.GeneratorSteps + (experiment.Parts.Length * experiment.Steps);
        int done = 0;
        DamlFigures figures = ProgressBar.Run(
            $"seed {seed}", context.Output, null, bar => experiment.Run(
                Network(sets, seed), seed, (_, _, losses) =>
                {
                    context.Stop.ThrowIfCancellationRequested();
                    done++;
                    bar.Report(new(
                        done, all, (long)done * experiment.BatchSize, losses.Sum()));
                }),
            unit: "examples");
        var result = new SeedResult(seed, sets, figures);
        context.Row($"seed {seed}", string.Join(", ", figures.Rows.Select(row => string.Create(
            CultureInfo.InvariantCulture,
            $"{Text(row.Part)} {100 * row.Before:F1} -> {100 * row.After:F1}")))
            + string.Create(CultureInfo.InvariantCulture,
                $" %, {clock.Elapsed.TotalSeconds:F0} s"));
        return result;
    }

    /// <summary>Each part's means, and by how much DAML is above each of the others.</summary>
    private static void Compare(string pair, List<SeedResult> seeds, VerbContext context)
    {
        context.Line();
        context.Line($"{pair}, means of the seeds, before and after fine-tuning:");
        string name = pair.Replace('-', '_');
        double[] Each(Func<SeedResult, double> of) => [.. seeds.Select(of)];
        foreach (DamlPart part in Enum.GetValues<DamlPart>())
        {
            double[] before = Each(s => s.Of(part).Before), after = Each(s => s.Of(part).After);
            double[] above = Each(s => s.Of(DamlPart.Daml).After - s.Of(part).After);
            string key = $"{name}_{Text(part).Replace('-', '_')}";
            context.Row(Text(part), $"{Mean(before)} -> {Mean(after)} %" + (part == DamlPart.Daml
                ? "" : $"; from it to DAML {(above.Average() < 0 ? "" : "+")}{Mean(above)}"));
            context.Summary.Add($"{key}_before_per_seed", before);
            context.Summary.Add($"{key}_after_per_seed", after);
            context.Summary.Add($"{key}_before", before.Average());
            context.Summary.Add($"{key}_after", after.Average());
            context.Summary.Add($"{key}_daml_above", above.Average());
            context.Summary.Add($"{key}_daml_above_ci95", StudentT.HalfInterval(above));
            context.Summary.Add($"{key}_oracle", Each(s => s.Of(part).Oracle));
        }
    }

    private static TextTable Table(string pair, List<SeedResult> seeds) => new(
        $"Accuracy on the target: {pair} (%)",
        ["", "before", "after fine-tuning", "DAML minus it, after", "oracle before"],
        [
            .. Enum.GetValues<DamlPart>().Select(part => (IReadOnlyList<string>)
            [
                Text(part),
                Mean([.. seeds.Select(s => s.Of(part).Before)]),
                Mean([.. seeds.Select(s => s.Of(part).After)]),
                part == DamlPart.Daml ? "" : Mean(
                    [.. seeds.Select(s => s.Of(DamlPart.Daml).After - s.Of(part).After)]),
                Mean([.. seeds.Select(s => s.Of(part).Oracle)]),
            ]),
        ]);

    /// <summary>"81.5 ± 2.1", of shares in per cent.</summary>
    private static string Mean(double[] shares)
    {
        string mean = (100 * shares.Average()).ToString("F1", CultureInfo.InvariantCulture);
        return shares.Length == 1 ? mean : string.Create(CultureInfo.InvariantCulture,
            $"{mean} ± {100 * StudentT.HalfInterval(shares):F1}");
    }

    private static string Text(DamlPart part) => ValueKind.Text(part);

    private static Pictures Made(string pair, SeedResult seed)
    {
        LabelledSet shown = seed.Sets.Source.PerClass(Pictured, seed.Seed).Chosen;
        Tensor x = shown.All().X;
        Generated made = seed.Figures.Generator.Forward(x, Key.From(seed.Seed));
        float[][] Split(Tensor images)
        {
            return [.. images.ToArray<float>().Chunk(shown.Size)];
        }

        float[][] before = Split(x), warped = Split(made.Warped), after = Split(made.Images);
        return new(
            $"What the generator makes: {pair}",
            "From above: an image of the source, warped, and translated as well. No image of "
                + "the target is shown.",
            shown.Shape[0], shown.Shape[1],
            [
                .. shown.Classes.Select((name, label) => (name, (IReadOnlyList<float[][]>)
                    [
                        .. Enumerable.Range(0, shown.Count).Where(i => shown.Labels[i] == label)
                            .Select(i => new[] { before[i], warped[i], after[i] }),
                    ])),
            ]);
    }
}
