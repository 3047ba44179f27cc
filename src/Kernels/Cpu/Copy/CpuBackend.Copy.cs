// Copies between strided views, and fills. Axes are ordered by the target's strides and merged, so
// most copies are long runs or plain 2-D transposes.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

public sealed unsafe partial class CpuBackend
{
    private const long CopySplit = 1 << 17;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public void Copy(in Operand source, in Operand target)
    {
        if (target.Layout.Count == 0) return;
        int size = target.Type.Size();
        void* from = Pointer(source), to = Pointer(target);
        if (source.Layout.IsContiguous && target.Layout.IsContiguous)
        {
            long bytes = target.Layout.Count * size;
            if (bytes < CopySplit)
            {
                Buffer.MemoryCopy(from, to, bytes, bytes);
                return;
            }
        }

        long* axes = stackalloc long[CopyJob.MemoryFor(target.Layout.Rank)];
        Run(CopyJob.Of(from, to, size, source.Layout, target.Layout, axes), target);
    }

    /// <inheritdoc/>
    [SkipLocalsInit]
    public void Fill(in Operand target, long bits)
    {
        if (target.Layout.Count == 0) return;
        // A broadcast of one element, so filling is a copy.
        long value = bits;
        int size = target.Type.Size();
        var one = new Layout(target.Layout.Sizes.ToArray(), new long[target.Layout.Rank]);
        long* axes = stackalloc long[CopyJob.MemoryFor(target.Layout.Rank)];
        Run(CopyJob.Of(&value, Pointer(target), size, one, target.Layout, axes), target);
    }

    private void Run(in CopyJob job, in Operand target)
    {
        bool isShort = target.Layout.Count * target.Type.Size() < CopySplit;
        Workers.Run(job.Units, isShort ? job.Units : job.UnitsPerPart, &CopyJob.Run, job);
    }
}
