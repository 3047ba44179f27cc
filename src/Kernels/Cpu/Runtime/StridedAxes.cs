// The walk over strided views of copies, loads of tiles, reductions and batches of products: axes
// that lie as one are merged, and an odometer steps over what is left. Epilogues have a walk of
// their own, for short rows.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>
/// Axes, outermost first, of one view or of two that are walked together; strides in elements. The
/// memory is the caller's and must outlive the walk.
/// </summary>
internal unsafe struct StridedAxes
{
    /// <summary>Axes a view may have: room for the position of an odometer.</summary>
    public const int MaxRank = Layout.MaxRank;

    public readonly long* Sizes;

    /// <summary>Strides of the first view, and of the second.</summary>
    public long* From { get; private set; }

    /// <inheritdoc cref="From"/>
    public long* To { get; private set; }

    /// <summary>
    /// No axes yet, and room for as many as <paramref name="rank"/>: two numbers for each axis of
    /// one view, three for each axis of two.
    /// </summary>
    public StridedAxes(long* memory, int rank, int views)
    {
        Sizes = memory;
        From = memory + rank;
        To = views == 1 ? From : memory + 2 * rank;
    }

    public int Rank { get; private set; }

    /// <summary>Number of positions.</summary>
    public readonly long Count
    {
        get
        {
            long count = 1;
            for (int i = 0; i < Rank; i++) count *= Sizes[i];
            return count;
        }
    }

    /// <summary>
    /// Numbers the axes by descending stride, so that the last one is the closest in memory. Axes
    /// of stride 0 come first; equal strides keep their order.
    /// </summary>
    public static void Order(ReadOnlySpan<long> strides, int* order)
    {
        for (int i = 0; i < strides.Length; i++)
        {
            int at = i;
            for (; at > 0 && Key(strides[order[at - 1]]) < Key(strides[i]); at--)
                order[at] = order[at - 1];
            order[at] = i;
        }

        // 0 wraps around to the largest key.
        static ulong Key(long stride) => (ulong)Math.Abs(stride) - 1;
    }

    /// <summary>
    /// Adds an axis inside the others; merged with its neighbour if they lie as one in both views.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(long size, long from, long to)
    {
        if (size == 1) return;
        int last = Rank - 1;
        if (last >= 0 && From[last] == from * size && To[last] == to * size) Sizes[last] *= size;
        else
        {
            last = Rank++;
            Sizes[last] = size;
        }
        From[last] = from;
        To[last] = to;
    }

    /// <summary>Takes the innermost axis away; size 1 and stride 0 if there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (long Size, long From, long To) Pop()
    {
        if (Rank == 0) return (1, 0, 0);
        Rank--;
        return (Sizes[Rank], From[Rank], To[Rank]);
    }

    /// <summary>The first view becomes the second.</summary>
    public void Exchange()
    {
        long* from = From;
        From = To;
        To = from;
    }

    /// <summary>Whether sizes and strides are the same.</summary>
    public readonly bool Equals(in StridedAxes other) =>
        Same(Sizes, other.Sizes, Rank, other.Rank) && Same(From, other.From, Rank, other.Rank)
        && Same(To, other.To, Rank, other.Rank);

    private static bool Same(long* a, long* b, int countA, int countB) =>
        new ReadOnlySpan<long>(a, countA).SequenceEqual(new(b, countB));

    /// <summary>The offsets of position i, and its place on each axis.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Seek(long i, long* at, out long from, out long to)
    {
        from = to = 0;
        for (int axis = Rank - 1; axis >= 0; axis--)
        {
            (i, at[axis]) = DivRem(i, Sizes[axis]);
            from += at[axis] * From[axis];
            to += at[axis] * To[axis];
        }
    }

    /// <summary>The offsets of position i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Find(long i, out long from, out long to)
    {
        from = to = 0;
        for (int axis = Rank - 1; axis > 0; axis--)
        {
            (i, long at) = DivRem(i, Sizes[axis]);
            from += at * From[axis];
            to += at * To[axis];
        }
        // What is left is the place on the first axis.
        if (Rank == 0) return;
        from += i * From[0];
        to += i * To[0];
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

    /// <summary>The same for a view alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Next(long* at, ref long from)
    {
        for (int axis = Rank - 1; axis >= 0; axis--)
        {
            from += From[axis];
            if (++at[axis] < Sizes[axis]) return;
            from -= Sizes[axis] * From[axis];
            at[axis] = 0;
        }
    }

    /// <summary>
    /// Division of numbers that are not negative; narrow ones divide in half the time.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (long Quotient, long Remainder) DivRem(long a, long b) =>
        (a | b) <= uint.MaxValue ? Math.DivRem((uint)a, (uint)b) : Math.DivRem(a, b);
}
