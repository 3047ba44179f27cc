// A device's memory: blocks are kept when they are given back, and handed out again to whoever asks
// for as much. Sizes are rounded up to one of eight steps between powers of two, so that a block
// serves again although sizes differ a little.
using System.Collections.Concurrent;
using System.Numerics;
using ILGPU.Runtime;

namespace Engine.Kernels.Gpu;

internal sealed class GpuMemory(GpuBackend owner, Accelerator accelerator)
{
    private readonly ConcurrentDictionary<long, ConcurrentStack<GpuBuffer>> free = new();

    // A tensor's finaliser brings its block back to life. ILGPU's own finaliser would have freed
    // the memory in the same collection, so every block is held here until it is freed on purpose.
    private readonly HashSet<GpuBuffer> all = [];

    /// <summary>Bytes taken from the device, in use or kept.</summary>
    public long Reserved { get; private set; }

    public GpuBuffer Rent(long bytes)
    {
        long size = Rounded(bytes);
        if (Of(size).TryPop(out GpuBuffer? block)) return block;
        lock (all)
        {
            try
            {
                return Allocate(size);
            }
            catch (AcceleratorException)
            {
                FreeUnused();
            }
            try
            {
                return Allocate(size);
            }
            catch (AcceleratorException e)
            {
                throw new OutOfMemoryException(
                    $"{owner.Name} has no {size} bytes left; {Reserved} are in use.", e);
            }
        }
    }

    // Called on the finaliser's thread too: it only pushes.
    public void Return(GpuBuffer block) => Of(block.Bytes).Push(block);

    /// <summary>Frees all blocks, in use or not.</summary>
    public void FreeAll()
    {
        lock (all)
        {
            foreach (GpuBuffer block in all) block.Memory.Dispose();
            all.Clear();
            free.Clear();
            Reserved = 0;
        }
    }

    internal static long Rounded(long bytes)
    {
        long step = bytes <= 512 ? 64 : (long)(BitOperations.RoundUpToPowerOf2((ulong)bytes) / 16);
        return Math.Max(64, (bytes + step - 1) / step * step);
    }

    private ConcurrentStack<GpuBuffer> Of(long size) => free.GetOrAdd(size, static _ => new());

    private GpuBuffer Allocate(long size)
    {
        var block = new GpuBuffer(
            owner, accelerator.Allocate1D<byte>(size + GpuBuffer.Slack), size);
        all.Add(block);
        Reserved += size;
        return block;
    }

    private void FreeUnused()
    {
        accelerator.Synchronize();
        foreach (ConcurrentStack<GpuBuffer> blocks in free.Values)
            while (blocks.TryPop(out GpuBuffer? block))
            {
                block.Memory.Dispose();
                all.Remove(block);
                Reserved -= block.Bytes;
            }
    }
}
