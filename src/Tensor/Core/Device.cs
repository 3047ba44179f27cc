// Where tensors live. There is no global device: data is made on the CPU and moved with To. What is
// made of no data (zeros, counters, numbers, keys) has no place: it goes where it is needed. The
// core knows of no device but the CPU: an assembly that brings another makes a Device over its
// backend, once, as devices are told apart by identity.
using Engine.Kernels;

namespace Engine;

/// <summary>A device that holds tensors and computes on them.</summary>
public sealed class Device
{
    /// <summary>
    /// A device over a backend, with a name for people such as "gpu:0"; without one, the backend's.
    /// Another device over the same backend is another device.
    /// </summary>
    public Device(IBackend backend, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(backend);
        Backend = backend;
        Memory = new DeviceMemory(backend);
        Name = name ?? backend.Name;
    }

    /// <summary>The process's CPU.</summary>
    public static Device Cpu { get; } = new(CpuBackend.Default);

    /// <summary>The kernels behind the device.</summary>
    public IBackend Backend { get; }

    /// <summary>The memory that results own there.</summary>
    internal DeviceMemory Memory { get; }

    /// <summary>Name for people.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
