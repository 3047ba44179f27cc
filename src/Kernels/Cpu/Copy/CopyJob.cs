// The loops of Copy and Fill: a walk over the outer axes, and at each position a run, a fill, a
// strided run or a transposed block.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>One strided copy; its axes are merged and ordered by the target's strides.</summary>
internal unsafe struct CopyJob
{
    // Transposes go by square blocks: 16 cache lines on each side stay in L1.
    private const int Block = 16;

    // Elements that a thread copies at once.
    private const long PartSize = 1 << 16;

    private void* from;
    private void* to;
    private int size;

    /// <summary>The innermost axis.</summary>
    private long columns, fromColumn, toColumn;

    /// <summary>
    /// An axis along which the source is contiguous while the target is along the innermost; else
    /// one of a single row.
    /// </summary>
    private long rows, toRow;

    /// <summary>The axes around them.</summary>
    private StridedAxes outer;

    // At each position of the outer axes the rows, or a single row's columns, are cut into pieces.
    private long piece, pieces;

    /// <summary>Number of pieces in all, and how many are worth a thread.</summary>
    public readonly long Units => outer.Count * pieces;
    public long UnitsPerPart;

    /// <summary>Numbers that the axes of a copy to views of a rank need.</summary>
    public static int MemoryFor(int rank) => 6 * rank;

    /// <summary>Describes a copy; the memory must outlive it.</summary>
    [SkipLocalsInit]
    public static CopyJob Of(
        void* from, void* to, int size, Layout source, Layout target, long* memory)
    {
        int rank = target.Rank;
        var all = new StridedAxes(memory, rank, 2);
        int* order = stackalloc int[StridedAxes.MaxRank];
        StridedAxes.Order(target.Strides, order);
        for (int i = 0; i < rank; i++)
            all.Add(
                target.Sizes[order[i]], source.Strides[order[i]], target.Strides[order[i]]);
        var job = new CopyJob
        {
            from = from,
            to = to,
            size = size,
            rows = 1,
            outer = new StridedAxes(memory + 3 * rank, rank, 2),
        };
        (job.columns, job.fromColumn, job.toColumn) = all.Pop();
        bool transposes = job.toColumn == 1 && job.fromColumn is not (0 or 1) && job.columns >= 4;
        for (int i = 0; i < all.Rank; i++)
        {
            if (transposes && job.rows == 1 && all.From[i] == 1 && all.Sizes[i] >= 4)
                (job.rows, job.toRow) = (all.Sizes[i], all.To[i]);
            else job.outer.Add(all.Sizes[i], all.From[i], all.To[i]);
        }
        (long cut, long whole) = job.rows > 1 ? (job.rows, job.columns) : (job.columns, 1);
        job.piece = Math.Min(cut, Math.Max(Block, PartSize / whole & -Block));
        job.pieces = (cut + job.piece - 1) / job.piece;
        job.UnitsPerPart = Math.Max(1, PartSize / (job.piece * whole));
        return job;
    }

    /// <summary>Copies units start .. end - 1.</summary>
    public static void Run(in CopyJob job, long start, long end)
    {
        if (job.size == 1) job.Run<byte>(start, end);
        else if (job.size == 4) job.Run<int>(start, end);
        else job.Run<long>(start, end);
    }

    [SkipLocalsInit]
    [MethodImpl(Compiled.Once)]
    private readonly void Run<T>(long start, long end) where T : unmanaged
    {
        long* at = stackalloc long[StridedAxes.MaxRank];
        (long position, long number) = StridedAxes.DivRem(start, pieces);
        StridedAxes outer = this.outer;
        outer.Seek(position, at, out long source, out long target);
        long done = number * piece, most = piece, length = rows > 1 ? rows : columns;
        T* x = (T*)from, y = (T*)to;
        for (long left = end - start; ;)
        {
            long n = Math.Min(most, length - done);
            if (rows > 1) Transpose(x + source + done, y + target + done * toRow, n);
            else Inner(x + source + done * fromColumn, y + target + done * toColumn, n);
            if (--left == 0) return;
            done += n;
            if (done < length) continue;
            done = 0;
            outer.Next(at, ref source, ref target);
        }
    }

    [MethodImpl(Compiled.Once)]
    private readonly void Inner<T>(T* source, T* target, long n) where T : unmanaged
    {
        if (toColumn == 1 && fromColumn == 1)
            Buffer.MemoryCopy(source, target, n * sizeof(T), n * sizeof(T));
        else if (toColumn == 1 && fromColumn == 0)
            new Span<T>(target, checked((int)n)).Fill(*source);
        else if (toColumn == 1) TileMemory.Gather(source, (nint)fromColumn, target, (nint)n);
        else
        {
            for (; n > 0; n--, source += fromColumn, target += toColumn) *target = *source;
        }
    }

    // target[r * toRow + c] = source[r + c * fromColumn] for r < rows, c < columns.
    [MethodImpl(Compiled.Once)]
    private readonly void Transpose<T>(T* source, T* target, long rows) where T : unmanaged
    {
        nint columns = (nint)this.columns, fromStride = (nint)fromColumn, toStride = (nint)toRow;
        for (nint row = 0; row < rows; row += Block)
        {
            nint height = Math.Min(Block, (nint)rows - row);
            for (nint column = 0; column < columns; column += Block)
            {
                nint width = Math.Min(Block, columns - column);
                T* x = source + row + column * fromStride;
                T* y = target + row * toStride + column;
                nint r = 0, c = width & ~7;
                if (sizeof(T) == 4 && Transpose8.IsSupported && c > 0)
                {
                    for (; r + 8 <= height; r += 8)
                    {
                        for (nint i = 0; i < c; i += 8)
                            Transpose8.Run(
                                (float*)(x + r + i * fromStride), fromStride,
                                (float*)(y + r * toStride + i), toStride);
                        for (nint i = r; c < width && i < r + 8; i++)
                            TileMemory.Gather(
                                x + i + c * fromStride, fromStride, y + i * toStride + c,
                                width - c);
                    }
                }
                for (; r < height; r++)
                    TileMemory.Gather(x + r, fromStride, y + r * toStride, width);
            }
        }
    }
}
