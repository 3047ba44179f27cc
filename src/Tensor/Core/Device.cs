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
    }

    /// <summary>The process's CPU.</summary>
    public static Device Cpu { get; } = new(CpuBackend.Default);

    /// <summary>The kernels behind the device.</summary>
    public IBackend Backend { get; }

    /// <inheritdoc/>
    public override string ToString() => Backend.Name;
}
