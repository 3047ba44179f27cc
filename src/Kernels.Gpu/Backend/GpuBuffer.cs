// Memory of a device, from ILGPU.
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Gpu;

/// <summary>A block of a device's memory.</summary>
internal sealed class GpuBuffer(
    GpuBackend owner, MemoryBuffer1D<byte, Stride1D.Dense> memory, long bytes) : DeviceBuffer
{
    /// <summary>
    /// Readable bytes behind the usable ones, as <see cref="DeviceBuffer"/> promises.
    /// </summary>
    public const long Slack = 256;

    public GpuBackend Owner => owner;

    public MemoryBuffer1D<byte, Stride1D.Dense> Memory => memory;

    public override long Bytes => bytes;

    /// <summary>The whole block as elements of a type.</summary>
    public ArrayView<T> As<T>() where T : unmanaged => memory.View.AsContiguous().Cast<T>();
}
