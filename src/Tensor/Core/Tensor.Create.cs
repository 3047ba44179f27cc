// Making tensors from C# values, and constants that take no memory.
using System.Runtime.InteropServices;

namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// A tensor of the values in row-major order; T is float, double, int, long or bool. Without a
    /// shape it has one axis. The values are copied to the CPU's memory; <see cref="To"/> moves
    /// them.
    /// </summary>
    public static Tensor From<T>(ReadOnlySpan<T> values, Shape? shape = null) where T : unmanaged
    {
        DType type = DTypes.Of<T>();
        Shape to = shape ?? values.Length;
        if (to.Count != values.Length)
            throw Errors.Fail("From", $"shape {to} needs {to.Count} values, but got "
                + $"{values.Length}. Give as many values as the sizes multiply to.");
        return FromBytes(MemoryMarshal.AsBytes(values), to, type);
    }

    /// <inheritdoc cref="From{T}(ReadOnlySpan{T}, Shape?)"/>
    public static Tensor From<T>(T[] values, Shape? shape = null) where T : unmanaged =>
        From((ReadOnlySpan<T>)values, shape);

    /// <summary>A scalar tensor: a number, which belongs to no device.</summary>
    public static Tensor Scalar<T>(T value) where T : unmanaged => Free([value], Shape.Of());

    /// <summary>A few numbers that belong to no device: they go where they are needed.</summary>
    internal static Tensor Free<T>(ReadOnlySpan<T> values, Shape shape) where T : unmanaged =>
        FromBytes(MemoryMarshal.AsBytes(values), shape, DTypes.Of<T>(), free: true);

    /// <summary>A matrix of the values.</summary>
    public static Tensor From<T>(T[,] values) where T : unmanaged
    {
        var flat = new T[values.Length];
        int i = 0;
        foreach (T value in values) flat[i++] = value;
        return From(flat, [values.GetLength(0), values.GetLength(1)]);
    }

    /// <summary>The value everywhere.</summary>
    public static Tensor Full(Shape shape, double value, DType type = DType.Float32) =>
        Apply(new Constant(type, Constant.ToBits("Full", value, type))).ExpandTo(shape);

    /// <inheritdoc cref="Full(Shape, double, DType)"/>
    public static Tensor Full(Shape shape, long value, DType type = DType.Float32) =>
        Apply(new Constant(type, Constant.ToBits("Full", value, type))).ExpandTo(shape);

    /// <summary>Zeros.</summary>
    public static Tensor Zeros(Shape shape, DType type = DType.Float32) => Full(shape, 0, type);

    /// <summary>Ones.</summary>
    public static Tensor Ones(Shape shape, DType type = DType.Float32) => Full(shape, 1, type);

    /// <summary>0, 1, ..., count-1.</summary>
    public static Tensor Arange(int count, DType type = DType.Int64)
    {
        if (count < 0) throw Errors.Fail("Arange", $"cannot make {count} numbers. Give 0 or more.");
        return Apply(new Iota(count)).Cast(type);
    }

    /// <summary>The identity matrix (n, n).</summary>
    public static Tensor Eye(int n, DType type = DType.Float32) => Arange(n).OneHot(n, type);

    /// <summary>
    /// Zeros of the tensor's shape and dtype that say so (<see cref="IsSymbolicZero"/>), as the
    /// gradients of frozen leaves do: optimisers skip them, and they take no memory.
    /// </summary>
    public static Tensor SymbolicZero(Tensor like)
    {
        ArgumentNullException.ThrowIfNull(like);
        return Apply(new SymbolicZero(like.Shape, like.DType));
    }

    /// <summary>
    /// A tensor of raw little-endian elements as files hold them; masks are bytes of 0 and 1.
    /// </summary>
    public static Tensor FromRaw(ReadOnlySpan<byte> bytes, Shape shape, DType type)
    {
        if (bytes.Length != shape.Count * type.Size())
            throw Errors.Fail("FromRaw", $"{type.Name()} {shape} takes {shape.Count * type.Size()} "
                + $"bytes, but got {bytes.Length}.");
        if (type == DType.Bool && bytes.IndexOfAnyExceptInRange((byte)0, (byte)1) >= 0)
            throw Errors.Fail("FromRaw", $"bool {shape} holds a byte other than 0 and 1.");
        return FromBytes(bytes, shape, type);
    }

    /// <summary>
    /// A tensor of raw elements on a device, the CPU if none is given; <paramref name="free"/> if
    /// it does not belong there.
    /// </summary>
    internal static Tensor FromBytes(
        ReadOnlySpan<byte> bytes, Shape shape, DType type, Device? device = null,
        bool free = false)
    {
        Tensor tensor = Ready(shape, type, Value.Of(bytes, device ?? Device.Cpu));
        if (free) tensor.home = null;
        return tensor;
    }
}
