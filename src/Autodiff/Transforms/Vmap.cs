// Batching: a function of one element becomes a function of many.
namespace Engine;

/// <summary>
/// Turns a function of one element into a function of a batch: the batch axis is taken off every
/// tensor of the arguments, the function is traced once, and each operation runs for all elements
/// together (a per-element linear layer becomes one batched product). <c>chunk</c> elements at a
/// time go through together, in a loop and then a rest, which bounds memory and changes no
/// result's meaning. With 0 shapes decide: all at once, or chunks whose tensors stay in the cache.
/// A gradient runs each chunk's forward and backward pass one after the other; only where
/// cotangents depend on what other chunks gave is the forward pass computed again.
/// In-axes and out-axes are an <see cref="Axis"/> for a whole argument or result, or
/// <see cref="Axis.By"/> its leaves' paths. A result that no element changes may be shared.
/// </summary>
public static class Vmap
{
    /// <summary>f over a batch.</summary>
    public static Func<A, R> Of<A, R>(
        Func<A, R> f, Axis inAxis = default, Axis outAxis = default, int chunk = 0)
    {
        ArgumentNullException.ThrowIfNull(f);
        return a => Batching.Run(
            f, a, [new(inAxis, Structure.Paths(a))], outAxis, chunk);
    }

    /// <summary>f over batches of two arguments.</summary>
    public static Func<A, B, R> Of<A, B, R>(
        Func<A, B, R> f, (Axis First, Axis Second) inAxes = default, Axis outAxis = default,
        int chunk = 0)
    {
        var packed = f.Packed();
        return (a, b) => Batching.Run(
            packed, (a, b),
            [new(inAxes.First, Structure.Paths(a)), new(inAxes.Second, Structure.Paths(b))],
            outAxis, chunk);
    }

    /// <summary>f over batches of three arguments.</summary>
    public static Func<A, B, C, R> Of<A, B, C, R>(
        Func<A, B, C, R> f, (Axis First, Axis Second, Axis Third) inAxes = default,
        Axis outAxis = default, int chunk = 0)
    {
        var packed = f.Packed();
        return (a, b, c) => Batching.Run(
            packed, (a, b, c),
            [
                new(inAxes.First, Structure.Paths(a)), new(inAxes.Second, Structure.Paths(b)),
                new(inAxes.Third, Structure.Paths(c)),
            ],
            outAxis, chunk);
    }
}
