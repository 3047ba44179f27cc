// Rows by index: gather, and its transpose, scatter-add.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Kernels;

public sealed unsafe partial class CpuBackend
{
    private const long IndexPart = 1 << 15;

    /// <inheritdoc/>
    public void Gather(
        in Operand x, in Operand index, in Operand y, string op = nameof(Gather))
    {
        if (y.Layout.Count == 0) return;
        if (InPlanes(x, index, y, gather: true)) return;
        var job = new IndexJob(index, y.Layout.Sizes[2], x.Layout.Sizes[1], y.Type)
        {
            From = (byte*)Pointer(x),
            FromBatch = x.Layout.Strides[0],
            FromRow = x.Layout.Strides[1],
            To = (byte*)Pointer(y),
        };
        job.Check();
        Workers.Run(
            job.Batch * job.Indices, Math.Max(1, IndexPart / job.Inner), &IndexJob.Gather, job);
    }

    /// <inheritdoc/>
    public void ScatterAdd(
        in Operand g, in Operand index, in Operand y, string op = nameof(ScatterAdd))
    {
        if (y.Layout.Count == 0) return;
        if (InPlanes(g, index, y, gather: false)) return;
        Fill(y, 0);
        if (g.Layout.Count == 0) return;
        var job = new IndexJob(index, y.Layout.Sizes[2], y.Layout.Sizes[1], y.Type)
        {
            From = (byte*)Pointer(g),
            FromBatch = g.Layout.Strides[0],
            FromRow = g.Layout.Strides[1],
            FromColumn = g.Layout.Strides[2],
            To = (byte*)Pointer(y),
        };
        job.Check();

        // Threads share batches and columns, never rows: additions to an element keep their order.
        bool split = g.Layout.Count >= 2 * IndexPart && job.Inner >= 128;
        job.Each = split ? 64 : job.Inner;
        long units = job.Batch * job.Blocks;
        delegate*<in IndexJob, long, long, void> body = y.Type switch
        {
            DType.Float32 => &IndexJob.Scatter<float>,
            DType.Float64 => &IndexJob.Scatter<double>,
            DType.Int32 => &IndexJob.Scatter<int>,
            DType.Int64 => &IndexJob.Scatter<long>,
            _ => throw new ArgumentException("ScatterAdd: bools cannot be added; cast them."),
        };
        Workers.Run(units, g.Layout.Count >= 2 * IndexPart ? 1 : units, body, job);
    }

    /// <summary>
    /// The fast way for single floats at contiguous int32 positions. False if it does not apply, or
    /// if a position is outside: the general way then says which one.
    /// </summary>
    private bool InPlanes(in Operand values, in Operand index, in Operand y, bool gather)
    {
        bool applies = y.Layout.Sizes[2] == 1 && index.Type == DType.Int32
            && index.Layout.IsContiguous && y.Type.IsFloat()
            && (values.Layout.Sizes[1] <= 1 || values.Layout.Strides[1] == 1)
            && values.Layout.Sizes[1] < int.MaxValue && y.Layout.Sizes[1] < int.MaxValue;
        if (!applies) return false;
        return y.Type == DType.Float32
            ? Planes<float>(values, index, y, gather)
            : Planes<double>(values, index, y, gather);
    }

    private bool Planes<T>(in Operand values, in Operand index, in Operand y, bool gather)
        where T : unmanaged, INumber<T> => PlaneIndexing<T>.Run(
        this,
        new PlaneIndexing<T>
        {
            Values = (T*)Pointer(values),
            ValuesStride = values.Layout.Strides[0],
            Index = (int*)Pointer(index),
            Result = (T*)Pointer(y),
            Planes = y.Layout.Sizes[0],
            Indices = (int)index.Layout.Sizes[1],
            Rows = (int)(gather ? values : y).Layout.Sizes[1],
        },
        gather);

    private struct IndexJob(in Operand index, long inner, long rows, DType type)
    {
        public byte* From;
        public long FromBatch;
        public long FromRow;
        public long FromColumn;
        public byte* To;

        /// <summary>Columns that are added together, and the number of such blocks.</summary>
        public long Each;
        public readonly long Blocks => (Inner + Each - 1) / Each;

        public readonly long Inner = inner;
        public readonly long Batch = index.Layout.Sizes[0];
        public readonly long Indices = index.Layout.Sizes[1];

        private readonly void* index = Pointer(index);
        private readonly bool wide = index.Type == DType.Int64;
        private readonly long batchStride = index.Layout.Strides[0];
        private readonly long indexStride = index.Layout.Strides[1];
        private readonly long rows = rows;
        private readonly int size = type.Size();

        // Checked before anything is written, on the caller's thread.
        public readonly void Check()
        {
            for (long b = 0; b < Batch; b++)
            {
                for (long i = 0; i < Indices; i++)
                {
                    long row = At(b, i);
                    if ((ulong)row >= (ulong)rows)
                        throw new IndexOutOfRangeException(
                            LateIndexException.Wrong(row, b, i, rows));
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly long At(long b, long i)
        {
            long place = b * batchStride + i * indexStride;
            return wide ? ((long*)index)[place] : ((int*)index)[place];
        }

        [MethodImpl(Compiled.Once)]
        public static void Gather(in IndexJob job, long first, long last)
        {
            (long b, long i) = Math.DivRem(first, job.Indices);
            long bytes = job.Inner * job.size;
            byte* to = job.To + first * bytes;
            for (long n = first; n < last; n++, to += bytes)
            {
                long row = b * job.FromBatch + job.At(b, i) * job.FromRow;
                byte* from = job.From + row * job.size;
                if (bytes <= 64 && job.size >= 4)
                    for (long k = 0; k < bytes; k += 4) *(int*)(to + k) = *(int*)(from + k);
                else Buffer.MemoryCopy(from, to, bytes, bytes);
                if (++i < job.Indices) continue;
                i = 0;
                b++;
            }
        }

        public static void Scatter<T>(in IndexJob job, long first, long last)
            where T : unmanaged, INumber<T>
        {
            for (long unit = first; unit < last; unit++) Scatter<T>(job, unit);
        }

        [MethodImpl(Compiled.Once)]
        private static void Scatter<T>(IndexJob job, long unit) where T : unmanaged, INumber<T>
        {
            (long b, long column) = Math.DivRem(unit, job.Blocks);
            column *= job.Each;
            nint n = (nint)Math.Min(job.Each, job.Inner - column);
            T* from = (T*)job.From + b * job.FromBatch + column * job.FromColumn;
            T* to = (T*)job.To + b * job.rows * job.Inner + column;
            nint stride = (nint)job.FromColumn;
            for (long i = 0; i < job.Indices; i++, from += job.FromRow)
            {
                T* row = to + job.At(b, i) * job.Inner;
                nint j = 0;
                if (stride == 1)
                    for (; j <= n - Vector256<T>.Count; j += Vector256<T>.Count)
                        (Vector256.Load(row + j) + Vector256.Load(from + j)).Store(row + j);
                for (; j < n; j++) row[j] += from[j * stride];
            }
        }
    }
}
