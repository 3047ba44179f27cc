// Sums, maxima and minima over any axes.
using System.Numerics;

namespace Engine.Kernels;

public sealed unsafe partial class CpuBackend
{
    // Reductions of many elements to few results are cut along a long reduced axis, so that threads
    // share them. The cut depends on shapes alone, so that sums do not depend on the threads.
    private const long ReducePieces = 1 << 17;
    private const long PieceSize = 1 << 15;

    /// <inheritdoc/>
    public void Reduce(
        ReduceKind kind, in Operand x, in Operand y, in Epilogue epilogue = default)
    {
        Reduce(kind, x, y);
        Finish(epilogue, y);
    }

    private void Finish(in Epilogue epilogue, in Operand result)
    {
        if (epilogue.Program is null) return;
        byte* memory = stackalloc byte[BoundEpilogue.MemoryFor(epilogue)];
        BoundEpilogue.Bind(epilogue, result, memory).RunAll(this, result.Layout.Count);
    }

    private void Reduce(ReduceKind kind, in Operand x, in Operand y)
    {
        if (y.Layout.Count == 0) return;
        if (x.Layout.Count == 0)
        {
            if (kind != ReduceKind.Sum)
                throw new ArgumentException($"Reduce: {kind} of no elements, {x.Layout}.");
            Fill(y, 0);
            return;
        }

        if (x.Layout.Count == y.Layout.Count)
        {
            Copy(x, y);
            return;
        }

        if (Cut.Find(x.Layout, y.Layout, out Cut cut))
        {
            ReduceCut(kind, cut, x, y);
            return;
        }
        long* axes = stackalloc long[ReduceJob.MemoryFor(x.Layout.Rank)];
        if (ReduceJob.Prepare(kind, x, y, axes, out ReduceJob job))
        {
            job.Join(Threads);
            Run(job);
            if (kind == ReduceKind.Sum && job.Repeats > 1) Multiply(y, job.Repeats);
            return;
        }

        // No contiguous axis (a view with gaps): copy the distinct elements together first.
        Operand packed = Pack(x);
        Reduce(kind, packed, y);
        Return(packed.Buffer);
    }

    /// <summary>
    /// The longest reduced axis cut into equal pieces and a shorter rest, for threads to share.
    /// </summary>
    private readonly record struct Cut(int Axis, long Length, long Pieces, long Rest)
    {
        public long Rows => Pieces + (Rest > 0 ? 1 : 0);

        /// <summary>Whether a reduction from x to y is worth cutting, and how.</summary>
        public static bool Find(Layout x, Layout y, out Cut cut)
        {
            cut = default;
            if (x.Count < ReducePieces || x.Count / y.Count < 2 * PieceSize) return false;
            int axis = -1;
            for (int i = 0; i < x.Rank; i++)
            {
                bool reduced = y.Sizes[i] == 1 && x.Strides[i] != 0;
                if (reduced && (axis < 0 || x.Sizes[i] > x.Sizes[axis])) axis = i;
            }
            if (axis < 0) return false;
            long size = x.Sizes[axis], each = x.Count / y.Count / size;
            long length = Math.Max(1, PieceSize / each), pieces = size / length;
            cut = new Cut(axis, length, pieces, size - pieces * length);
            return pieces >= 2;
        }

        /// <summary>All pieces of a view, (pieces, ..., length, ...).</summary>
        public Operand PiecesOf(in Operand x) => Part(x, 0, Pieces, Length);

        /// <summary>The rest of a view, (1, ..., rest, ...).</summary>
        public Operand RestOf(in Operand x) => Part(x, Pieces * Length, 1, Rest);

        private Operand Part(in Operand x, long start, long pieces, long length)
        {
            long stride = x.Layout.Strides[Axis];
            long[] sizes = [pieces, .. x.Layout.Sizes];
            sizes[Axis + 1] = length;
            long[] strides = [stride * length, .. x.Layout.Strides];
            return x with
            {
                Offset = x.Offset + start * stride,
                Layout = new Layout(sizes, strides),
            };
        }
    }

    private void ReduceCut(ReduceKind kind, in Cut cut, in Operand x, in Operand y)
    {
        Operand partials = Partials(cut, y);
        Reduce(kind, cut.PiecesOf(x), PieceRows(cut, partials, y));
        if (cut.Rest > 0) Reduce(kind, cut.RestOf(x), RestRow(cut, partials, y));
        ReducePartials(kind, cut, partials, y);
    }

    /// <summary>Room for the partial results of each piece, a row for a piece.</summary>
    private Operand Partials(in Cut cut, in Operand y)
    {
        long results = y.Layout.Count;
        DeviceBuffer buffer = Rent(cut.Rows * results * y.Type.Size());
        return new Operand(buffer, 0, y.Type, Layout.Contiguous(cut.Rows, results));
    }

    private static Operand PieceRows(in Cut cut, in Operand partials, in Operand y) =>
        partials with { Layout = Layout.Contiguous([cut.Pieces, .. y.Layout.Sizes]) };

    private static Operand RestRow(in Cut cut, in Operand partials, in Operand y) => partials with
    {
        Offset = cut.Pieces * y.Layout.Count,
        Layout = Layout.Contiguous([1, .. y.Layout.Sizes]),
    };

    private void ReducePartials(ReduceKind kind, in Cut cut, in Operand partials, in Operand y)
    {
        Reduce(kind, partials, y with { Layout = Layout.Contiguous(1, y.Layout.Count) });
        Return(partials.Buffer);
    }

    private Operand Pack(in Operand x)
    {
        long[] sizes = x.Layout.Sizes.ToArray(), strides = x.Layout.Strides.ToArray();
        for (int i = 0; i < sizes.Length; i++)
            if (strides[i] == 0) sizes[i] = 1;
        Layout distinct = Layout.Contiguous(sizes);
        var packed = new Operand(Rent(distinct.Count * x.Type.Size()), 0, x.Type, distinct);
        Copy(x with { Layout = new Layout(sizes, strides) }, packed);
        long[] spread = distinct.Strides.ToArray();
        for (int i = 0; i < sizes.Length; i++)
            if (strides[i] == 0) spread[i] = 0;
        return packed with { Layout = new Layout(x.Layout.Sizes.ToArray(), spread) };
    }

    private void Run(in ReduceJob job)
    {
        ReduceLoop loop = default;
        ReduceOps.Run(job.Kind, job.Type, ref loop);
        Workers.Run(job.Units, job.UnitsPerPart, loop.Body, job);
    }

    private struct ReduceLoop : IReduceWork
    {
        public delegate*<in ReduceJob, long, long, void> Body;

        public void Run<TOp, V, T>() where TOp : struct, IReduceOp
            where V : struct, IKernelLanes<V, T> where T : unmanaged, INumber<T> =>
            Body = &ReduceLoops<TOp, V, T>.Run;
    }

    private static void Multiply(in Operand y, long factor)
    {
        void* p = Pointer(y);
        for (long i = 0; i < y.Layout.Count; i++)
        {
            switch (y.Type)
            {
                case DType.Float32:
                    ((float*)p)[i] = (float)((double)((float*)p)[i] * factor);
                    break;
                case DType.Float64: ((double*)p)[i] *= factor; break;
                case DType.Int32: ((int*)p)[i] = (int)(((int*)p)[i] * factor); break;
                default: ((long*)p)[i] *= factor; break;
            }
        }
    }
}
