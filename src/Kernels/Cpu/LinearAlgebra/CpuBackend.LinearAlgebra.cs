// Factorisations of batches of matrices. Threads share the batch, and each takes one matrix at a
// time: matrices are small here, so the loops are plain ones over rows.
namespace Engine.Kernels;

public sealed unsafe partial class CpuBackend
{
    private const long MatrixPart = 1 << 15;

    /// <inheritdoc/>
    public void Cholesky(in Operand x, in Operand y) => Factor(
        x, y, x.Type == DType.Float32
            ? &CholeskyKernel<float>.Run
            : &CholeskyKernel<double>.Run);

    /// <inheritdoc/>
    public void Lu(in Operand x, in Operand y) => Factor(
        x, y, x.Type == DType.Float32 ? &LuKernel<float>.Run : &LuKernel<double>.Run);

    /// <inheritdoc/>
    public void Eigh(in Operand x, in Operand y) => Factor(
        x, y, x.Type == DType.Float32 ? &EighKernel<float>.Run : &EighKernel<double>.Run);

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
        Run(job, sizes[0], b.Layout.Count * sizes[1], b.Type == DType.Float32
            ? &TriangularKernel<float>.Run
            : &TriangularKernel<double>.Run);
    }

    private void Factor(in Operand x, in Operand y, delegate*<in MatrixJob, long, long, void> body)
    {
        long n = x.Layout.Sizes[1];
        var job = new MatrixJob
        {
            A = Pointer(x),
            Y = Pointer(y),
            Rows = (nint)n,
            Columns = (nint)n,
        };
        Run(job, x.Layout.Sizes[0], x.Layout.Count * n, body);
    }

    private void Run(
        in MatrixJob job, long batch, long work, delegate*<in MatrixJob, long, long, void> body)
    {
        if (work > 0) Workers.Run(batch, Math.Max(1, MatrixPart * batch / work), body, job);
    }
}
