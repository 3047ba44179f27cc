// The sizes of a tensor's axes: an immutable, value-equal list of non-negative ints.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>
/// Sizes of the axes, outermost first; written <c>[2, 3]</c>, or <c>5</c> for one axis.
/// The default value is the shape of a scalar.
/// </summary>
[CollectionBuilder(typeof(Shape), nameof(Of))]
public readonly struct Shape : IEquatable<Shape>
{
    private const double MaxCount = 1L << 59;

    private readonly int[]? sizes;

    private Shape(int[] sizes)
    {
        this.sizes = sizes;
        // No memory holds as much, and with more the counts and offsets would overflow silently.
        double count = 1;
        foreach (int size in sizes)
        {
            if (size < 0)
                throw Wrong($"axis sizes are not negative, but got {this}.");
            count *= Math.Max(1, size);
        }
        if (sizes.Length > Layout.MaxRank)
            throw Wrong($"at most {Layout.MaxRank} axes, but got {sizes.Length}: {this}.");
        if (count > MaxCount)
            throw Wrong($"{this} has more than 2^59 elements. Use smaller sizes.");
    }

    /// <summary>A shape of the given sizes.</summary>
    public static Shape Of(params ReadOnlySpan<int> sizes) => new(sizes.ToArray());

    /// <summary>A shape of one axis.</summary>
    public static implicit operator Shape(int size) => Of(size);

    /// <summary>A shape of the given sizes.</summary>
    public static implicit operator Shape(int[] sizes) => Of(sizes);

    /// <summary>The sizes.</summary>
    public static implicit operator ReadOnlySpan<int>(Shape shape) => shape.Sizes;

    /// <summary>Number of axes.</summary>
    public int Rank => sizes?.Length ?? 0;

    /// <summary>Number of elements, the product of the sizes (1 for a scalar).</summary>
    public long Count
    {
        get
        {
            long count = 1;
            foreach (int size in Sizes) count *= size;
            return count;
        }
    }

    /// <summary>The sizes.</summary>
    public ReadOnlySpan<int> Sizes => sizes;

    /// <summary>Size of an axis; negative axes count from the end.</summary>
    public int this[int axis] => Sizes[axis < 0 ? axis + Rank : axis];

    /// <summary>Size of an axis counted from the end by ^1, ^2, ...</summary>
    public int this[Index axis] => Sizes[axis];

    /// <summary>
    /// The sizes, so that a shape can be a collection expression's element source.
    /// </summary>
    public ReadOnlySpan<int>.Enumerator GetEnumerator() => Sizes.GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(Shape other) => Sizes.SequenceEqual(other.Sizes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (int size in Sizes) hash.Add(size);
        return hash.ToHashCode();
    }

    /// <summary>Whether two shapes have the same sizes.</summary>
    public static bool operator ==(Shape a, Shape b) => a.Equals(b);

    /// <summary>Whether two shapes differ.</summary>
    public static bool operator !=(Shape a, Shape b) => !a.Equals(b);

    /// <summary>The sizes as NumPy prints them: (), (3), (2, 3).</summary>
    public override string ToString() => $"({string.Join(", ", sizes ?? [])})";

    private static EngineException Wrong(string message) => Errors.Fail("Shape", message);

    internal long[] ToLong()
    {
        var result = new long[Rank];
        for (int i = 0; i < result.Length; i++) result[i] = sizes![i];
        return result;
    }

    /// <summary>The shape with the size of one axis replaced.</summary>
    internal Shape With(int axis, int size)
    {
        int[] result = Sizes.ToArray();
        result[axis] = size;
        return new Shape(result);
    }

    /// <summary>The shape with an axis put in before <paramref name="axis"/>.</summary>
    internal Shape Insert(int axis, int size) =>
        [.. Sizes[..axis], size, .. Sizes[axis..]];

    /// <summary>The shape without an axis.</summary>
    internal Shape Remove(int axis) => [.. Sizes[..axis], .. Sizes[(axis + 1)..]];
}
