// The element types of npy files that are read, and how they become tensors.
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Engine.Data;

internal static class NpyElements
{
    private delegate Tensor Reader(ReadOnlySpan<byte> bytes, Shape shape);

    private static readonly Dictionary<string, Reader> Readers = new()
    {
        ["b1"] = (bytes, shape) => Tensor.FromRaw(bytes, shape, DType.Bool),
        ["i1"] = Widen<sbyte, int>,
        ["i2"] = Widen<short, int>,
        ["i4"] = (bytes, shape) => Tensor.FromRaw(bytes, shape, DType.Int32),
        ["i8"] = (bytes, shape) => Tensor.FromRaw(bytes, shape, DType.Int64),
        ["u1"] = Widen<byte, int>,
        ["u2"] = Widen<ushort, int>,
        ["u4"] = Widen<uint, long>,
        ["f2"] = Widen<Half, float>,
        ["f4"] = (bytes, shape) => Tensor.FromRaw(bytes, shape, DType.Float32),
        ["f8"] = (bytes, shape) => Tensor.FromRaw(bytes, shape, DType.Float64),
    };

    public static bool IsKnown(string code) => Readers.ContainsKey(code);

    /// <summary>The dtype as NumPy writes it.</summary>
    public static string Descr(DType type) => type switch
    {
        DType.Float32 => "<f4",
        DType.Float64 => "<f8",
        DType.Int32 => "<i4",
        DType.Int64 => "<i8",
        _ => "|b1",
    };

    /// <summary>A tensor of little-endian elements in row-major order.</summary>
    public static Tensor ToTensor(string code, ReadOnlySpan<byte> bytes, int[] sizes) =>
        Readers[code](bytes, sizes);

    /// <summary>Reverses the bytes of each element.</summary>
    public static void SwapBytes(Span<byte> bytes, int size)
    {
        if (size == 2) Swap<short>(bytes, BinaryPrimitives.ReverseEndianness);
        if (size == 4) Swap<int>(bytes, BinaryPrimitives.ReverseEndianness);
        if (size == 8) Swap<long>(bytes, BinaryPrimitives.ReverseEndianness);
    }

    private static void Swap<T>(Span<byte> bytes, Func<T, T> reverse) where T : unmanaged
    {
        Span<T> elements = MemoryMarshal.Cast<byte, T>(bytes);
        for (int i = 0; i < elements.Length; i++) elements[i] = reverse(elements[i]);
    }

    private static Tensor Widen<T, TWide>(ReadOnlySpan<byte> bytes, Shape shape)
        where T : unmanaged, INumber<T> where TWide : unmanaged, INumber<TWide>
    {
        ReadOnlySpan<T> from = MemoryMarshal.Cast<byte, T>(bytes);
        var to = new TWide[from.Length];
        for (int i = 0; i < to.Length; i++) to[i] = TWide.CreateChecked(from[i]);
        return Tensor.From(to, shape);
    }
}
