// Sums, maxima and minima over any axes.
using System.Numerics;
using System.Runtime.Intrinsics;

namespace Engine.Kernels;

public sealed unsafe partial class CpuBackend
{
    // Reductions to few results are cut into pieces of a long reduced axis, for threads to share.
    // Cut by shapes alone, so that sums do not depend on the number of threads.
    private const long ReducePieces = 1 << 17;
    private const long PieceSize = 1 << 15;

    /// <inheritdoc/>
    public void Reduce(ReduceKind kind, in Operand x, in Operand y)
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

        if (x.Layout.Count >= ReducePieces && x.Layout.Count / y.Layout.Count >= 2 * PieceSize
            && TryPieces(kind, x, y)) return;
        if (ReduceJob.Prepare(kind, x, y, out ReduceJob job))
        {
            Run(ref job);
            if (kind == ReduceKind.Sum && job.Repeats > 1) Multiply(y, job.Repeats);
            return;
        }

        // No contiguous axis (a view with gaps): pack the distinct elements first.
        Operand packed = Pack(x);
        Reduce(kind, packed, y);
        Return(packed.Buffer);
    }

    // Splits the longest reduced axis into equal pieces (a short rest apart), reduces each piece to
    // a row of partial results, then the rows.
    private bool TryPieces(ReduceKind kind, in Operand x, in Operand y)
    {
        int axis = -1;
        for (int i = 0; i < x.Layout.Rank; i++)
        {
            bool reduced = y.Layout.Sizes[i] == 1 && x.Layout.Strides[i] != 0;
            if (reduced && (axis < 0 || x.Layout.Sizes[i] > x.Layout.Sizes[axis])) axis = i;
        }

        if (axis < 0) return false;
        long size = x.Layout.Sizes[axis], each = x.Layout.Count / y.Layout.Count / size;
        long length = Math.Max(1, PieceSize / each);
        long pieces = size / length, rest = size - pieces * length;
        if (pieces < 2) return false;

        long results = y.Layout.Count;
        DeviceBuffer buffer = Rent((pieces + (rest > 0 ? 1 : 0)) * results * x.Type.Size());
        var partials = new Operand(buffer, 0, x.Type, y.Layout);
        ReducePiece(kind, x, partials, axis, 0, pieces, length);
        if (rest > 0)
        {
            Operand end = partials with { Offset = pieces * results };
            ReducePiece(kind, x, end, axis, pieces * length, 1, rest);
        }

        long rows = pieces + (rest > 0 ? 1 : 0);
        var all = partials with { Layout = Layout.Contiguous(rows, results) };
        var target = y with { Layout = Layout.Contiguous(1, results) };
        Reduce(kind, all, target);
        Return(buffer);
        return true;
    }

    private void ReducePiece(
        ReduceKind kind, in Operand x, in Operand y, int axis, long start, long pieces, long length)
    {
        long stride = x.Layout.Strides[axis];
        long[] sizes = [pieces, .. x.Layout.Sizes];
        long[] strides = [stride * length, .. x.Layout.Strides];
        sizes[axis + 1] = length;
        var source = x with
        {
            Offset = x.Offset + start * stride,
            Layout = new Layout(sizes, strides),
        };
        Reduce(kind, source, y with { Layout = Layout.Contiguous([pieces, .. y.Layout.Sizes]) });
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

    private void Run(ref ReduceJob job)
    {
        switch (job.Kind)
        {
            case ReduceKind.Sum: Run<SumOp>(ref job); break;
            case ReduceKind.Max: Run<MaxOp>(ref job); break;
            default: Run<MinOp>(ref job); break;
        }
    }

    private void Run<TOp>(ref ReduceJob job) where TOp : struct, IReduceOp
    {
        switch (job.Type)
        {
            case DType.Float32: Run<TOp, float>(ref job); break;
            case DType.Float64: Run<TOp, double>(ref job); break;
            case DType.Int32: Run<TOp, int>(ref job); break;
            case DType.Int64: Run<TOp, long>(ref job); break;
            default: throw new ArgumentException($"Reduce: {job.Kind} of bool; cast it first.");
        }
    }

    private void Run<TOp, T>(ref ReduceJob job)
        where TOp : struct, IReduceOp where T : unmanaged, INumber<T>
    {
        delegate*<void*, int, void> loop;
        if (Vector512.IsHardwareAccelerated) loop = &ReduceLoops<TOp, Lanes512<T>, T>.RunPart;
        else if (Vector256.IsHardwareAccelerated) loop = &ReduceLoops<TOp, Lanes256<T>, T>.RunPart;
        else if (Vector128.IsHardwareAccelerated) loop = &ReduceLoops<TOp, Lanes128<T>, T>.RunPart;
        else loop = &ReduceLoops<TOp, Lanes1<T>, T>.RunPart;
        fixed (ReduceJob* pointer = &job)
        {
            if (job.Parts == 1) loop(pointer, 0);
            else Workers.Run(job.Parts, loop, pointer);
        }
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
