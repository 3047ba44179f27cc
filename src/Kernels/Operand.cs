// What kernels read and write: a view of a buffer. Above this assembly a buffer is opaque; only the
// backend that made it knows where its bytes are.
namespace Engine.Kernels;

/// <summary>
/// Memory of one device. Its size is rounded up to 64 bytes and at least 256 readable bytes follow
/// it, so whole vectors may be loaded and stored at the end of any contiguous view that ends there.
/// </summary>
public abstract class DeviceBuffer
{
    /// <summary>Usable bytes.</summary>
    public abstract long Bytes { get; }
}

/// <summary>A typed, strided view of a buffer; <paramref name="Offset"/> is in elements.</summary>
public readonly record struct Operand(DeviceBuffer Buffer, long Offset, DType Type, Layout Layout);
