// The figures that engine analyse prints and records.
using Engine.Transfer;

namespace Engine.Cli;

internal static class AnalyseFigures
{
    public static void Print(
        AdaptOptions options, long seed, DomainSets sets,
        (Seen SourceOnly, Seen Before, Seen After) seen, VerbContext context)
    {
        AdaptationMethod method = AdaptationMethods.Find(options.Method);
        context.Figure("method", "method", $"{method.Name}: {method.Paper}", method.Name);
        context.Figure("source", "source, tested on", sets.SourceTest.ToString());
        context.Figure("target", "target, tested on", sets.TargetTest.ToString());
        context.Figure("seed", "seed", seed);
        context.Line();
        context.Row("before and after", "of the control, of the chosen model");
        void Pair(string name, string label, Func<Seen, double> of, bool percent)
        {
            double before = of(seen.Before), after = of(seen.After);
            context.Row(label, percent
                ? VerbContext.Join([100 * before, 100 * after], "F1") + " %"
                : VerbContext.Join([before, after], "F3"));
            context.Summary.Add($"{name}_before", before);
            context.Summary.Add($"{name}_after", after);
        }

        Pair("accuracy", "accuracy on the target", s => s.Target.Accuracy, percent: true);
        Pair("source_accuracy", "accuracy on the source", s => s.Source.Accuracy, percent: true);
        Pair("a_distance", "A-distance (2: apart)", s => s.Distance, percent: false);
        context.Percent(
            "source_only", "source only, target", seen.SourceOnly.Target.Accuracy);
        context.Summary.Add("source_only_source", seen.SourceOnly.Source.Accuracy);
        context.Summary.Add("classes", sets.Source.Classes.ToArray());
        context.Summary.Add("per_class_before", PerClass(seen.Before.Target));
        context.Summary.Add("per_class_after", PerClass(seen.After.Target));
        context.Summary.Add("source_per_class_before", PerClass(seen.Before.Source));
        context.Summary.Add("source_per_class_after", PerClass(seen.After.Source));
    }

    /// <summary>The accuracy of each class; NaN of one without examples.</summary>
    public static double[] PerClass(Outputs outputs)
    {
        int[,] counts = outputs.Confusion();
        int classes = counts.GetLength(0);
        return
        [
            .. Enumerable.Range(0, classes).Select(c => (double)counts[c, c]
                / Enumerable.Range(0, classes).Sum(taken => counts[c, taken])),
        ];
    }
}
