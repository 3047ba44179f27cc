// What an adapted network makes of a labelled set, and how good that is.
using Engine.Data;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>
/// Features (N, F), logits (N, classes) and labels (N) of the examples of a set, in their order.
/// </summary>
public sealed record Outputs(Tensor Features, Tensor Logits, Tensor Labels)
{
    /// <summary>Runs a network on a set, so many examples at a time.</summary>
    public static Outputs Of<N>(Adapted<N> model, LabelledSet set, int chunk = 256)
        where N : IFeatureNetwork => Reader<N>()(model, set, chunk);

    /// <summary>
    /// The same as a function that compiles once, for whoever looks again and again.
    /// </summary>
    public static Func<Adapted<N>, LabelledSet, int, Outputs> Reader<N>() where N : IFeatureNetwork
    {
        var run = Compile.Of((Adapted<N> m, Tensor x) =>
        {
            Tensor features = m.Features(x);
            return (features, m.Network.Head.Forward(features));
        });
        return (model, set, chunk) =>
        {
            var seen = set.Chunks(chunk).Select(batch => (Made: run(model, batch.X), batch.Y))
                .ToList();
            return new(
                Tensor.Concat([.. seen.Select(part => part.Made.Item1)], 0).Eval(),
                Tensor.Concat([.. seen.Select(part => part.Made.Item2)], 0).Eval(),
                Tensor.Concat([.. seen.Select(part => part.Y)], 0).Eval());
        };
    }

    /// <summary>The fraction of examples whose largest logit is at the label.</summary>
    public double Accuracy => Loss.Accuracy(Logits, Labels).Item();

    /// <summary>
    /// Over how many classes the predictions spread: e to the entropy of their shares, from 1, all
    /// of them in one class, to the number of classes.
    /// </summary>
    public double PredictedClasses => Spread(Logits.ArgMax(1));

    /// <summary>The same of the labels.</summary>
    public double LabelledClasses => Spread(Labels);

    /// <summary>
    /// How many examples of each class (row) were taken for each class (column).
    /// </summary>
    public int[,] Confusion()
    {
        int classes = Logits.Shape[1];
        var counts = new int[classes, classes];
        long[] taken = Logits.ArgMax(1).ToArray<long>();
        long[] labels = Labels.Cast(DType.Int64).ToArray<long>();
        for (int i = 0; i < taken.Length; i++) counts[labels[i], taken[i]]++;
        return counts;
    }

    /// <summary>
    /// What validators may see of source and target: all but the target's labels.
    /// </summary>
    public static Unlabelled WithoutTargetLabels(Outputs source, Outputs target)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        return new(source.Features, source.Logits, source.Labels, target.Features, target.Logits);
    }

    private static double Spread(Tensor classes)
    {
        long[] all = classes.Cast(DType.Int64).ToArray<long>();
        double[] shares = [.. all.CountBy(c => c).Select(c => (double)c.Value / all.Length)];
        return Math.Exp(-shares.Sum(share => share * Math.Log(share)));
    }
}
