// Memory that results own. Users never dispose anything: the owner's finaliser gives the block back
// to the device's pool, and growth triggers a collection first, so that dead results are reused
// (see DeviceMemory).
using Engine.Kernels;

namespace Engine;

/// <summary>Owner of a device buffer; gives it back when nothing refers to it any more.</summary>
internal sealed class Storage
{
    private readonly long bytes;
    private int owners;

    public Storage(Device device, long bytes)
    {
        this.bytes = bytes;
        Device = device;
        Buffer = device.Memory.RentOwned(bytes);
    }

    ~Storage()
    {
        if (Buffer is null) return; // renting it failed
        Device.Memory.ReturnOwned(Buffer, bytes);
    }

    public Device Device { get; }

    public DeviceBuffer Buffer { get; }

    /// <summary>
    /// Copies the first bytes to the host; a wrong index that the device found meanwhile is thrown
    /// as the operation's error.
    /// </summary>
    public void CopyTo(Span<byte> target)
    {
        try
        {
            Device.Backend.Download(Buffer, 0, target);
        }
        catch (LateIndexException e)
        {
            throw new EngineException(e.Message, e);
        }
        GC.KeepAlive(this);
    }

    /// <summary>Called for each tensor that the value is published to.</summary>
    public void AddOwner() => Interlocked.Increment(ref owners);

    /// <summary>
    /// Called for each tensor that gives its value away; after the last one the block goes back to
    /// the pool at once.
    /// </summary>
    public void RemoveOwner()
    {
        if (Interlocked.Decrement(ref owners) != 0) return;
        GC.SuppressFinalize(this);
        Device.Memory.ReturnOwned(Buffer, bytes);
    }
}

/// <summary>A computed value: row-major from the storage's first byte on.</summary>
internal sealed record Value(Storage Storage)
{
    /// <summary>Raw elements, copied to a device.</summary>
    public static Value Of(ReadOnlySpan<byte> bytes, Device device)
    {
        var storage = new Storage(device, bytes.Length);
        device.Backend.Upload(bytes, storage.Buffer, 0);
        return new Value(storage);
    }
}
