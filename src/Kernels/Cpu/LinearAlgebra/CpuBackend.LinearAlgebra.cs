// Factorisations of batches of matrices, one matrix a time, threads sharing the batch; and running
// sums. Matrices are small here, so the loops are plain ones over rows.
using System.Numerics;

namespace Engine.Kernels;

public sealed unsafe partial class CpuBackend
{
    private const long MatrixPart = 1 << 15;

    /// <inheritdoc/>
    public void CumSum(in Operand x, in Operand y, bool reverse)
    {
        ReadOnlySpan<long> sizes = x.Layout.Sizes;
        var job = new MatrixJob
        {
            A = Pointer(x),
            Y = Pointer(y),
            Rows = (nint)sizes[1],
            Columns = (nint)sizes[2],
            Reverse = reverse,
        };
        Run(ref job, sizes[0], x.Layout.Count, x.Type switch
        {
            DType.Float32 => &RunningSum<float>,
            DType.Float64 => &RunningSum<double>,
            DType.Int32 => &RunningSum<int>,
            DType.Int64 => &RunningSum<long>,
            _ => throw new ArgumentException("CumSum: bools cannot be added; cast them."),
        });
    }

    /// <inheritdoc/>
    public void Cholesky(in Operand x, in Operand y) => Factor(
        x, y, x.Type == DType.Float32
            ? &CholeskyKernel<float>.RunPart
            : &CholeskyKernel<double>.RunPart);

    /// <inheritdoc/>
    public void Lu(in Operand x, in Operand y) => Factor(
        x, y, x.Type == DType.Float32 ? &LuKernel<float>.RunPart : &LuKernel<double>.RunPart);

    /// <inheritdoc/>
    public void Eigh(in Operand x, in Operand y) => Factor(
        x, y, x.Type == DType.Float32 ? &EighKernel<float>.RunPart : &EighKernel<double>.RunPart);

    /// <inheritdoc/>
    public void TriangularSolve(in Operand a, in Operand b, in Operand x, Triangle triangle)
    {
        ReadOnlySpan<long> sizes = b.Layout.Sizes;
        var job = new MatrixJob
        {
            A = Pointer(a),
            B = Pointer(b),
            Y = Pointer(x),
            Rows = (nint)sizes[1],
            Columns = (nint)sizes[2],
            Triangle = triangle,
        };
        Run(ref job, sizes[0], b.Layout.Count * sizes[1], b.Type == DType.Float32
            ? &TriangularKernel<float>.RunPart
            : &TriangularKernel<double>.RunPart);
    }

    private void Factor(in Operand x, in Operand y, delegate*<void*, int, void> body)
    {
        long n = x.Layout.Sizes[1];
        var job = new MatrixJob
        {
            A = Pointer(x),
            Y = Pointer(y),
            Rows = (nint)n,
            Columns = (nint)n,
        };
        Run(ref job, x.Layout.Sizes[0], x.Layout.Count * n, body);
    }

    private void Run(
        ref MatrixJob job, long batch, long work, delegate*<void*, int, void> body)
    {
        if (work == 0) return;
        job.Batch = batch;
        job.PerPart = Math.Clamp(MatrixPart * batch / work, 1, batch);
        int parts = checked((int)((batch + job.PerPart - 1) / job.PerPart));
        fixed (MatrixJob* pointer = &job)
        {
            if (parts == 1) body(pointer, 0);
            else Workers.Run(parts, body, pointer);
        }
    }

    private static void RunningSum<T>(void* context, int part) where T : unmanaged, INumber<T>
    {
        var job = (MatrixJob*)context;
        nint inner = job->Columns, step = job->Reverse ? -inner : inner;
        foreach (long b in job->Matrices(part))
        {
            nint first = (nint)b * job->Rows * inner + (job->Reverse ? (job->Rows - 1) * inner : 0);
            T* x = (T*)job->A + first, y = (T*)job->Y + first;
            for (nint j = 0; j < inner; j++) y[j] = x[j];
            for (nint i = 1; i < job->Rows; i++)
            {
                x += step;
                for (nint j = 0; j < inner; j++) y[step + j] = y[j] + x[j];
                y += step;
            }
        }
    }
}
