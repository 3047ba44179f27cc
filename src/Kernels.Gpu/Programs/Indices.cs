// Where the i-th element of a view lies, i counted in row-major order. Each way to find it is a
// type of its own, so that a kernel has only the arithmetic that its operands need.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels.Gpu;

/// <summary>From the number of an element to its place in the buffer.</summary>
public interface IIndex<TSelf> where TSelf : unmanaged, IIndex<TSelf>
{
    /// <summary>The place of element <paramref name="i"/>, in elements.</summary>
    static abstract long At(TSelf index, long i);
}

// ILGPU takes two structs for one type if their fields are the same once nested structs are spread
// out: (Dense, Strided1) and (Strided1, Dense) were, while Dense had one field and Strided1 two. So
// the first three have the same fields, and the last begins with one that no other has there.

/// <summary>All elements are one.</summary>
public struct Uniform : IIndex<Uniform>
{
    /// <summary>Where it lies; the stride is 0.</summary>
    public long Offset, Stride;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long At(Uniform index, long i) => index.Offset;
}

/// <summary>One after another.</summary>
public struct Dense : IIndex<Dense>
{
    /// <summary>Where the first lies; the stride is 1.</summary>
    public long Offset, Stride;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long At(Dense index, long i) => index.Offset + i;
}

/// <summary>One axis at a stride.</summary>
public struct Strided1 : IIndex<Strided1>
{
    /// <summary>Where the first lies, and how far apart they are.</summary>
    public long Offset, Stride;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long At(Strided1 index, long i) => index.Offset + i * index.Stride;
}

/// <summary>
/// An axis of a view of less than 2^31 elements. The quotient by its size is (i Magic) >> Shift
/// with Magic = ceil(2^Shift / Size) and Shift = 31 + ceil(log2 Size) (Granlund and Montgomery,
/// 1994): a division takes some twenty times as long.
/// </summary>
public struct Axis
{
    /// <summary>Elements along it, and the factor in place of a division by them.</summary>
    public uint Size, Magic;

    /// <summary>Bits to drop from the product.</summary>
    public long Shift;

    /// <summary>How far apart they are.</summary>
    public long Stride;

    /// <summary>An axis.</summary>
    public static Axis Of(long size, long stride)
    {
        int bits = 64 - BitOperations.LeadingZeroCount((ulong)Math.Max(0, size - 1));
        int shift = 31 + bits;
        ulong magic = (ulong)((((UInt128)1 << shift) + (ulong)size - 1) / (ulong)size);
        return new() { Size = (uint)size, Magic = (uint)magic, Shift = shift, Stride = stride };
    }

    /// <summary>
    /// Adds what the axis contributes to the place, and leaves in <paramref name="i"/> the number
    /// of the element on the axes outside of it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Take(Axis axis, ref uint i)
    {
        uint outer = (uint)(((ulong)i * axis.Magic) >> (int)axis.Shift);
        long place = (i - outer * axis.Size) * axis.Stride;
        i = outer;
        return place;
    }
}

/// <summary>Two axes, the innermost first.</summary>
public struct Strided2 : IIndex<Strided2>
{
    /// <summary>Where the first lies, and the stride of the outermost axis.</summary>
    public long Offset, Stride;

    /// <summary>The innermost axis.</summary>
    public Axis First;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long At(Strided2 index, long i)
    {
        uint rest = (uint)i;
        long place = index.Offset + Axis.Take(index.First, ref rest);
        return place + rest * index.Stride;
    }
}

/// <summary>Three axes, the innermost first.</summary>
public struct Strided3 : IIndex<Strided3>
{
    /// <summary>Where the first lies, and the stride of the outermost axis.</summary>
    public long Offset, Stride;

    /// <summary>The inner axes.</summary>
    public Axis First, Second;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long At(Strided3 index, long i)
    {
        uint rest = (uint)i;
        long place = index.Offset + Axis.Take(index.First, ref rest);
        place += Axis.Take(index.Second, ref rest);
        return place + rest * index.Stride;
    }
}

/// <summary>Up to six axes, the innermost first; those that are not there have size 1.</summary>
public struct Strided6 : IIndex<Strided6>
{
    /// <summary>Where the first lies, and the stride of the outermost axis.</summary>
    public long Offset, Stride;

    /// <summary>The inner axes.</summary>
    public Axis First, Second, Third, Fourth, Fifth;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long At(Strided6 index, long i)
    {
        uint rest = (uint)i;
        long place = index.Offset + Axis.Take(index.First, ref rest);
        place += Axis.Take(index.Second, ref rest);
        place += Axis.Take(index.Third, ref rest);
        place += Axis.Take(index.Fourth, ref rest);
        place += Axis.Take(index.Fifth, ref rest);
        return place + rest * index.Stride;
    }
}

/// <summary>
/// As <see cref="Strided6"/> for views of 2^31 elements and more, by divisions of 64 bits.
/// </summary>
public struct Large6 : IIndex<Large6>
{
    /// <summary>Sets the type apart.</summary>
    public int Unused;

    /// <summary>Where the first lies, and the stride of the outermost axis.</summary>
    public long Offset, Stride;

    /// <summary>Sizes of the inner axes.</summary>
    public long N1, N2, N3, N4, N5;

    /// <summary>Strides of the inner axes.</summary>
    public long S1, S2, S3, S4, S5;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long At(Large6 index, long i)
    {
        long place = index.Offset + Take(index.N1, index.S1, ref i);
        place += Take(index.N2, index.S2, ref i);
        place += Take(index.N3, index.S3, ref i);
        place += Take(index.N4, index.S4, ref i);
        place += Take(index.N5, index.S5, ref i);
        return place + i * index.Stride;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Take(long size, long stride, ref long i)
    {
        long outer = i / size, place = (i - outer * size) * stride;
        i = outer;
        return place;
    }
}
