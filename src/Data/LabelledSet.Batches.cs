// Batches of a labelled set. A batch is a function of the seed and the step alone, so that training
// that is resumed goes on with the batches it would have had.
namespace Engine.Data;

public sealed partial class LabelledSet
{
    // The last order that was asked for: a whole epoch asks for the same one. It is never changed,
    // only exchanged, so that threads may share a set.
    private Epoch? last;

    /// <summary>
    /// The batch of a step, 0 on. An epoch is all examples in an order of its own, drawn from the
    /// seed; epochs follow one another without a gap, so that every batch has the same size and a
    /// batch at the end of one takes its last examples from the next.
    /// </summary>
    /// <exception cref="ArgumentException">The set is empty, or a number too small.</exception>
    public LabelledBatch Batch(long seed, long step, int size) => At(Places(seed, step, size));

    /// <summary>Which examples the <see cref="Batch"/> of a step consists of.</summary>
    /// <exception cref="ArgumentException">The set is empty, or a number too small.</exception>
    public int[] Places(long seed, long step, int size)
    {
        EpisodeSampler.CheckPositive(nameof(size), size);
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        if (Count == 0) throw new ArgumentException($"{Name}: has no examples to draw from.");
        var indices = new int[size];
        long at = checked(step * size);
        for (int i = 0; i < size; i++, at++)
            indices[i] = OrderOf(seed, at / Count)[(int)(at % Count)];
        return indices;
    }

    /// <summary>These examples, in this order.</summary>
    /// <exception cref="ArgumentException">
    /// There is no such example, or too many are asked for.
    /// </exception>
    public LabelledBatch At(ReadOnlySpan<int> indices)
    {
        EpisodeSampler.CheckFits($"{Name}: {indices.Length} examples", indices.Length, Size);
        var x = new float[indices.Length * Size];
        var y = new long[indices.Length];
        for (int i = 0; i < indices.Length; i++)
        {
            CopyExample(indices[i], x.AsSpan(i * Size, Size));
            y[i] = Labels[indices[i]];
        }

        return new(
            Tensor.From(x, [indices.Length, .. Shape.Sizes]), Tensor.From(y, indices.Length));
    }

    /// <summary>All examples in their order, as one batch.</summary>
    public LabelledBatch All() => At([.. Enumerable.Range(0, Count)]);

    /// <summary>
    /// All examples in their order, so many at a time, for evaluation; the last ones may be fewer.
    /// </summary>
    public IEnumerable<LabelledBatch> Chunks(int size)
    {
        EpisodeSampler.CheckPositive(nameof(size), size);
        return Enumerable.Range(0, Count).Chunk(size).Select(chunk => At(chunk));
    }

    private int[] OrderOf(long seed, long epoch)
    {
        Epoch? known = last;
        if (known is null || known.Seed != seed || known.Number != epoch)
            last = known = new(
                seed, epoch, new SeededRandom(seed, epoch).Choose(Count, Count));
        return known.Order;
    }

    private sealed record Epoch(long Seed, long Number, int[] Order);
}
