// Aligned scratch memory of a thread: kept between calls, grown on demand, freed with the thread.
using System.Runtime.InteropServices;

namespace Engine.Kernels;

/// <summary>A block of native memory for each thread.</summary>
internal sealed unsafe class ThreadScratch
{
    [ThreadStatic]
    private static ThreadScratch? current;

    private void* block;
    private nint size;

    ~ThreadScratch() => NativeMemory.AlignedFree(block);

    /// <summary>
    /// At least that many bytes, 64-byte aligned, contents undefined. Every call on a thread
    /// returns the same memory, so only one kernel on the thread may be using it.
    /// </summary>
    public static byte* Get(nint bytes)
    {
        ThreadScratch scratch = current ??= new ThreadScratch();
        if (scratch.size < bytes) scratch.Grow(bytes);
        return (byte*)scratch.block;
    }

    private void Grow(nint bytes)
    {
        NativeMemory.AlignedFree(block);
        block = null;
        size = 0;
        nint wanted = (Math.Max(bytes, 64 << 10) + 4095) & ~4095;
        block = NativeMemory.AlignedAlloc((nuint)(wanted + BufferPool.Slack), 64);
        size = wanted;
    }
}
