// What an index of a tensor says of one axis: x[2], x[1..3], x[.., ^1, 0].
namespace Engine;

/// <summary>
/// What to take along one axis: a range, or one element, which drops the axis. Elements below 0
/// count from the end, as in NumPy: -1 is ^1, the last. (Ranges count from the end with ^ alone.)
/// </summary>
public readonly record struct AxisPart
{
    private readonly Range range;
    private readonly Index element;
    private readonly int? number;

    private AxisPart(Range range, Index element, int? number, bool isElement) =>
        (this.range, this.element, this.number, IsElement) = (range, element, number, isElement);

    /// <summary>Whether it is one element, whose axis the result lacks.</summary>
    public bool IsElement { get; }

    /// <summary>One element, from the end if it is negative.</summary>
    public static implicit operator AxisPart(int element) => new(default, default, element, true);

    /// <summary>One element.</summary>
    public static implicit operator AxisPart(Index element) => new(default, element, null, true);

    /// <summary>The elements of a range.</summary>
    public static implicit operator AxisPart(Range range) => new(range, default, null, false);

    /// <inheritdoc/>
    public override string ToString() =>
        number is { } n ? $"{n}" : IsElement ? $"{element}" : $"{range}";

    /// <summary>The elements from start to before stop that it takes of an axis.</summary>
    internal (int Start, int Stop) Of(Shape shape, int axis)
    {
        int size = shape[axis];
        if (!IsElement)
        {
            int start = range.Start.GetOffset(size), stop = range.End.GetOffset(size);
            return start >= 0 && stop <= size && start <= stop
                ? (start, stop)
                : throw Errors.Fail("Slice", $"range {this} does not lie within axis {axis} of "
                    + $"shape {shape}. Bounds must satisfy 0 <= start <= end <= {size}.");
        }
        int at = number is { } n ? n < 0 ? n + size : n : element.GetOffset(size);
        return at >= 0 && at < size
            ? (at, at + 1)
            : throw Errors.Fail("Slice", $"index {this} is outside axis {axis} of shape {shape}; "
                + (size == 0 ? "it is empty." : $"it must lie in {-size}..{size - 1}."));
    }
}
