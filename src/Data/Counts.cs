// The numbers that the ways and the shots of tasks are drawn from.
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Engine.Data;

/// <summary>
/// One number, or several of which one is drawn, each equally likely: <c>5</c>,
/// <c>[5, 10, 20]</c> or <c>Counts.Between(5, 20)</c>.
/// </summary>
[CollectionBuilder(typeof(Counts), nameof(Of))]
public sealed class Counts : IEquatable<Counts>
{
    private Counts(ImmutableArray<int> values) => Values = values;

    /// <summary>The numbers, ascending, each once.</summary>
    public ImmutableArray<int> Values { get; }

    /// <summary>The smallest.</summary>
    public int Least => Values[0];

    /// <summary>The largest.</summary>
    public int Most => Values[^1];

    /// <summary>Whether there is more than one.</summary>
    public bool Vary => Values.Length > 1;

    /// <summary>Always this number.</summary>
    public static implicit operator Counts(int value) => new([value]);

    /// <summary>One of these numbers.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public static Counts Of(ReadOnlySpan<int> values) => values.IsEmpty
        ? throw new ArgumentException("Counts: there is no number to draw; name at least one.")
        : new([.. values.ToArray().Distinct().Order()]);

    /// <summary>One of the numbers from least to most, both included.</summary>
    /// <exception cref="ArgumentException">The least is above the most.</exception>
    public static Counts Between(int least, int most)
    {
        if (least > most)
        {
            throw new ArgumentException(
                $"Counts: {least} to {most} holds no number; name the smaller one first.");
        }

        return new([.. Enumerable.Range(least, most - least + 1)]);
    }

    /// <summary>One of the numbers, drawn.</summary>
    public int Draw(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return Values[random.Below(Values.Length)];
    }

    /// <summary>Goes over the numbers, ascending.</summary>
    public ImmutableArray<int>.Enumerator GetEnumerator() => Values.GetEnumerator();

    /// <summary>Whether these are the same numbers.</summary>
    public bool Equals(Counts? other) => other is not null && Values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Counts);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        Values.Aggregate(0, (hash, value) => HashCode.Combine(hash, value));

    /// <summary>Such as "5" or "5, 10 or 20".</summary>
    public override string ToString() => Vary
        ? string.Join(", ", Values[..^1]) + " or " + Values[^1]
        : Values[0].ToString();
}
