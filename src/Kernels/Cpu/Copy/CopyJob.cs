// The loops of Copy and Fill: an odometer over the outer axes, and for the two inner ones runs,
// fills, strided runs or transposed blocks.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>One strided copy; its axes are merged and ordered by the target's strides.</summary>
internal unsafe struct CopyJob
{
    // A block of a transpose: 16 lines of 64 bytes on each side stay in L1.
    private const int Block = 16;

    public int Parts;
    private void* from;
    private void* to;
    private int size;
    private int rank;
    private long* sizes;
    private long* fromStrides;
    private long* toStrides;
    private int transposed;
    private long partSize;

    /// <summary>Describes a copy; <paramref name="axes"/> has room for 3 (rank + 1).</summary>
    public static CopyJob Of(
        void* from, void* to, int size, Layout source, Layout target, long* axes)
    {
        int room = target.Rank + 1;
        var job = new CopyJob
        {
            Parts = 1,
            from = from,
            to = to,
            size = size,
            sizes = axes,
            fromStrides = axes + room,
            toStrides = axes + 2 * room,
        };
        for (int i = 0; i < target.Rank; i++)
            if (target.Sizes[i] != 1)
                job.Insert(target.Sizes[i], source.Strides[i], target.Strides[i]);
        job.Merge();
        if (job.rank == 0) job.Insert(1, 1, 1);
        job.partSize = job.sizes[0];
        job.transposed = job.FindTransposed();
        return job;
    }

    /// <summary>Cuts the outermost axis into parts of some 64k elements.</summary>
    public void Split()
    {
        long row = 1;
        for (int i = 1; i < rank; i++) row *= sizes[i];
        partSize = Math.Clamp((1 << 16) / row, 1, sizes[0]);
        if (rank == 1 || transposed == 0) partSize = Math.Min(sizes[0], (partSize + 15) & ~15);
        Parts = checked((int)((sizes[0] + partSize - 1) / partSize));
    }

    public static void RunPart(void* job, int part)
    {
        CopyJob self = *(CopyJob*)job;
        if (self.size == 1) self.Run<byte>(part);
        else if (self.size == 4) self.Run<int>(part);
        else self.Run<long>(part);
    }

    // Keeps the target's strides descending; equal ones in their order.
    private void Insert(long count, long fromStride, long toStride)
    {
        int at = rank++;
        for (; at > 0 && Math.Abs(toStrides[at - 1]) < Math.Abs(toStride); at--)
        {
            sizes[at] = sizes[at - 1];
            fromStrides[at] = fromStrides[at - 1];
            toStrides[at] = toStrides[at - 1];
        }

        sizes[at] = count;
        fromStrides[at] = fromStride;
        toStrides[at] = toStride;
    }

    private void Merge()
    {
        int kept = 0;
        for (int i = 1; i < rank; i++)
        {
            if (fromStrides[kept] == fromStrides[i] * sizes[i]
                && toStrides[kept] == toStrides[i] * sizes[i])
            {
                sizes[kept] *= sizes[i];
            }
            else sizes[++kept] = sizes[i];
            fromStrides[kept] = fromStrides[i];
            toStrides[kept] = toStrides[i];
        }

        rank = Math.Min(rank, kept + 1);
    }

    // The outer axis along which the source is contiguous while the target is along the innermost.
    private readonly int FindTransposed()
    {
        int last = rank - 1;
        if (toStrides[last] != 1 || fromStrides[last] is 0 or 1 || sizes[last] < 4) return -1;
        for (int i = 0; i < last; i++)
            if (fromStrides[i] == 1 && sizes[i] >= 4) return i;
        return -1;
    }

    [SkipLocalsInit]
    [MethodImpl(Compiled.Once)]
    private readonly void Run<T>(int part) where T : unmanaged
    {
        long first = part * partSize;
        long firstSize = Math.Min(partSize, sizes[0] - first);
        T* source = (T*)from + first * fromStrides[0];
        T* target = (T*)to + first * toStrides[0];
        int last = rank - 1;
        long* at = stackalloc long[TileInput.MaxRank];
        for (int i = 0; i < rank; i++) at[i] = 0;
        while (true)
        {
            if (transposed >= 0)
                Transpose(source, target, transposed == 0 ? firstSize : sizes[transposed]);
            else Inner(source, target, last == 0 ? firstSize : sizes[last]);
            int axis = last - 1;
            for (; axis >= 0; axis--)
            {
                if (axis == transposed) continue;
                source += fromStrides[axis];
                target += toStrides[axis];
                long count = axis == 0 ? firstSize : sizes[axis];
                if (++at[axis] < count) break;
                source -= count * fromStrides[axis];
                target -= count * toStrides[axis];
                at[axis] = 0;
            }

            if (axis < 0) return;
        }
    }

    [MethodImpl(Compiled.Once)]
    private readonly void Inner<T>(T* source, T* target, long n) where T : unmanaged
    {
        long fromStride = fromStrides[rank - 1], toStride = toStrides[rank - 1];
        if (toStride == 1 && fromStride == 1)
            Buffer.MemoryCopy(source, target, n * sizeof(T), n * sizeof(T));
        else if (toStride == 1 && fromStride == 0)
            new Span<T>(target, checked((int)n)).Fill(*source);
        else if (toStride == 1) TileMemory.Gather(source, (nint)fromStride, target, (nint)n);
        else
        {
            for (; n > 0; n--, source += fromStride, target += toStride) *target = *source;
        }
    }

    // target[r * toStride + c] = source[r + c * fromStride] for r < rows, c < columns.
    [MethodImpl(Compiled.Once)]
    private readonly void Transpose<T>(T* source, T* target, long rows) where T : unmanaged
    {
        nint columns = (nint)sizes[rank - 1];
        nint fromStride = (nint)fromStrides[rank - 1], toStride = (nint)toStrides[transposed];
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
