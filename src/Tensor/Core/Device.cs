// Where tensors live. There is no global device: tensors are made on the CPU and moved with To.
using Engine.Kernels;

namespace Engine;

/// <summary>A device that holds tensors and computes on them.</summary>
public sealed class Device
{
    /// <summary>A device over a backend.</summary>
    public Device(IBackend backend)
    {
        ArgumentNullException.ThrowIfNull(backend);
        Backend = backend;
        Memory = new DeviceMemory(backend);
    }

    /// <summary>The process's CPU.</summary>
    public static Device Cpu { get; } = new(CpuBackend.Default);

    /// <summary>The kernels behind the device.</summary>
    public IBackend Backend { get; }

    /// <summary>The memory that results own there.</summary>
    internal DeviceMemory Memory { get; }

    /// <inheritdoc/>
    public override string ToString() => Backend.Name;
}
