// Batches of two labelled sets for adaptation. The target's labels end here.
using Engine.Data;

namespace Engine.Transfer;

/// <summary>Draws <see cref="DomainBatch"/>es.</summary>
public static class DomainBatches
{
    /// <summary>
    /// The batch of a step of a run of so many steps: <paramref name="size"/> examples of each
    /// domain. It is a function of seed and step alone, so that a resumed run goes on with the
    /// batches that it would have had.
    /// </summary>
    /// <param name="source">The labelled domain.</param>
    /// <param name="target">The other one; its labels are not read.</param>
    /// <param name="size">Examples of each domain.</param>
    /// <param name="steps">Steps of the run, which progress is measured by.</param>
    /// <param name="seed">Randomness of the order and of what is drawn within a step.</param>
    /// <param name="sourceWeights">
    /// What each source example counts, such as <see cref="Kmm.Weights"/>, relative to their mean.
    /// </param>
    /// <exception cref="ArgumentException">The sets do not fit together.</exception>
    public static Func<int, DomainBatch> Of(
        LabelledSet source, LabelledSet target, int size, int steps, long seed,
        IReadOnlyList<float>? sourceWeights = null)
    {
        Check(source, target);
        if (sourceWeights is not null && sourceWeights.Count != source.Count)
            throw new ArgumentException(
                $"{source.Name}: {sourceWeights.Count} weights for {source.Count} examples; give "
                + "one for each.");
        float mean = sourceWeights?.Average() ?? 1;
        if (sourceWeights is not null
            && (!(mean > 0) || sourceWeights.Any(weight => !(weight >= 0 && float.IsFinite(weight)))))
            throw new ArgumentException(
                $"{source.Name}: the examples' weights must be 0 or more, finite, and not all 0.");
        Key key = Key.From(seed);
        return step =>
        {
            int[] places = source.Places(seed, step, size);
            LabelledBatch labelled = source.At(places);
            return new(
                labelled.X, labelled.Y, target.Batch(~seed, step, size).X,
                Tensor.Scalar((float)step / steps), key.Fold(step),
                sourceWeights is null
                    ? null : Tensor.From([.. places.Select(place => sourceWeights[place] / mean)]));
        };
    }

    /// <summary>Refuses sets between which nothing can be transferred.</summary>
    /// <exception cref="ArgumentException">The sets do not fit together.</exception>
    public static void Check(LabelledSet source, LabelledSet target)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        if (target.Count == 0)
            throw new ArgumentException(
                $"{target.Name}: the target has no examples; there is nothing to adapt to.");
        if (source.Shape != target.Shape)
            throw new ArgumentException(
                $"{source.Name} has examples of {source.Shape}, {target.Name} of {target.Shape}; "
                + (source.Shape.Rank == 3 && target.Shape.Rank == 3
                    && source.Shape[0] != target.Shape[0]
                    ? "give images of as many channels."
                    : "resize one, or choose other features."));
        if (source.Labels.Distinct().Take(2).Count() < 2)
            throw new ArgumentException(
                $"{source.Name}: has examples of fewer than two classes; a classifier cannot learn "
                + "from it.");
        string[] missing = [.. source.Classes.Except(target.Classes)];
        string[] extra = [.. target.Classes.Except(source.Classes)];
        if (missing.Length + extra.Length > 0)
            throw new ArgumentException(
                $"{source.Name} and {target.Name} do not have the same classes: "
                + $"{Listed("only the source has", missing)}{Listed("only the target has", extra)}"
                + "choose domains of the same classes.");
        if (!source.Classes.SequenceEqual(target.Classes))
            throw new ArgumentException(
                $"{source.Name} and {target.Name} number their classes in different orders; bring "
                + "them into one order.");
    }

    private static string Listed(string what, string[] names) => names.Length == 0
        ? "" : $"{what} {string.Join(", ", names.Take(10))}{(names.Length > 10 ? ", ..." : "")}; ";
}
