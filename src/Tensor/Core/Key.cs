// Randomness without hidden state: a key is a value; splitting it gives independent keys, and
// drawing from it twice gives the same numbers twice.
namespace Engine;

/// <summary>
/// A key of the counter-based generator Threefry-2x32 (Salmon et al., "Parallel random numbers: as
/// easy as 1, 2, 3", 2011). A key is a tree over one tensor, so it can be traced, batched and
/// compiled. A key captured by a vmapped function gives every element the same numbers; pass split
/// keys as an argument instead. The key of a seed belongs to no device: what is drawn from it is
/// drawn where it is used.
/// </summary>
public sealed partial record Key : ITree
{
    private Key(Tensor words) => Words = words;

    /// <summary>The key's two words, int32, shape (2).</summary>
    public Tensor Words { get; }

    /// <summary>The key of a seed.</summary>
    public static Key From(long seed) =>
        new(Tensor.Free([(int)(seed >> 32), (int)seed], 2));

    /// <summary>
    /// Independent keys, to use instead of this one. The first are the same however many are asked
    /// for: entry i of <c>Split(2)</c> is entry i of <c>Split(5)</c>. So split a key once, and what
    /// is used by itself is split again before it is given to someone who may draw from it.
    /// </summary>
    public Key[] Split(int count = 2)
    {
        if (count < 1) throw Errors.Fail("Split", $"cannot make {count} keys. Ask for at least 1.");
        Tensor words = SplitWords(count);
        var keys = new Key[count];
        for (int i = 0; i < count; i++) keys[i] = new Key(words[i]);
        return keys;
    }

    /// <summary>Independent keys as one batched key (count, 2), to map over.</summary>
    public Key Batch(int count) => new(SplitWords(count));

    /// <summary>An independent key for a number, such as a step count.</summary>
    public Key Fold(long number)
    {
        // The number becomes a key of its own first, so that neighbours share no random words.
        Tensor mixed = Words + From(number).Bits(2, DType.Int32);
        return new Key(new Key(mixed).Bits(2, DType.Int32));
    }

    /// <summary>Uniform numbers in (low, high), float32 unless said otherwise.</summary>
    public Tensor Uniform(
        Shape shape, double low = 0, double high = 1, DType type = DType.Float32)
    {
        if (!type.IsFloat() || !(low < high) || !double.IsFinite(high - low))
            throw Errors.Fail("Uniform", $"needs a float dtype and finite low < high, but got "
                + $"{type.Name()}, {low} and {high}.");
        Tensor unit = Unit(shape, type);
        return low == 0 && high == 1 ? unit : unit * (high - low) + low;
    }

    /// <summary>Normal numbers of mean 0 and standard deviation 1.</summary>
    public Tensor Normal(Shape shape, DType type = DType.Float32)
    {
        CheckFloat("Normal", type);
        return Unit(shape, type).NormalQuantile();
    }

    /// <summary>
    /// Normal numbers of standard deviation 1 before truncation to (-bound, bound): TensorFlow's
    /// truncated normal with bound 2.
    /// </summary>
    public Tensor TruncatedNormal(Shape shape, double bound = 2, DType type = DType.Float32)
    {
        if (!type.IsFloat() || !(bound > 0))
            throw Errors.Fail("TruncatedNormal", $"needs a float dtype and a positive bound, but "
                + $"got {type.Name()} and {bound}.");
        double tail = 0.5 * Special.Erfc(bound / Math.Sqrt(2));
        return Tensor.Maximum(Tensor.Minimum(
            Uniform(shape, tail, 1 - tail, type).NormalQuantile(), bound), -bound);
    }

    /// <summary>The numbers 0 .. n-1 in random order, int64.</summary>
    public Tensor Permutation(int n)
    {
        if (n < 0) throw Errors.Fail("Permutation", $"cannot order {n} numbers. Give 0 or more.");
        return Bits(n, DType.Int64).ArgSort();
    }

    /// <summary>Integers uniform in low .. high-1, int64.</summary>
    public Tensor Integers(Shape shape, int low, int high)
    {
        if (low >= high)
            throw Errors.Fail("Integers", $"low {low} must be below high {high}.");
        // 53 random bits: the bias is below (high - low) / 2^53.
        Tensor unit = Unit(shape, DType.Float64);
        return (unit * ((double)high - low)).Cast(DType.Int64) + low;
    }

    ITree ITree.Rebuild(TreeMap map)
    {
        Tensor words = map.Leaf(nameof(Words), Words);
        return ReferenceEquals(words, Words) ? this : new Key(words);
    }

    private Tensor SplitWords(int count)
    {
        if (count is < 0 or > int.MaxValue / 2)
            throw Errors.Fail("Key", $"cannot make {count} keys. Ask for 0 to {int.MaxValue / 2}.");
        return Bits(2 * count, DType.Int32).Reshape([.. Words.Shape.Sizes[..^1], count, 2]);
    }

    private Tensor Bits(int count, DType type) =>
        Tensor.Apply(new RandomBits(count, type), Words);

    private Tensor Unit(Shape shape, DType type)
    {
        if (Words.Rank != 1)
            throw Errors.Fail("Key", $"a batched key {Words.Shape} has no single stream of "
                + "numbers. Map over it with Vmap.Of, or take one key.");
        Tensor bits = Bits(
            Errors.Size("Key", shape.Count),
            type == DType.Float32 ? DType.Int32 : DType.Int64);
        return Tensor.Apply(new UnitFromBits(), bits).Reshape(shape);
    }
}
