// A value-equal list of axes, or "all of them".
using System.Runtime.CompilerServices;

namespace Engine;

/// <summary>
/// Axes to work along: <c>1</c>, <c>[0, 2]</c>; negative ones count from the end. The default value
/// means all axes.
/// </summary>
[CollectionBuilder(typeof(Axes), nameof(Of))]
public readonly struct Axes : IEquatable<Axes>
{
    private readonly int[]? axes;

    private Axes(int[] axes) => this.axes = axes;

    /// <summary>The given axes.</summary>
    public static Axes Of(params ReadOnlySpan<int> axes) => new(axes.ToArray());

    /// <summary>One axis.</summary>
    public static implicit operator Axes(int axis) => Of(axis);

    /// <summary>The given axes.</summary>
    public static implicit operator Axes(int[] axes) => Of(axes);

    /// <summary>Whether this stands for all axes.</summary>
    public bool IsAll => axes is null;

    /// <summary>Number of axes named.</summary>
    public int Count => axes?.Length ?? 0;

    /// <summary>One of the axes named.</summary>
    public int this[int index] => axes![index];

    /// <summary>The axes, for collection expressions.</summary>
    public ReadOnlySpan<int>.Enumerator GetEnumerator() => Span.GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(Axes other) => IsAll == other.IsAll && Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Axes other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (int axis in Span) hash.Add(axis);
        return hash.ToHashCode();
    }

    /// <summary>Whether both name the same axes in the same order.</summary>
    public static bool operator ==(Axes a, Axes b) => a.Equals(b);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(Axes a, Axes b) => !a.Equals(b);

    /// <inheritdoc/>
    public override string ToString() => IsAll ? "all" : $"[{string.Join(", ", axes!)}]";

    internal ReadOnlySpan<int> Span => axes;

    internal bool Contains(int axis) => Span.Contains(axis);

    /// <summary>All axes one further out: the same axes once a batch axis stands first.</summary>
    internal Axes Shift()
    {
        int[] shifted = Span.ToArray();
        for (int i = 0; i < shifted.Length; i++) shifted[i]++;
        return new Axes(shifted);
    }

    /// <summary>Non-negative, sorted axes of a tensor of that rank; errors name the op.</summary>
    internal Axes Resolve(string op, Shape shape)
    {
        int rank = shape.Rank;
        var result = new int[IsAll ? rank : Count];
        for (int i = 0; i < result.Length; i++)
            result[i] = IsAll ? i : Errors.Axis(op, this[i], shape);
        Array.Sort(result);
        for (int i = 1; i < result.Length; i++)
            if (result[i] == result[i - 1])
                throw Errors.Fail(op, $"axis {result[i]} is named twice in {this}. Name it once.");
        return new Axes(result);
    }
}
