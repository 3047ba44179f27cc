// The memory of a device that results own. The garbage collector does not see it, so this decides
// when to collect: before it grows much, and where there is no room.
using Engine.Kernels;

namespace Engine;

/// <summary>Rents from a device, and knows how much results own there.</summary>
internal sealed class DeviceMemory(IBackend backend)
{
    // Before the bytes owned grow past twice what survived the last collection (and 64 MB more),
    // collect once: dead owners give back.
    private const long Step = 64L << 20;
    private long owned;
    private long collectAt = Step;

    /// <summary>Bytes owned by results, dead ones not yet collected included.</summary>
    public long Owned => Volatile.Read(ref owned);

    /// <summary>
    /// A buffer that no result owns. Where there is no room, dead results give theirs back first;
    /// <see cref="OutOfMemoryException"/> if that does not help.
    /// </summary>
    public DeviceBuffer Rent(long bytes)
    {
        try
        {
            return backend.Rent(bytes);
        }
        catch (OutOfMemoryException)
        {
            Collect();
            return backend.Rent(bytes);
        }
    }

    /// <summary>A buffer for a result to own.</summary>
    public DeviceBuffer RentOwned(long bytes)
    {
        if (Owned + bytes > Volatile.Read(ref collectAt)) Collect();
        DeviceBuffer buffer = Rent(bytes);
        Interlocked.Add(ref owned, bytes);
        return buffer;
    }

    /// <summary>Gives back what a result owned; finalisers may call it.</summary>
    public void ReturnOwned(DeviceBuffer buffer, long bytes)
    {
        Interlocked.Add(ref owned, -bytes);
        backend.Return(buffer);
    }

    private void Collect()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
        GC.WaitForPendingFinalizers();
        long alive = Owned;
        Volatile.Write(ref collectAt, Math.Max(2 * alive, alive + Step));
    }
}
