// Repeats CORAL on SURF histograms as its paper has it: the source is given the target's covariance
// in closed form, and a linear classifier is fitted on the result. Nothing in it is random.
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
        if (options.Order is not null || options.Iterations is not null
            || options.Seeds is not null)
        {
            throw CliException.Use(
                $"{name} has no steps and nothing random; leave out what it does not take.");
        }

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
        var accuracies = new List<double>();
        foreach (var (s, t) in Pairs(names.Length).Take(options.Quick ? 1 : int.MaxValue))
        {
            context.Stop.ThrowIfCancellationRequested();
            Tensor x = domains[s].X.Cast(DType.Float64);
            Tensor target = domains[t].X.Cast(DType.Float64);
            if (align) x = Coral.Align(x, target);
            Linear classifier = LogisticRegression.Fit(x, domains[s].Y, 10, Strength);
            accuracies.Add(Loss.Accuracy(classifier.Forward(target), domains[t].Y).Item());
            context.Row(
                $"{names[s]} to {names[t]}",
                VerbContext.Join([100 * accuracies[^1]], "F1") + " %");
        }

        context.Summary.Add("value_per_pair", accuracies.ToArray());
        ReproFigures.End(
            new(name, "mean accuracy of the pairs", published, [accuracies.Average()], double.NaN,
                clock.Elapsed.TotalSeconds),
            "F3", options, [], context);
    }

    private static IEnumerable<(int Source, int Target)> Pairs(int domains) =>
        from s in Enumerable.Range(0, domains)
        from t in Enumerable.Range(0, domains)
        where s != t
        select (s, t);
}
