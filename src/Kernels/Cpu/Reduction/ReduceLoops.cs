// The loops of reductions. Floats are summed in two levels: some hundred elements in lanes of their
// own type, then those sums in float64. The order depends on shapes and strides alone.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>Reduction of prepared jobs with one operator, lane type and element type.</summary>
internal static unsafe class ReduceLoops<TOp, V, T>
    where TOp : struct, IReduceOp
    where V : struct, IFloatLanes<V>
    where T : unmanaged, INumber<T>
{
    // Elements, or rows, that are summed in lanes before the sum is added in float64.
    public const int Block = 512;
    public const int RowBlock = 64;

    public static void Run(in ReduceJob job, long first, long last)
    {
        if (job.RunsLieTogether && job.Reduced.Count > 1) Stretches(job, first, last);
        else if (job.InnerReduced) Rows(job, first, last);
        else
            for (long unit = first; unit < last; unit++) Columns(job, unit);
    }

    public static bool IsFloatSum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TOp.IsSum && (typeof(T) == typeof(float) || typeof(T) == typeof(double));
    }

    // Each unit is one result: all runs of the innermost axis at all positions of the outer ones.
    [SkipLocalsInit]
    [MethodImpl(Compiled.Once)]
    private static void Rows(in ReduceJob job, long first, long last)
    {
        long* keptAt = stackalloc long[StridedAxes.MaxRank];
        long* at = stackalloc long[StridedAxes.MaxRank];
        nint inner = (nint)job.Inner;
        V start = TOp.Start<V>(), inTail = Tail(inner);

        long runs = job.Reduced.Count;
        job.Kept.Seek(first, keptAt, out long from, out long to);
        for (long unit = first; unit < last; unit++)
        {
            V sum = start;
            double total = 0;
            nint pending = 0;
            long offset = 0, none = 0;
            for (int i = 0; i < job.Reduced.Rank; i++) at[i] = 0;
            for (long run = 0; run < runs; run++)
            {
                T* x = (T*)job.X + from + offset;
                for (nint i = 0; i < inner; i += Block)
                    AddRun(
                        x + i, Math.Min(Block, inner - i), inTail, ref sum, ref total, ref pending);
                job.Reduced.Next(at, ref offset, ref none);
            }

            ((T*)job.Y)[to] = Result(sum, total);
            job.Kept.Next(keptAt, ref from, ref to);
        }
    }

    // The same for results with adjacent runs: a long stretch of memory is read at once.
    private static void Stretches(in ReduceJob job, long first, long last)
    {
        long* at = stackalloc long[StridedAxes.MaxRank];
        int axis = job.Kept.Rank - 1;
        long most = Math.Clamp(ReduceJob.Stretch / job.Inner, 1, RowBlock);
        for (long unit = first; unit < last;)
        {
            job.Kept.Seek(unit, at, out long from, out long to);
            long count = Math.Min(Math.Min(most, last - unit), job.Kept.Sizes[axis] - at[axis]);
            Stretches(job, from, to, (int)count);
            unit += count;
        }
    }

    [SkipLocalsInit]
    [MethodImpl(Compiled.Once)]
    private static void Stretches(in ReduceJob job, long from, long to, int count)
    {
        T* sums = stackalloc T[RowBlock * V.Count];
        double* totals = stackalloc double[RowBlock];
        for (int i = 0; i < count; i++)
        {
            V.Store(TOp.Start<V>(), sums, i * V.Count);
            totals[i] = 0;
        }
        nint inner = (nint)job.Inner, pending = 0;
        V inTail = Tail(inner);
        long* at = stackalloc long[StridedAxes.MaxRank];
        for (int i = 0; i < job.Reduced.Rank; i++) at[i] = 0;
        long offset = 0, none = 0;
        for (long run = job.Reduced.Count; run > 0; run--)
        {
            T* x = (T*)job.X + from + offset;
            job.Reduced.Next(at, ref offset, ref none);
            TileMemory.Prefetch(
                (T*)job.X + from + offset, Math.Min(ReduceJob.Ahead, count * inner) * sizeof(T));
            nint before = pending;
            for (int i = 0; i < count; i++, x += inner)
            {
                pending = before;
                V sum = V.Load(sums, i * V.Count);
                for (nint b = 0; b < inner; b += Block)
                    AddRun(
                        x + b, Math.Min(Block, inner - b), inTail, ref sum, ref totals[i],
                        ref pending);
                V.Store(sum, sums, i * V.Count);
            }
        }
        long step = job.Kept.To[job.Kept.Rank - 1];
        for (int i = 0; i < count; i++)
            ((T*)job.Y)[to + i * step] = Result(V.Load(sums, i * V.Count), totals[i]);
    }

    /// <summary>
    /// Adds at most a block of adjacent elements; the sum of a full block goes to float64.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddRun(
        T* x, nint n, V inTail, ref V sum, ref double total, ref nint pending)
    {
        nint i = 0;
        if (n >= 4 * V.Count)
        {
            V a = TOp.Start<V>(), b = a, c = a, d = sum;
            for (; i <= n - 4 * V.Count; i += 4 * V.Count)
            {
                d = TOp.Combine(d, V.Load(x, i));
                a = TOp.Combine(a, V.Load(x, i + V.Count));
                b = TOp.Combine(b, V.Load(x, i + 2 * V.Count));
                c = TOp.Combine(c, V.Load(x, i + 3 * V.Count));
            }
            sum = TOp.Combine(TOp.Combine(d, a), TOp.Combine(b, c));
        }
        for (; i <= n - V.Count; i += V.Count) sum = TOp.Combine(sum, V.Load(x, i));
        if (i < n) sum = TOp.Combine(sum, V.Select(inTail, V.Load(x, i), TOp.Start<V>()));
        pending += n;
        if (!IsFloatSum || pending < Block) return;
        total += V.Sum(sum);
        sum = TOp.Start<V>();
        pending = 0;
    }

    /// <summary>The result: the lanes combined, and for float sums the total added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Result(V sum, double total) =>
        IsFloatSum ? Scalars.From<T>(total + V.Sum(sum)) : Horizontal(sum);

    /// <summary>A mask of the lanes that n elements fill in their last vector.</summary>
    public static V Tail(nint n)
    {
        T* mask = stackalloc T[V.Count];
        for (int i = 0; i < V.Count; i++) mask[i] = Bits(i < n % V.Count);
        return V.Load(mask, 0);
    }

    // Each unit is a block of columns at one position of the other kept axes.
    [SkipLocalsInit]
    [MethodImpl(Compiled.Once)]
    private static void Columns(in ReduceJob job, long unit)
    {
        const int Width = ReduceJob.ColumnBlock;
        long* at = stackalloc long[StridedAxes.MaxRank];
        (long position, long block) = Math.DivRem(unit, job.ColumnBlocks);
        job.Kept.Seek(position, at, out long from, out long to);
        T* x = (T*)job.X + from + block * Width;
        T* y = (T*)job.Y + to + block * Width * job.InnerTo;
        nint n = (nint)Math.Min(Width, job.Inner - block * Width);

        byte* scratch = ThreadScratch.Get((Width + 64) * 16 + RowBlock * sizeof(T*));
        double* totals = (double*)scratch;
        T* sums = (T*)(scratch + (Width + 64) * 8);
        T** rows = (T**)(scratch + (Width + 64) * 16);
        nint padded = n + 4 * V.Count;
        V start = TOp.Start<V>();
        for (nint i = 0; i < padded; i += V.Count) V.Store(start, sums, i);

        long count = job.Reduced.Count, offset = 0, none = 0;
        bool twoLevels = IsFloatSum && count > RowBlock;
        if (twoLevels) new Span<double>(totals, (int)n).Clear();
        for (int i = 0; i < job.Reduced.Rank; i++) at[i] = 0;
        for (long row = 0; row < count; row += RowBlock)
        {
            int height = (int)Math.Min(RowBlock, count - row);
            for (int r = 0; r < height; r++)
            {
                rows[r] = x + offset;
                job.Reduced.Next(at, ref offset, ref none);
            }

            AddRows(rows, height, sums, n);
            if (twoLevels) Flush(sums, totals, n);
        }
        Store(sums, twoLevels ? totals : null, n, y, job.InnerTo);
    }

    /// <summary>Moves the sums of some rows to the totals.</summary>
    [MethodImpl(Compiled.Once)]
    public static void Flush(T* sums, double* totals, nint n)
    {
        for (nint i = 0; i < n; i++) totals[i] += Scalars.ToDouble(sums[i]);
        for (nint i = 0; i < n; i += V.Count) V.Store(TOp.Start<V>(), sums, i);
    }

    /// <summary>Writes totals, or sums if there are none.</summary>
    public static void Store(T* sums, double* totals, nint n, T* y, long step)
    {
        if (totals != null)
            for (nint i = 0; i < n; i++) y[i * step] = Scalars.From<T>(totals[i]);
        else if (step == 1) Buffer.MemoryCopy(sums, y, n * sizeof(T), n * sizeof(T));
        else
            for (nint i = 0; i < n; i++) y[i * step] = sums[i];
    }

    // sums += rows in whole vectors: rows are read, and sums written, past n.
    [MethodImpl(Compiled.Once)]
    public static void AddRows(T** rows, int height, T* sums, nint n)
    {
        nint i = 0;
        for (; i <= n - 4 * V.Count; i += 4 * V.Count)
        {
            V a = V.Load(sums, i), b = V.Load(sums, i + V.Count);
            V c = V.Load(sums, i + 2 * V.Count), d = V.Load(sums, i + 3 * V.Count);
            for (int r = 0; r < height; r++)
            {
                T* x = rows[r];
                a = TOp.Combine(a, V.Load(x, i));
                b = TOp.Combine(b, V.Load(x, i + V.Count));
                c = TOp.Combine(c, V.Load(x, i + 2 * V.Count));
                d = TOp.Combine(d, V.Load(x, i + 3 * V.Count));
            }

            V.Store(a, sums, i);
            V.Store(b, sums, i + V.Count);
            V.Store(c, sums, i + 2 * V.Count);
            V.Store(d, sums, i + 3 * V.Count);
        }

        for (; i < n; i += V.Count)
        {
            V a = V.Load(sums, i);
            for (int r = 0; r < height; r++) a = TOp.Combine(a, V.Load(rows[r], i));
            V.Store(a, sums, i);
        }
    }

    [MethodImpl(Compiled.Once)]
    private static T Horizontal(V v)
    {
        T* lanes = stackalloc T[V.Count];
        V.Store(v, lanes, 0);
        var result = new Lanes1<T>(lanes[0]);
        for (int i = 1; i < V.Count; i++)
            result = TOp.Combine(result, new Lanes1<T>(lanes[i]));
        return result.Value;
    }

    private static T Bits(bool set)
    {
        long bits = set ? -1 : 0;
        return Unsafe.As<long, T>(ref bits);
    }
}
