// Native memory by size class. The first touch of a fresh page costs 1.5 us, so blocks are kept and
// reused. They are 64-byte aligned and followed by slack that kernels may read.
using System.Collections.Concurrent;
using System.Numerics;

namespace Engine.Kernels;

/// <summary>A block of native memory.</summary>
internal sealed unsafe class CpuBuffer(void* pointer, long bytes) : DeviceBuffer
{
    public readonly void* Pointer = pointer;

    public override long Bytes => bytes;
}

/// <summary>Keeps returned blocks for the next request of their size class.</summary>
internal sealed unsafe class BufferPool
{
    /// <summary>Readable bytes behind every block.</summary>
    public const int Slack = 256;

    private readonly ConcurrentDictionary<long, ConcurrentStack<CpuBuffer>> free = new();
    private long bytesInUse;
    private long bytesHeld;

    public long BytesInUse => Volatile.Read(ref bytesInUse);

    public long BytesHeld => Volatile.Read(ref bytesHeld);

    public CpuBuffer Rent(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        long size = SizeClass(bytes);
        if (!Stack(size).TryPop(out CpuBuffer? block))
        {
            block = new CpuBuffer(Allocate(size), size);
            Interlocked.Add(ref bytesHeld, size);
        }
        Interlocked.Add(ref bytesInUse, size);
        return block;
    }

    /// <summary>
    /// Memory from the system; if it has none left, the free blocks go back to it first.
    /// </summary>
    private void* Allocate(long size)
    {
        try
        {
            return SystemMemory.Allocate(size + Slack);
        }
        catch (OutOfMemoryException)
        {
            foreach (ConcurrentStack<CpuBuffer> stack in free.Values)
                while (stack.TryPop(out CpuBuffer? idle))
                {
                    SystemMemory.Free(idle.Pointer);
                    Interlocked.Add(ref bytesHeld, -idle.Bytes);
                }
            return SystemMemory.Allocate(size + Slack);
        }
    }

    public void Return(CpuBuffer block)
    {
        Interlocked.Add(ref bytesInUse, -block.Bytes);
        Stack(block.Bytes).Push(block);
    }

    private ConcurrentStack<CpuBuffer> Stack(long size) =>
        free.GetOrAdd(size, static _ => new ConcurrentStack<CpuBuffer>());

    /// <summary>
    /// Multiples of 64 bytes up to 1 KiB, then eight classes to a power of two: at most 12.5 % more
    /// than asked for, and sizes that differ a little share blocks.
    /// </summary>
    internal static long SizeClass(long bytes)
    {
        if (bytes <= 64) return 64;
        if (bytes <= 1024) return (bytes + 63) & ~63L;
        long step = Math.Max(64, 1L << (60 - BitOperations.LeadingZeroCount((ulong)(bytes - 1))));
        return (bytes + step - 1) & -step;
    }
}
