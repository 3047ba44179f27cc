// Batching: a function of one element becomes a function of many, without a loop.
namespace Engine;

/// <summary>
/// Which axis of an argument's tensors is the batch: a number, or null for an argument all elements
/// share. The default is axis 0.
/// </summary>
public readonly record struct Axis
{
    private readonly int number;

    private Axis(int number, bool shared)
    {
        this.number = number;
        IsShared = shared;
    }

    /// <summary>Whether all elements share the argument.</summary>
    public bool IsShared { get; }

    /// <summary>The axis, negative from the end.</summary>
    public int Number => number;

    /// <summary>That axis, or shared for null.</summary>
    public static implicit operator Axis(int? axis) => new(axis ?? 0, axis is null);

    /// <inheritdoc/>
    public override string ToString() => IsShared ? "shared" : $"{number}";
}

/// <summary>
/// Turns a function of one element into a function of a batch: the batch axis is taken off every
/// tensor of the arguments, the function is traced once, and each operation runs for all elements
/// together (a per-element linear layer becomes one batched product). With <c>chunk</c> elements at
/// a time go through together, which bounds memory and changes no result's meaning; 0 is all.
/// </summary>
public static class Vmap
{
    /// <summary>f over a batch.</summary>
    public static Func<A, R> Of<A, R>(
        Func<A, R> f, Axis inAxis = default, Axis outAxis = default, int chunk = 0)
    {
        ArgumentNullException.ThrowIfNull(f);
        return a => Batching<A, R>.Run(
            f, a, _ => inAxis, [Structure.Leaves(a).Count], outAxis, chunk);
    }

    /// <summary>f over batches of two arguments.</summary>
    public static Func<A, B, R> Of<A, B, R>(
        Func<A, B, R> f, (Axis First, Axis Second) inAxes = default, Axis outAxis = default,
        int chunk = 0)
    {
        ArgumentNullException.ThrowIfNull(f);
        return (a, b) => Batching<(A, B), R>.Run(
            x => f(x.Item1, x.Item2), (a, b),
            i => i == 0 ? inAxes.First : inAxes.Second,
            [Structure.Leaves(a).Count, Structure.Leaves(b).Count], outAxis, chunk);
    }

    /// <summary>f over batches of three arguments.</summary>
    public static Func<A, B, C, R> Of<A, B, C, R>(
        Func<A, B, C, R> f, (Axis First, Axis Second, Axis Third) inAxes = default,
        Axis outAxis = default, int chunk = 0)
    {
        ArgumentNullException.ThrowIfNull(f);
        return (a, b, c) => Batching<(A, B, C), R>.Run(
            x => f(x.Item1, x.Item2, x.Item3), (a, b, c),
            i => i == 0 ? inAxes.First : i == 1 ? inAxes.Second : inAxes.Third,
            [Structure.Leaves(a).Count, Structure.Leaves(b).Count, Structure.Leaves(c).Count],
            outAxis, chunk);
    }
}
