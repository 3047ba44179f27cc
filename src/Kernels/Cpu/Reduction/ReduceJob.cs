// A reduction prepared for the loops in ReduceLoops.cs: axes are ordered by stride and merged, so
// that the innermost is contiguous. It is either reduced ("rows") or kept ("columns").
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>One reduction: y[kept] = x combined over the reduced axes.</summary>
internal unsafe struct ReduceJob
{
    // Elements that a part should have at least, and columns that a unit takes at most.
    private const long PartSize = 1 << 15;
    public const int ColumnBlock = 512;

    /// <summary>Elements of adjacent runs that are reduced together.</summary>
    public const int Stretch = 8192;

    /// <summary>
    /// Elements of the next runs that are prefetched; the processor foresees the ones behind.
    /// </summary>
    public const int Ahead = 256;

    public byte* X;
    public byte* Y;
    public DType Type;
    public ReduceKind Kind;
    public StridedAxes Kept;
    public StridedAxes Reduced;
    public long Inner;
    public long InnerTo;
    public bool InnerReduced;

    /// <summary>How often each element counts: the product of reduced broadcast sizes.</summary>
    public long Repeats;

    /// <summary>What parts are made of: results, or blocks of columns.</summary>
    public long Units;
    public long UnitsPerPart;

    /// <summary>Whether the runs of neighbouring results are adjacent in memory.</summary>
    public readonly bool RunsLieTogether =>
        InnerReduced && Kept.Rank > 0 && Kept.From[Kept.Rank - 1] == Inner;

    public readonly long ColumnBlocks => (Inner + ColumnBlock - 1) / ColumnBlock;

    /// <summary>
    /// Puts results with adjacent runs into one part, as long as every thread has parts enough: the
    /// processor foresees accesses that follow in memory, not runs that lie pages apart.
    /// </summary>
    public void Join(int threads)
    {
        if (RunsLieTogether)
            UnitsPerPart = Math.Max(UnitsPerPart, Math.Min(Stretch / Inner, Units / (4 * threads)));
    }

    /// <summary>Numbers that the axes of a job for views of a rank need.</summary>
    public static int MemoryFor(int rank) => 6 * rank;

    /// <summary>
    /// Prepares; false if the innermost axis would not be contiguous. The memory must outlive the
    /// job.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    [SkipLocalsInit]
    public static bool Prepare(
        ReduceKind kind, in Operand x, in Operand y, long* memory, out ReduceJob job)
    {
        int rank = x.Layout.Rank;
        job = new ReduceJob
        {
            X = (byte*)CpuBackend.Pointer(x),
            Y = (byte*)CpuBackend.Pointer(y),
            Type = x.Type,
            Kind = kind,
            Kept = new StridedAxes(memory, rank, 2),
            Reduced = new StridedAxes(memory + 3 * rank, rank, 2),
            Inner = 1,
            InnerReduced = true,
            Repeats = 1,
        };
        int* order = stackalloc int[StridedAxes.MaxRank];
        StridedAxes.Order(x.Layout.Strides, order);
        // The innermost axis so far: it goes to the outer ones when another follows it.
        long innerFrom = 1;
        for (int i = 0; i < rank; i++)
        {
            long size = x.Layout.Sizes[order[i]], from = x.Layout.Strides[order[i]];
            if (size == 1) continue;
            bool isReduced = y.Layout.Sizes[order[i]] == 1;
            long to = isReduced ? 0 : y.Layout.Strides[order[i]];
            if (from == 0 && isReduced)
            {
                job.Repeats *= size;
                continue;
            }
            if (from < 0)
            {
                // Backwards is forwards from the other end.
                job.X += (size - 1) * from * x.Type.Size();
                job.Y += (size - 1) * to * y.Type.Size();
                (from, to) = (-from, -to);
            }
            if (isReduced == job.InnerReduced && innerFrom == from * size
                && job.InnerTo == to * size)
                size *= job.Inner;
            else job.AddOuter(innerFrom);
            (job.Inner, innerFrom, job.InnerTo, job.InnerReduced) = (size, from, to, isReduced);
        }
        if (innerFrom == 0)
        {
            job.AddOuter(innerFrom);
            (job.Inner, innerFrom, job.InnerTo, job.InnerReduced) = (1, 1, 0, true);
        }
        if (innerFrom != 1) return false;
        long perKept = job.Reduced.Count * job.Inner;
        job.Units = job.Kept.Count * (job.InnerReduced ? 1 : job.ColumnBlocks);
        long perUnit = job.InnerReduced ? perKept : perKept / job.ColumnBlocks;
        job.UnitsPerPart = Math.Clamp(PartSize / Math.Max(1, perUnit), 1, job.Units);
        return true;
    }

    private void AddOuter(long from)
    {
        if (InnerReduced) Reduced.Add(Inner, from, 0);
        else Kept.Add(Inner, from, InnerTo);
    }
}
