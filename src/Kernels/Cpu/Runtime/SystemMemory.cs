// Memory from the system. Large blocks ask for huge pages: a kernel that visits a tensor channel by
// channel touches a new page every few kilobytes, more pages of 4 KiB than the processor can look
// up quickly.
using System.Runtime.InteropServices;

namespace Engine.Kernels;

/// <summary>Allocates and frees what the pool keeps.</summary>
internal static unsafe partial class SystemMemory
{
    private const nuint Line = 64, HugePage = 2 << 20;
    private const int AdviseHugePages = 14; // MADV_HUGEPAGE

    /// <summary>A block, 64-byte aligned, contents undefined.</summary>
    public static void* Allocate(long bytes)
    {
        var size = (nuint)bytes;
        if (size < HugePage || !OperatingSystem.IsLinux())
            return NativeMemory.AlignedAlloc(size, Line);
        void* block = NativeMemory.AlignedAlloc(size, HugePage);
        try
        {
            // Only advice: a system that ignores it is slower, not wrong.
            _ = Advise(block, size, AdviseHugePages);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
        }
        return block;
    }

    /// <summary>Gives a block back to the system.</summary>
    public static void Free(void* block) => NativeMemory.AlignedFree(block);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* start, nuint length, int advice);
}
