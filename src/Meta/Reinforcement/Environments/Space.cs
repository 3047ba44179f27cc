// What observations and actions are made of.
using System.Collections.Immutable;

namespace Engine.Meta;

/// <summary>
/// The values that observations or actions may have: a box of real numbers, or one of a number of
/// choices.
/// </summary>
public sealed class Space
{
    private Space(ImmutableArray<double> low, ImmutableArray<double> high, int choices)
    {
        (Low, High, Choices) = (low, high, choices);
    }

    /// <summary>The lowest value of each number.</summary>
    public ImmutableArray<double> Low { get; }

    /// <summary>The highest value of each number.</summary>
    public ImmutableArray<double> High { get; }

    /// <summary>The number of choices 0, 1, ...; 0 for a box.</summary>
    public int Choices { get; }

    /// <summary>How many numbers a value has; a choice is one number.</summary>
    public int Size => Low.Length;

    /// <summary>That many numbers, each within the same bounds, which may be infinite.</summary>
    public static Space Box(int size, double low, double high)
    {
        if (size < 1 || !(low < high))
            throw new EngineException($"Space: a box of {size} numbers between {low} and {high} is "
                + "empty. Give at least one number and low < high.");
        return new(
            [.. Enumerable.Repeat(low, size)], [.. Enumerable.Repeat(high, size)], choices: 0);
    }

    /// <summary>One of the choices 0 .. <paramref name="choices"/> - 1.</summary>
    public static Space Discrete(int choices)
    {
        if (choices < 1)
            throw new EngineException($"Space: {choices} choices. Give at least one.");
        return new([0], [choices - 1], choices);
    }

    /// <summary>Whether a value has the right size, lies within the bounds, is a choice.</summary>
    public bool Contains(ReadOnlySpan<double> value)
    {
        if (value.Length != Size) return false;
        for (int i = 0; i < value.Length; i++)
        {
            // Written so that NaN is outside.
            if (!(value[i] >= Low[i] && value[i] <= High[i])) return false;
            if (Choices > 0 && value[i] != Math.Floor(value[i])) return false;
        }
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        Choices > 0 ? $"one of {Choices} choices" : $"{Size} numbers in {Low[0]} .. {High[0]}";
}
