// How a reduction combines what it reads: sums, maxima, minima and the first maximum. A thread
// takes a few values at a time as they are and joins these blocks as parts, which hold more: sums
// of float32 have parts of float64, so that many values lose no more than few.
using System.Runtime.CompilerServices;

namespace Engine.Kernels.Gpu;

/// <summary>A way to fold values to a result, by parts.</summary>
public interface IFold<TSelf, TValue, TPart>
    where TSelf : unmanaged, IFold<TSelf, TValue, TPart>
    where TValue : unmanaged where TPart : unmanaged
{
    /// <summary>The value of a block of nothing.</summary>
    static abstract TValue Start { get; }

    /// <summary>A block with one value more.</summary>
    static abstract TValue Take(TValue block, TValue value);

    /// <summary>A block as a part.</summary>
    static abstract TPart Part(TValue block);

    /// <summary>Two parts, the earlier first.</summary>
    static abstract TPart Join(TPart a, TPart b);

    /// <summary>The result of all parts.</summary>
    static abstract TValue Result(TPart part);
}

/// <summary>The sum, of float64 and of integers, which wrap.</summary>
public readonly struct Sum<TNumbers, T> : IFold<Sum<TNumbers, T>, T, T>
    where TNumbers : unmanaged, INumbers<TNumbers, T> where T : unmanaged
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <inheritdoc/>
    public static T Start
    {
        [MethodImpl(Inline)]
        get => TNumbers.Zero;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static T Take(T block, T value) => TNumbers.Add(block, value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static T Part(T block) => block;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static T Join(T a, T b) => TNumbers.Add(a, b);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static T Result(T part) => part;
}

/// <summary>The sum of float32, its parts in float64.</summary>
public readonly struct SumFloat32 : IFold<SumFloat32, float, double>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <inheritdoc/>
    public static float Start
    {
        [MethodImpl(Inline)]
        get => 0;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static float Take(float block, float value) => Ieee.Add(block, value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static double Part(float block) => block;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static double Join(double a, double b) => Ieee.Add(a, b);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static float Result(double part) => (float)part;
}

/// <summary>The largest; NaN if any is.</summary>
public readonly struct Largest<TNumbers, T> : IFold<Largest<TNumbers, T>, T, T>
    where TNumbers : unmanaged, INumbers<TNumbers, T> where T : unmanaged
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <inheritdoc/>
    public static T Start
    {
        [MethodImpl(Inline)]
        get => TNumbers.Lowest;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static T Take(T block, T value) => TNumbers.Max(block, value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static T Part(T block) => block;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static T Join(T a, T b) => TNumbers.Max(a, b);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static T Result(T part) => part;
}

/// <summary>The smallest; NaN if any is.</summary>
public readonly struct Smallest<TNumbers, T> : IFold<Smallest<TNumbers, T>, T, T>
    where TNumbers : unmanaged, INumbers<TNumbers, T> where T : unmanaged
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <inheritdoc/>
    public static T Start
    {
        [MethodImpl(Inline)]
        get => TNumbers.Highest;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static T Take(T block, T value) => TNumbers.Min(block, value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static T Part(T block) => block;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static T Join(T a, T b) => TNumbers.Min(a, b);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static T Result(T part) => part;
}

/// <summary>A number and where it stands.</summary>
public struct Placed<T>(T value, long place) where T : unmanaged
{
    /// <summary>The number.</summary>
    public T Value = value;

    /// <summary>Its position; the largest long where there is none yet.</summary>
    public long Place = place;
}

/// <summary>The first of the largest; a NaN is larger than all.</summary>
public readonly struct FirstLargest<TNumbers, T>
    : IFold<FirstLargest<TNumbers, T>, Placed<T>, Placed<T>>
    where TNumbers : unmanaged, INumbers<TNumbers, T> where T : unmanaged
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <inheritdoc/>
    public static Placed<T> Start
    {
        [MethodImpl(Inline)]
        get => new(TNumbers.Lowest, long.MaxValue);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Placed<T> Take(Placed<T> block, Placed<T> value) => Join(block, value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Placed<T> Part(Placed<T> block) => block;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Placed<T> Join(Placed<T> a, Placed<T> b)
    {
        bool unordered = TNumbers.IsNaN(b.Value);
        bool larger = unordered ? !TNumbers.IsNaN(a.Value) : TNumbers.Less(a.Value, b.Value);
        bool smaller = unordered
            ? false : TNumbers.IsNaN(a.Value) || TNumbers.Less(b.Value, a.Value);
        bool second = larger || (!smaller && b.Place < a.Place);
        return new(second ? b.Value : a.Value, second ? b.Place : a.Place);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Placed<T> Result(Placed<T> part) => part;
}
