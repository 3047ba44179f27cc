// One reduction, prepared: axes ordered by stride and merged, so that the innermost is contiguous
// and either reduced (rows) or kept (columns). The loops are in ReduceLoops.cs.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>An odometer over some axes: sizes and the steps of source and result.</summary>
internal unsafe struct ReduceAxes
{
    public int Rank;
    public fixed long Sizes[TileInput.MaxRank];
    public fixed long From[TileInput.MaxRank];
    public fixed long To[TileInput.MaxRank];

    public readonly long Count
    {
        get
        {
            long count = 1;
            for (int i = 0; i < Rank; i++) count *= Sizes[i];
            return count;
        }
    }

    public void Add(long size, long from, long to)
    {
        Sizes[Rank] = size;
        From[Rank] = from;
        To[Rank++] = to;
    }

    /// <summary>The offsets of position i, and its place on each axis.</summary>
    [MethodImpl(Compiled.Once)]
    public readonly void Seek(long i, long* at, out long from, out long to)
    {
        from = to = 0;
        for (int axis = Rank - 1; axis >= 0; axis--)
        {
            (i, at[axis]) = Math.DivRem(i, Sizes[axis]);
            from += at[axis] * From[axis];
            to += at[axis] * To[axis];
        }
    }

    /// <summary>Steps to the next position; after the last it is back at the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Next(long* at, ref long from, ref long to)
    {
        for (int axis = Rank - 1; axis >= 0; axis--)
        {
            from += From[axis];
            to += To[axis];
            if (++at[axis] < Sizes[axis]) return;
            from -= Sizes[axis] * From[axis];
            to -= Sizes[axis] * To[axis];
            at[axis] = 0;
        }
    }
}

/// <summary>One reduction: y[kept] = combination over reduced of x.</summary>
internal unsafe struct ReduceJob
{
    // Elements a part should have at least, and columns a part takes at most.
    private const long PartSize = 1 << 15;
    public const int ColumnBlock = 512;

    /// <summary>Elements of runs that lie together and are done together.</summary>
    public const int Stretch = 8192;

    /// <summary>
    /// Elements of the next runs that are called for; from there on the processor foresees them.
    /// </summary>
    public const int Ahead = 256;

    public byte* X;
    public byte* Y;
    public DType Type;
    public ReduceKind Kind;
    public ReduceAxes Kept;
    public ReduceAxes Reduced;
    public long Inner;
    public long InnerTo;
    public bool InnerReduced;

    /// <summary>How often every element counts: the sizes of reduced broadcast axes.</summary>
    public long Repeats;

    public long Units;
    public long UnitsPerPart;

    public readonly int Parts => checked((int)((Units + UnitsPerPart - 1) / UnitsPerPart));

    /// <summary>Whether the runs of some results follow each other in memory.</summary>
    public readonly bool RunsLieTogether =>
        InnerReduced && Kept.Rank > 0 && Kept.From[Kept.Rank - 1] == Inner;

    public readonly long ColumnBlocks => (Inner + ColumnBlock - 1) / ColumnBlock;

    /// <summary>
    /// Puts results whose runs lie together into one part, as long as there are parts for all
    /// threads: the processor foresees what follows in memory, not runs of a page far apart.
    /// </summary>
    public void Join(int threads)
    {
        if (RunsLieTogether)
            UnitsPerPart = Math.Max(UnitsPerPart, Math.Min(Stretch / Inner, Units / (4 * threads)));
    }

    /// <summary>Prepares; false if the innermost axis would not be contiguous.</summary>
    [MethodImpl(Compiled.Once)]
    [SkipLocalsInit]
    public static bool Prepare(ReduceKind kind, in Operand x, in Operand y, out ReduceJob job)
    {
        job = new ReduceJob
        {
            X = (byte*)CpuBackend.Pointer(x),
            Y = (byte*)CpuBackend.Pointer(y),
            Type = x.Type,
            Kind = kind,
            Repeats = 1,
        };
        int rank = 0;
        long* sizes = stackalloc long[TileInput.MaxRank], from = stackalloc long[TileInput.MaxRank];
        long* to = stackalloc long[TileInput.MaxRank];
        bool* reduced = stackalloc bool[TileInput.MaxRank];
        for (int i = 0; i < x.Layout.Rank; i++)
        {
            long size = x.Layout.Sizes[i], stride = x.Layout.Strides[i];
            if (size == 1) continue;
            bool isReduced = y.Layout.Sizes[i] == 1;
            long target = isReduced ? 0 : y.Layout.Strides[i];
            if (stride == 0 && isReduced)
            {
                job.Repeats *= size;
                continue;
            }

            if (stride < 0)
            {
                // Backwards is forwards from the other end.
                job.X += (size - 1) * stride * x.Type.Size();
                job.Y += (size - 1) * target * y.Type.Size();
                stride = -stride;
                target = -target;
            }

            // Descending strides; broadcast axes outermost.
            int at = rank++;
            for (; at > 0 && stride != 0 && from[at - 1] < stride && from[at - 1] != 0
                || at > 0 && stride == 0; at--)
            {
                (sizes[at], from[at]) = (sizes[at - 1], from[at - 1]);
                (to[at], reduced[at]) = (to[at - 1], reduced[at - 1]);
            }

            (sizes[at], from[at], to[at], reduced[at]) = (size, stride, target, isReduced);
        }

        int kept = 0;
        for (int i = 1; i < rank; i++)
        {
            bool merge = reduced[i] == reduced[kept] && from[kept] == from[i] * sizes[i]
                && (reduced[i] || to[kept] == to[i] * sizes[i]);
            if (!merge) kept++;
            sizes[kept] = merge ? sizes[kept] * sizes[i] : sizes[i];
            (from[kept], to[kept], reduced[kept]) = (from[i], to[i], reduced[i]);
        }

        rank = Math.Min(rank, kept + 1);
        if (rank == 0 || from[rank - 1] == 0)
            (sizes[rank], from[rank], to[rank], reduced[rank++]) = (1, 1, 0, true);
        int last = rank - 1;
        if (from[last] != 1) return false;
        for (int i = 0; i < last; i++)
        {
            if (reduced[i]) job.Reduced.Add(sizes[i], from[i], 0);
            else job.Kept.Add(sizes[i], from[i], to[i]);
        }

        job.Inner = sizes[last];
        job.InnerTo = to[last];
        job.InnerReduced = reduced[last];
        long perKept = job.Reduced.Count * job.Inner;
        job.Units = job.Kept.Count * (job.InnerReduced ? 1 : job.ColumnBlocks);
        long perUnit = job.InnerReduced ? perKept : perKept / job.ColumnBlocks;
        job.UnitsPerPart = Math.Clamp(PartSize / Math.Max(1, perUnit), 1, job.Units);
        return true;
    }
}
