// Which axis is the batch: what Vmap asks of every argument and result.
namespace Engine;

/// <summary>
/// Which axis of an argument's or a result's tensors is the batch: a number, negative from the end;
/// <see cref="Shared"/> for what all elements share; or <see cref="By"/> for an answer leaf by
/// leaf. The default is axis 0.
/// </summary>
public readonly record struct Axis
{
    private readonly Func<string, int?>? byPath;

    private Axis(int number, bool shared, Func<string, int?>? byPath = null)
    {
        Number = number;
        IsShared = shared;
        this.byPath = byPath;
    }

    /// <summary>No batch axis: all elements share the value.</summary>
    public static Axis Shared { get; } = new(0, true);

    /// <summary>
    /// An axis for each leaf by its path, such as "Hidden.Weight", null for one all elements share.
    /// A lone tensor has the path "", parts of a tuple are Item1, Item2, ..., of an array 0, 1, ...
    /// </summary>
    public static Axis By(Func<string, int?> axisOf)
    {
        ArgumentNullException.ThrowIfNull(axisOf);
        return new(0, false, axisOf);
    }

    /// <summary>Whether all elements share the value.</summary>
    public bool IsShared { get; }

    /// <summary>The axis, negative from the end.</summary>
    public int Number { get; }

    /// <summary>That axis, or shared for null.</summary>
    public static implicit operator Axis(int? axis) => new(axis ?? 0, axis is null);

    /// <inheritdoc/>
    public override string ToString() =>
        byPath is not null ? "by path" : IsShared ? "shared" : $"{Number}";

    /// <summary>The axis of the leaf at a path.</summary>
    internal Axis At(string path) => byPath is null ? this : byPath(path);
}
