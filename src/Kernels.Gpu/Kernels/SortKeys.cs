// What is sorted by: unsigned integers in the order of the numbers, NaN last. -0 and 0 are equal,
// and so are all NaN: a stable sort leaves them as they stand.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>The key of an element of a row.</summary>
public interface ISortKeys<TSelf> where TSelf : struct, ISortKeys<TSelf>
{
    /// <summary>Key of element i of a row; asked for once.</summary>
    static abstract ulong At(TSelf keys, long row, long i);
}

/// <summary>float32 numbers, rows contiguous.</summary>
public struct Float32Keys : ISortKeys<Float32Keys>
{
    /// <summary>The numbers.</summary>
    public ArrayView<float> X;

    /// <summary>Elements of a row.</summary>
    public long Length;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong At(Float32Keys keys, long row, long i)
    {
        uint bits = Interop.FloatAsInt(keys.X[row * keys.Length + i]);
        uint size = bits & 0x7fffffff;
        if (size > 0x7f800000) return ulong.MaxValue;
        return bits == size ? 0x80000000UL + size : 0x80000000UL - size;
    }
}

/// <summary>float64 numbers, rows contiguous.</summary>
public struct Float64Keys : ISortKeys<Float64Keys>
{
    /// <summary>The numbers.</summary>
    public ArrayView<double> X;

    /// <summary>Elements of a row.</summary>
    public long Length;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong At(Float64Keys keys, long row, long i)
    {
        ulong bits = Interop.FloatAsInt(keys.X[row * keys.Length + i]);
        ulong size = bits & 0x7fffffffffffffff;
        if (size > 0x7ff0000000000000) return ulong.MaxValue;
        return bits == size ? 0x8000000000000000 + size : 0x8000000000000000 - size;
    }
}

/// <summary>int32 numbers, rows contiguous.</summary>
public struct Int32Keys : ISortKeys<Int32Keys>
{
    /// <summary>The numbers.</summary>
    public ArrayView<int> X;

    /// <summary>Elements of a row.</summary>
    public long Length;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong At(Int32Keys keys, long row, long i) =>
        (ulong)(keys.X[row * keys.Length + i] + 0x80000000L);
}

/// <summary>int64 numbers, rows contiguous.</summary>
public struct Int64Keys : ISortKeys<Int64Keys>
{
    /// <summary>The numbers.</summary>
    public ArrayView<long> X;

    /// <summary>Elements of a row.</summary>
    public long Length;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong At(Int64Keys keys, long row, long i) =>
        (ulong)keys.X[row * keys.Length + i] ^ 0x8000000000000000;
}

/// <summary>Row numbers; those outside are noted and come last.</summary>
public struct PlaceKeys<TPlaces> : ISortKeys<PlaceKeys<TPlaces>>
    where TPlaces : struct, IPlaces<TPlaces>
{
    /// <summary>The numbers.</summary>
    public TPlaces Index;

    /// <summary>Rows there are, and indices of a batch.</summary>
    public long Rows, Indices;

    /// <summary>Where a bad index is noted.</summary>
    public IndexNotes Notes;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong At(PlaceKeys<TPlaces> keys, long row, long i)
    {
        long index = TPlaces.At(keys.Index, row, i);
        if (index >= 0 && index < keys.Rows) return (ulong)index;
        IndexNotes.Bad(keys.Notes, row * keys.Indices + i, index);
        return ulong.MaxValue;
    }
}
