// Repeats CORAL on SURF histograms as its paper has it: the source is given the target's covariance
// in closed form, and a linear classifier is fitted on the result. Beside it stands the classifier
// of the source as it is. Nothing in it is random.
using System.Diagnostics;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

internal static class SurfRepro
{
    /// <summary>The ridge of the regression; features have mean 0 and deviation 1.</summary>
    private const double Strength = 1;

    /// <summary>What is typed, whether sources are aligned, and the published accuracy.</summary>
    public static IReadOnlyList<(string Name, bool Align, double Published)> All { get; } =
        [("officecaltech-linear", false, 0.450), ("officecaltech-coral-linear", true, 0.467)];

    public static void Run(
        string name, bool align, double published, ReproOptions options, VerbContext context)
    {
        var unused = new UnusedOptions<ReproOptions>(options);
        unused.Refuse($"{name} has no steps", "--iterations");
        unused.Refuse($"{name} has no order to choose", "--order");
        unused.Refuse($"nothing in {name} is random", "--seed", "--seeds");
        string data = options.Data ?? throw CliException.Use($"--data: {name} needs "
            + "officecaltech_surf800, which is not embedded; name the folder that holds it.");
        var clock = Stopwatch.StartNew();
        ReproFigures.Begin(
            name, "return of frustratingly easy domain adaptation (Sun, Feng and Saenko, 2016)", 1,
            options.Seed, BatchNormMode.None, context);
        context.Figure("order", "order of differentiation", "second, of the regression");
        context.Summary.Add("order_error", double.NaN); // it ends where its gradient is zero
        string path = Path.Combine(data, "officecaltech_surf800");
        string[] names = [.. LabelledFiles.Domains(path)];
        LabelledBatch[] domains =
        [
            .. names.Select(n => LabelledFiles.Load(path, n).Map(VectorsTable.Shares)
                .Standardised().All()),
        ];
        context.Line();
        context.Row("on the target", "source as it is, source aligned");
        var results = new List<(string Pair, double Plain, double Aligned)>();
        foreach (var (s, t) in Pairs(names.Length).Take(options.Quick ? 1 : int.MaxValue))
        {
            context.Stop.ThrowIfCancellationRequested();
            Tensor x = domains[s].X.Cast(DType.Float64);
            Tensor target = domains[t].X.Cast(DType.Float64);
            double Accuracy(Tensor source)
            {
                Linear classifier = LogisticRegression.Fit(source, domains[s].Y, 10, Strength);
                return Loss.Accuracy(classifier.Forward(target), domains[t].Y).Item();
            }

            results.Add((
                $"{names[s]} to {names[t]}", Accuracy(x), Accuracy(Coral.Align(x, target))));
            context.Row(results[^1].Pair, VerbContext.Join(
                [100 * results[^1].Plain, 100 * results[^1].Aligned], "F1") + " %");
        }

        double plain = results.Average(r => r.Plain), aligned = results.Average(r => r.Aligned);
        context.Line();
        context.Percent("control", "source as it is", plain);
        context.Percent("aligned", "source aligned", aligned);
        context.Summary.Add(
            "value_per_pair", results.Select(r => align ? r.Aligned : r.Plain).ToArray());
        context.Summary.Add("control_per_pair", results.Select(r => r.Plain).ToArray());
        ReproFigures.End(
            new(name, "mean accuracy of the pairs", published, [align ? aligned : plain],
                double.NaN, clock.Elapsed.TotalSeconds),
            "F3", options,
            new ReportData
            {
                Title = "",
                Subtitle = "",
                Tables =
                [
                    new(
                        "Accuracy on the target (%)", ["", "source as it is", "source aligned"],
                        [
                            .. results.Append(("mean", plain, aligned)).Select(r => (string[])
                            [
                                r.Item1, StudentT.PerCent([r.Item2]), StudentT.PerCent([r.Item3]),
                            ]),
                        ]),
                ],
            },
            context);
    }

    private static IEnumerable<(int Source, int Target)> Pairs(int domains) =>
        from s in Enumerable.Range(0, domains)
        from t in Enumerable.Range(0, domains)
        where s != t
        select (s, t);
}
