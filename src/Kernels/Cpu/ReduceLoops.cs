// The loops of reductions. Floats are summed in two levels: some hundred elements in lanes of their
// own type, then those sums in float64; the order depends on shapes and strides only.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>Reduction of prepared jobs with one operator, lane type and element type.</summary>
internal static unsafe class ReduceLoops<TOp, V, T>
    where TOp : struct, IReduceOp
    where V : struct, IFloatLanes<V>
    where T : unmanaged, INumber<T>
{
    // Elements, or rows, summed in lanes before they go to float64.
    private const int Block = 512;
    private const int RowBlock = 64;

    public static void RunPart(void* context, int part)
    {
        ReduceJob* job = (ReduceJob*)context;
        long first = part * job->UnitsPerPart;
        long last = Math.Min(job->Units, first + job->UnitsPerPart);
        if (job->InnerReduced) Rows(job, first, last);
        else
            for (long unit = first; unit < last; unit++) Columns(job, unit);
    }

    private static bool IsFloatSum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TOp.IsSum && (typeof(T) == typeof(float) || typeof(T) == typeof(double));
    }

    // Each unit is one result: all runs of the innermost axis at all positions of the outer ones.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows(ReduceJob* job, long first, long last)
    {
        long* keptAt = stackalloc long[TileInput.MaxRank];
        long* at = stackalloc long[TileInput.MaxRank];
        T* mask = stackalloc T[V.Count];
        nint inner = (nint)job->Inner, tail = inner % V.Count;
        V start = TOp.Start<V>();
        for (int i = 0; i < V.Count; i++) mask[i] = Bits(i < tail);
        V inTail = V.Load(mask, 0);

        long runs = job->Reduced.Count;
        job->Kept.Seek(first, keptAt, out long from, out long to);
        for (long unit = first; unit < last; unit++)
        {
            V sum = start;
            double total = 0;
            nint pending = 0;
            long offset = 0, none = 0;
            for (int i = 0; i < job->Reduced.Rank; i++) at[i] = 0;
            for (long run = 0; run < runs; run++)
            {
                T* x = (T*)job->X + from + offset;
                nint i = 0;
                while (inner - i >= 4 * V.Count)
                {
                    nint end = Math.Min(inner - 4 * V.Count, i + Block - 4 * V.Count);
                    V a = start, b = start, c = start;
                    for (; i <= end; i += 4 * V.Count)
                    {
                        sum = TOp.Combine(sum, V.Load(x, i));
                        a = TOp.Combine(a, V.Load(x, i + V.Count));
                        b = TOp.Combine(b, V.Load(x, i + 2 * V.Count));
                        c = TOp.Combine(c, V.Load(x, i + 3 * V.Count));
                    }

                    sum = TOp.Combine(TOp.Combine(sum, a), TOp.Combine(b, c));
                    if (IsFloatSum && inner - i >= 4 * V.Count)
                    {
                        total += V.Sum(sum);
                        sum = start;
                        pending = 0;
                    }
                }

                for (; i <= inner - V.Count; i += V.Count)
                    sum = TOp.Combine(sum, V.Load(x, i));
                if (tail > 0) sum = TOp.Combine(sum, V.Select(inTail, V.Load(x, i), start));
                pending += inner;
                if (IsFloatSum && pending >= Block)
                {
                    total += V.Sum(sum);
                    sum = start;
                    pending = 0;
                }

                job->Reduced.Next(at, ref offset, ref none);
            }

            ((T*)job->Y)[to] = IsFloatSum
                ? Scalars.From<T>(total + V.Sum(sum))
                : Horizontal(sum);
            job->Kept.Next(keptAt, ref from, ref to);
        }
    }

    // Each unit is a block of columns at one position of the other kept axes.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Columns(ReduceJob* job, long unit)
    {
        const int Width = ReduceJob.ColumnBlock;
        long* at = stackalloc long[TileInput.MaxRank];
        (long position, long block) = Math.DivRem(unit, job->ColumnBlocks);
        job->Kept.Seek(position, at, out long from, out long to);
        T* x = (T*)job->X + from + block * Width;
        T* y = (T*)job->Y + to + block * Width * job->InnerTo;
        nint n = (nint)Math.Min(Width, job->Inner - block * Width);

        byte* scratch = ThreadScratch.Get((Width + 64) * 16 + RowBlock * sizeof(T*));
        double* totals = (double*)scratch;
        T* sums = (T*)(scratch + (Width + 64) * 8);
        T** rows = (T**)(scratch + (Width + 64) * 16);
        nint padded = n + 4 * V.Count;
        V start = TOp.Start<V>();
        for (nint i = 0; i < padded; i += V.Count) V.Store(start, sums, i);

        long count = job->Reduced.Count, offset = 0, none = 0;
        bool twoLevels = IsFloatSum && count > RowBlock;
        if (twoLevels) new Span<double>(totals, (int)n).Clear();
        for (int i = 0; i < job->Reduced.Rank; i++) at[i] = 0;
        for (long row = 0; row < count; row += RowBlock)
        {
            int height = (int)Math.Min(RowBlock, count - row);
            for (int r = 0; r < height; r++)
            {
                rows[r] = x + offset;
                job->Reduced.Next(at, ref offset, ref none);
            }

            AddRows(rows, height, sums, n);
            if (!twoLevels) continue;
            for (nint i = 0; i < n; i++) totals[i] += Scalars.ToDouble(sums[i]);
            for (nint i = 0; i < n; i += V.Count) V.Store(start, sums, i);
        }

        if (twoLevels)
            for (nint i = 0; i < n; i++) y[i * job->InnerTo] = Scalars.From<T>(totals[i]);
        else
            for (nint i = 0; i < n; i++) y[i * job->InnerTo] = sums[i];
    }

    // sums += rows, whole vectors: rows may be read, and sums written, past n.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRows(T** rows, int height, T* sums, nint n)
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
