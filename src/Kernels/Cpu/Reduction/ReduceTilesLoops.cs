// Reductions of what a tile program computes: each tile is summed while it lies in L1. The order of
// summation is that of ReduceLoops, element for element.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>A reduction of a program's outputs; lives on the caller's stack.</summary>
internal unsafe struct ReduceTilesJob
{
    /// <summary>Geometry over the program's elements: offsets are element numbers.</summary>
    public ReduceJob Geometry;

    /// <summary>Number of the first element.</summary>
    public long Start;

    public BoundTileProgram Tiles;

    /// <summary>A result for each output of the program.</summary>
    public byte** Results;

    public readonly int Outputs => Tiles.Form.Outputs.Length;

    public readonly int TileBytes => Tiles.Sequence.TileBytes;
}

/// <summary>The loops for one operator, lane type and element type.</summary>
internal static unsafe class ReduceTilesLoops<TOp, V, T>
    where TOp : struct, IReduceOp
    where V : struct, IFloatLanes<V>
    where T : unmanaged, INumber<T>
{
    private const int Block = ReduceLoops<TOp, V, T>.Block;
    private const int RowBlock = ReduceLoops<TOp, V, T>.RowBlock;

    [MethodImpl(Compiled.Once)]
    public static void Run(in ReduceTilesJob job, long first, long last)
    {
        if (job.Geometry.InnerReduced) Rows(job, first, last);
        else
            for (long unit = first; unit < last; unit++) Columns(job, unit);
    }

    /// <summary>
    /// Adjacent runs that are reduced together: memory is read in long stretches, and as many runs
    /// as fit share a tile.
    /// </summary>
    private struct Span
    {
        public long From;
        public nint Inner;
        public int Count;

        /// <summary>How many runs share a tile.</summary>
        public int Fit;
    }

    private static void Rows(in ReduceTilesJob job, long first, long last)
    {
        long* at = stackalloc long[StridedAxes.MaxRank];
        ref readonly ReduceJob geometry = ref job.Geometry;
        nint inner = (nint)geometry.Inner;
        int fit = (int)Math.Clamp(job.Tiles.Sequence.Tile / inner, 1, RowBlock);
        int most = (int)Math.Clamp(ReduceJob.Stretch / inner, fit, RowBlock);
        int axis = geometry.Kept.Rank - 1;
        bool together = geometry.RunsLieTogether;
        for (long unit = first; unit < last;)
        {
            geometry.Kept.Seek(unit, at, out long from, out long to);
            var span = new Span { From = job.Start + from, Inner = inner, Count = 1, Fit = fit };
            if (together)
                span.Count = (int)Math.Min(
                    Math.Min(most, last - unit), geometry.Kept.Sizes[axis] - at[axis]);
            Rows(job, span, to, together ? geometry.Kept.To[axis] : 0);
            unit += span.Count;
        }
    }

    /// <summary>The results of one span, at multiples of step from the given place on.</summary>
    [SkipLocalsInit]
    [MethodImpl(Compiled.Once)]
    private static void Rows(in ReduceTilesJob job, Span span, long to, long step)
    {
        CompiledTileProgram compiled = job.Tiles.Form;
        TileSequence sequence = job.Tiles.Sequence;
        ref readonly ReduceJob geometry = ref job.Geometry;
        int sums = job.Outputs * span.Count, lane = V.Count * sizeof(T);
        byte* scratch = ThreadScratch.Get(
            sequence.ScratchBytes + job.Outputs * job.TileBytes + sums * (lane + sizeof(double)));
        void** registers = stackalloc void*[compiled.FrameLength];
        byte** targets = stackalloc byte*[job.Outputs];
        for (int o = 0; o < job.Outputs; o++)
            targets[o] = scratch + sequence.ScratchBytes + o * job.TileBytes;
        byte* lanes = scratch + sequence.ScratchBytes + job.Outputs * job.TileBytes;
        double* totals = (double*)(lanes + sums * lane);
        for (int i = 0; i < sums; i++)
        {
            V.Store(TOp.Start<V>(), lanes, i * V.Count);
            totals[i] = 0;
        }
        nint piece = span.Inner <= sequence.Tile ? span.Inner : sequence.Tile, pending = 0;
        job.Tiles.Begin(registers, scratch, piece * Math.Min(span.Fit, span.Count));
        V inTail = ReduceLoops<TOp, V, T>.Tail(span.Inner);
        long* at = stackalloc long[StridedAxes.MaxRank];
        for (int i = 0; i < geometry.Reduced.Rank; i++) at[i] = 0;
        long offset = 0, none = 0;
        for (long run = geometry.Reduced.Count; run > 0; run--)
        {
            long here = span.From + offset;
            nint atRun = pending;
            geometry.Reduced.Next(at, ref offset, ref none);
            job.Tiles.Prefetch(
                span.From + offset, Math.Min(ReduceJob.Ahead, span.Inner * span.Count));
            for (int first = 0; first < span.Count; first += span.Fit)
            {
                int count = Math.Min(span.Fit, span.Count - first);
                // All runs of a span have summed the same number of elements.
                pending = atRun;
                for (nint i = 0; i < span.Inner; i += piece)
                {
                    nint n = Math.Min(piece, span.Inner - i), before = pending;
                    job.Tiles.Evaluate(
                        registers, scratch, here + first * span.Inner + i, n * count, targets, 0);
                    for (int o = 0; o < job.Outputs; o++)
                    {
                        T* x = (T*)registers[compiled.Outputs[o]];
                        int sum = o * span.Count + first;
                        for (int unit = 0; unit < count; unit++, sum++, x += n)
                        {
                            pending = before;
                            V v = V.Load(lanes, sum * V.Count);
                            for (nint b = 0; b < n; b += Block)
                                ReduceLoops<TOp, V, T>.AddRun(
                                    x + b, Math.Min(Block, n - b), inTail, ref v,
                                    ref totals[sum], ref pending);
                            V.Store(v, lanes, sum * V.Count);
                        }
                    }
                }
            }
        }
        for (int o = 0, sum = 0; o < job.Outputs; o++)
            for (int unit = 0; unit < span.Count; unit++, sum++)
                ((T*)job.Results[o])[to + unit * step] = ReduceLoops<TOp, V, T>.Result(
                    V.Load(lanes, sum * V.Count), totals[sum]);
    }

    // A block of columns at one position of the other kept axes. Adjacent short rows share a tile.
    [SkipLocalsInit]
    [MethodImpl(Compiled.Once)]
    private static void Columns(in ReduceTilesJob job, long unit)
    {
        const int Width = ReduceJob.ColumnBlock;
        CompiledTileProgram compiled = job.Tiles.Form;
        TileSequence sequence = job.Tiles.Sequence;
        ref readonly ReduceJob geometry = ref job.Geometry;
        long* at = stackalloc long[StridedAxes.MaxRank];
        (long position, long block) = Math.DivRem(unit, geometry.ColumnBlocks);
        geometry.Kept.Seek(position, at, out long from, out long to);
        nint n = (nint)Math.Min(Width, geometry.Inner - block * Width);
        int axis = geometry.Reduced.Rank - 1;
        bool together = axis >= 0 && geometry.Reduced.From[axis] == n;
        int fit = together ? (int)Math.Clamp(sequence.Tile / n, 1, RowBlock) : 1;

        const int SumBytes = (Width + 64) * 16;
        byte* scratch = ThreadScratch.Get(
            sequence.ScratchBytes + job.Outputs * (job.TileBytes + SumBytes));
        void** registers = stackalloc void*[compiled.FrameLength];
        byte** targets = stackalloc byte*[job.Outputs];
        for (int o = 0; o < job.Outputs; o++)
            targets[o] = scratch + sequence.ScratchBytes + o * job.TileBytes;
        byte* accumulators = scratch + sequence.ScratchBytes + job.Outputs * job.TileBytes;
        long count = geometry.Reduced.Count;
        bool twoLevels = ReduceLoops<TOp, V, T>.IsFloatSum && count > RowBlock;
        for (int o = 0; o < job.Outputs; o++)
        {
            T* sums = (T*)(accumulators + o * SumBytes);
            for (nint i = 0; i < n + 4 * V.Count; i += V.Count) V.Store(TOp.Start<V>(), sums, i);
            new Span<double>(accumulators + o * SumBytes + SumBytes / 2, (int)n).Clear();
        }
        job.Tiles.Begin(registers, scratch, fit * n);

        T** rows = stackalloc T*[RowBlock];
        for (int i = 0; i < geometry.Reduced.Rank; i++) at[i] = 0;
        long offset = 0, none = 0;
        int inBlock = 0;
        for (long row = 0; row < count;)
        {
            int height = 1;
            if (together)
                height = (int)Math.Min(
                    Math.Min(fit, RowBlock - inBlock), geometry.Reduced.Sizes[axis] - at[axis]);
            job.Tiles.Evaluate(
                registers, scratch, job.Start + from + block * Width + offset, height * n, targets,
                0);
            for (int r = 0; r < height; r++) geometry.Reduced.Next(at, ref offset, ref none);
            row += height;
            inBlock = (inBlock + height) % RowBlock;
            for (int o = 0; o < job.Outputs; o++)
            {
                T* x = (T*)registers[compiled.Outputs[o]];
                for (int r = 0; r < height; r++) rows[r] = x + r * n;
                T* sums = (T*)(accumulators + o * SumBytes);
                ReduceLoops<TOp, V, T>.AddRows(rows, height, sums, n);
                if (twoLevels && (inBlock == 0 || row == count))
                    ReduceLoops<TOp, V, T>.Flush(sums, (double*)(sums) + SumBytes / 16, n);
            }
        }
        for (int o = 0; o < job.Outputs; o++)
        {
            T* sums = (T*)(accumulators + o * SumBytes);
            T* y = (T*)job.Results[o] + to + block * Width * geometry.InnerTo;
            ReduceLoops<TOp, V, T>.Store(
                sums, twoLevels ? (double*)sums + SumBytes / 16 : null, n, y, geometry.InnerTo);
        }
    }
}
