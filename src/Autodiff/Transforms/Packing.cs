// Functions of several arguments as functions of one, the tuple of these: transforms are written
// once, for functions of one argument, and their other overloads go through here.
namespace Engine;

/// <summary>Packs arguments into a tuple and takes them out again.</summary>
internal static class Packing
{
    public static Func<(A, B), R> Packed<A, B, R>(this Func<A, B, R> f)
    {
        ArgumentNullException.ThrowIfNull(f);
        return x => f(x.Item1, x.Item2);
    }

    public static Func<(A, B, C), R> Packed<A, B, C, R>(this Func<A, B, C, R> f)
    {
        ArgumentNullException.ThrowIfNull(f);
        return x => f(x.Item1, x.Item2, x.Item3);
    }

    public static Func<(A, B, C, D), R> Packed<A, B, C, D, R>(this Func<A, B, C, D, R> f)
    {
        ArgumentNullException.ThrowIfNull(f);
        return x => f(x.Item1, x.Item2, x.Item3, x.Item4);
    }

    public static Func<A, B, R> Unpacked<A, B, R>(this Func<(A, B), R> f) => (a, b) => f((a, b));

    public static Func<A, B, C, R> Unpacked<A, B, C, R>(this Func<(A, B, C), R> f) =>
        (a, b, c) => f((a, b, c));
}
