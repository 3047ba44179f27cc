// A batch of several labelled domains of one label space, for methods that learn from how domains
// differ.
using Engine.Data;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>A batch of each domain, all of one size.</summary>
/// <param name="X">Inputs (domains, N, ...).</param>
/// <param name="Y">Labels (domains, N).</param>
/// <param name="Key">Randomness of this step, which says what part each domain plays.</param>
public sealed partial record Domains(Tensor X, Tensor Y, Key Key) : ITree
{
    /// <summary>Number of domains.</summary>
    public int Count => X.Shape[0];

    /// <summary>The domains in an order drawn by the key.</summary>
    public Domains Shuffled()
    {
        Tensor order = Key.Permutation(Count);
        return this with { X = X.Take(order), Y = Y.Take(order) };
    }

    /// <summary>
    /// The batches of a run: <paramref name="size"/> examples of each set. A batch is a function of
    /// seed and step alone, so that a resumed run goes on with the batches it would have had.
    /// </summary>
    /// <exception cref="ArgumentException">The sets do not fit together.</exception>
    public static Func<int, Domains> Batches(
        IReadOnlyList<LabelledSet> sets, int size, long seed)
    {
        ArgumentNullException.ThrowIfNull(sets);
        if (sets.Count < 2)
            throw new ArgumentException(
                $"{sets.Count} domains were given; a method that learns from how domains differ "
                + "needs at least 2.");
        foreach (LabelledSet set in sets.Skip(1)) DomainBatches.Check(sets[0], set);
        Key key = Key.From(seed);
        return step =>
        {
            LabelledBatch[] each =
            [
                .. sets.Select((set, i) => set.Batch(
                    SeedOf(seed, i), step, size)),
            ];
            return new(
                Tensor.Stack([.. each.Select(batch => batch.X)]),
                Tensor.Stack([.. each.Select(batch => batch.Y)]), key.Fold(step));
        };
    }

    /// <summary>A seed for each of several sets, so that none is drawn like another.</summary>
    internal static long SeedOf(long seed, int set) =>
        unchecked(seed + (set * (long)0x9E3779B97F4A7C15));
}

/// <summary>Where training of a model stands.</summary>
public sealed partial record TrainedState<T>(T Model, OptimizerState Optimizer) : ITree
    where T : ITree;
