// The page of engine analyse.
using System.Globalization;
using Engine.Transfer;

namespace Engine.Cli;

internal static class AnalysisReport
{
    public static ReportData Of(
        AdaptOptions options, long seed, DomainSets sets, (Seen Before, Seen After) seen,
        int points, VerbContext context)
    {
        string[] classes = [.. sets.Source.Classes];
        return new()
        {
            Title = $"{sets.Source.Name} to {sets.Target.Name} by {options.Method}: features",
            Subtitle = "Before: the control, trained on the source alone. After: the model that "
                + $"the validator chose, of seed {seed}. Each domain is read as the network is "
                + "used on it, with its own normalisation statistics. Figures are of "
                + $"{sets.SourceTest.Count:N0} source and {sets.TargetTest.Count:N0} target "
                + "examples that were not trained on.",
            Headlines =
            [
                Change("accuracy, target", seen, s => 100 * s.Target.Accuracy, "F1", " %"),
                Change("accuracy, source", seen, s => 100 * s.Source.Accuracy, "F1", " %"),
                Change("A-distance", seen, s => s.Distance, "F2", "",
                    "0 or less: domains look alike; 2: they lie apart"),
            ],
            Scatters =
            [
                .. Maps("PCA", "Distances are of the features, as far as two components show "
                    + "them.", f => Pca.Project(f)),
                .. Maps("t-SNE", "Neighbours are near each other; distances between groups mean "
                    + "nothing.", f => TSne.Project(f)),
            ],
            Tables =
            [
                new(
                    "Accuracy by class and domain (%)",
                    ["class", "source before", "source after", "target before", "target after"],
                    [.. Rows(classes, seen)]),
            ],
            Matrices =
            [
                new("Target before", classes, seen.Before.Target.Confusion()),
                new("Target after", classes, seen.After.Target.Confusion()),
            ],
            Settings = OptionSet<AdaptOptions>.Settings(options),
        };

        IEnumerable<Scatter> Maps(string name, string caption, Func<Tensor, Tensor> project)
        {
            (string, Seen)[] both = [("before", seen.Before), ("after", seen.After)];
            foreach (var (when, outputs) in both)
            {
                context.Stop.ThrowIfCancellationRequested();
                yield return new(
                    $"{name} of features, {when}", caption, classes, ["source", "target"],
                    Map(outputs, points, project));
            }
        }
    }

    /// <summary>
    /// Both domains on one map, half of the points each, as far as there are so many.
    /// </summary>
    private static ScatterPoint[] Map(Seen seen, int points, Func<Tensor, Tensor> project)
    {
        Outputs[] domains = [seen.Source, seen.Target];
        Tensor[] places =
        [
            .. domains.Select(d => Seen.Places(
                d.Features.Shape[0], Math.Min(points / 2, d.Features.Shape[0]))),
        ];
        Tensor features = Tensor.Concat(
            [.. domains.Zip(places, (d, rows) => d.Features.Take(rows, 0))], 0);
        double[] map = project(features.Eval()).ToDoubles();
        long[][] labels =
        [
            .. domains.Zip(places, (d, rows) =>
                d.Labels.Take(rows, 0).Cast(DType.Int64).ToArray<long>()),
        ];
        return
        [
            .. labels.SelectMany((own, domain) => own.Select(label => (label, domain)))
                .Select((of, i) => new ScatterPoint(
                    map[2 * i], map[(2 * i) + 1], (int)of.label, of.domain)),
        ];
    }

    private static IEnumerable<string[]> Rows(string[] classes, (Seen Before, Seen After) seen)
    {
        Outputs[] columns =
            [seen.Before.Source, seen.After.Source, seen.Before.Target, seen.After.Target];
        double[][] shares = [.. columns.Select(AnalyseFigures.PerClass)];
        for (int c = 0; c < classes.Length; c++)
            yield return [classes[c], .. shares.Select(share => PerCent(share[c]))];
        yield return ["all", .. columns.Select(outputs => PerCent(outputs.Accuracy))];
    }

    private static Headline Change(
        string label, (Seen Before, Seen After) seen, Func<Seen, double> of, string format,
        string unit, string note = "") => new(
            label, N(of(seen.Before), format) + " → " + N(of(seen.After), format) + unit, note);

    private static string PerCent(double share) =>
        double.IsNaN(share) ? "–" : N(100 * share, "F1");

    private static string N(double value, string format) =>
        value.ToString(format, CultureInfo.InvariantCulture);
}
