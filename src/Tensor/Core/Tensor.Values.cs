// Reading values: what makes lazy tensors be computed.
using System.Runtime.InteropServices;

namespace Engine;

public sealed partial class Tensor
{
    /// <summary>Computes the value now and returns this tensor.</summary>
    public Tensor Eval()
    {
        if (state.Value is null) Evaluator.Evaluate([this], keep: true);
        return this;
    }

    /// <summary>Computes all the values in one plan.</summary>
    public static void Eval(params ReadOnlySpan<Tensor> tensors) =>
        Evaluator.Evaluate(tensors, keep: true);

    /// <summary>The one element, as the type that stores it (float for float32, ...).</summary>
    public T Item<T>() where T : unmanaged
    {
        if (Count != 1)
            throw Errors.Fail("Item", $"shape {Shape} has {Count} elements, not one. Index or "
                + "reduce it first, or use ToArray.");
        return ToArray<T>()[0];
    }

    /// <summary>The one element as a double, whatever the dtype.</summary>
    public double Item() => DType switch
    {
        DType.Float32 => Item<float>(),
        DType.Float64 => Item<double>(),
        DType.Int32 => Item<int>(),
        DType.Int64 => Item<long>(),
        _ => Item<bool>() ? 1 : 0,
    };

    /// <summary>
    /// The elements in row-major order, as the type that stores them: float for float32, double,
    /// int, long or bool.
    /// </summary>
    public T[] ToArray<T>() where T : unmanaged
    {
        if (DTypes.Of<T>() != DType)
            throw Errors.Fail("ToArray", $"elements of {DType.Name()} {Shape} are not "
                + $"{typeof(T).Name}. Use the type that stores them, or Cast first.");
        var result = new T[Count];
        CopyBytes(MemoryMarshal.AsBytes(result.AsSpan()));
        return result;
    }

    /// <summary>
    /// The elements in row-major order as raw little-endian bytes, as files hold them.
    /// </summary>
    public byte[] ToRaw()
    {
        var bytes = new byte[Count * DType.Size()];
        CopyBytes(bytes);
        return bytes;
    }

    /// <summary>The elements in row-major order as doubles, whatever the dtype.</summary>
    public double[] ToDoubles() => Cast(DType.Float64).ToArray<double>();

    /// <summary>
    /// Where the value is or will be computed. What is made of no data (zeros, counters, numbers,
    /// keys) belongs to no device: its value is on the CPU unless the device of its first use is
    /// known, and goes to any other that needs it while it is small (64 KiB).
    /// </summary>
    public Device Device
    {
        get
        {
            if (home is not null) return home;
            var walk = new GraphWalk<Tensor>([this]);
            while (walk.Next(out Tensor? tensor))
            {
                NodeState now = tensor.state;
                if (now.Value is { } value) return value.Storage.Device;
                walk.Add(now.Inputs);
            }
            return Device.Cpu;
        }
    }

    /// <summary>
    /// The tensor in memory of its own; itself if a transform traces it, in which memory has no
    /// owner. What takes no memory is made anew.
    /// </summary>
    internal Tensor Copied()
    {
        if (Traced || IsOpen) return this;
        if (state is { Value: null, Primitive: { } made } old
            && (IsSymbolicZero || ConstantValue is not null))
            return Apply(made, old.Inputs);
        byte[] bytes = ToRaw();
        return FromBytes(bytes, Shape, DType, Device, free: home is null);
    }

    /// <summary>Evaluates and copies the raw elements.</summary>
    internal void CopyBytes(Span<byte> target)
    {
        Value value = Eval().state.Value!;
        value.Storage.CopyTo(target);
    }
}
