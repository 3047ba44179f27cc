// Memory that results own. Users never dispose anything: the owner's finaliser gives the block back
// to the device's pool, and growth triggers a collection first, so that dead results are reused.
using Engine.Kernels;

namespace Engine;

/// <summary>Owner of a device buffer; gives it back when nothing refers to it any more.</summary>
internal sealed class Storage
{
    // Native bytes are invisible to the garbage collector. Before the bytes owned grow past twice
    // what survived the last collection (and 64 MB more), collect once: dead owners give back.
    private const long Step = 64L << 20;
    private static long owned;
    private static long collectAt = Step;

    private readonly long bytes;
    private int owners;

    public Storage(Device device, long bytes)
    {
        this.bytes = bytes;
        Device = device;
        if (Interlocked.Add(ref owned, bytes) > Volatile.Read(ref collectAt)) Collect();
        Buffer = device.Backend.Rent(bytes);
    }

    ~Storage()
    {
        Interlocked.Add(ref owned, -bytes);
        if (Buffer is null) return; // renting it failed
        Device.Backend.Return(Buffer);
    }

    public Device Device { get; }

    public DeviceBuffer Buffer { get; }

    /// <summary>Bytes owned by results, dead ones not yet collected included.</summary>
    public static long Owned => Volatile.Read(ref owned);

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
        Interlocked.Add(ref owned, -bytes);
        Device.Backend.Return(Buffer);
    }

    private static void Collect()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
        GC.WaitForPendingFinalizers();
        long alive = Volatile.Read(ref owned);
        Volatile.Write(ref collectAt, Math.Max(2 * alive, alive + Step));
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
