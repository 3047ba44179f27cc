// Factorisations of batches of matrices: a group a matrix.
namespace Engine.Kernels.Gpu;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void Cholesky(in Operand x, in Operand y)
    {
        if (x.Layout.Count > 0) Factoriser(x.Type).Cholesky(this, x, y);
    }

    /// <inheritdoc/>
    public void Lu(in Operand x, in Operand y)
    {
        if (x.Layout.Count > 0) Factoriser(x.Type).Lu(this, x, y);
    }

    /// <inheritdoc/>
    public void Eigh(in Operand x, in Operand y)
    {
        if (x.Layout.Count > 0) Factoriser(x.Type).Eigh(this, x, y);
    }

    /// <inheritdoc/>
    public void TriangularSolve(in Operand a, in Operand b, in Operand x, Triangle triangle)
    {
        if (x.Layout.Count > 0) Factoriser(x.Type).Substitute(this, a, b, x, triangle);
    }

    private static IFactorRunner Factoriser(DType type) => Runner<IFactorRunner>(
        typeof(FactorRunner<,>), Stored(type), NumbersOf(type));

    private interface IFactorRunner
    {
        void Cholesky(GpuBackend backend, in Operand x, in Operand y);

        void Lu(GpuBackend backend, in Operand x, in Operand y);

        void Eigh(GpuBackend backend, in Operand x, in Operand y);

        void Substitute(
            GpuBackend backend, in Operand a, in Operand b, in Operand x, Triangle triangle);
    }

    private sealed class FactorRunner<T, TReals> : IFactorRunner
        where T : unmanaged where TReals : unmanaged, IReals<TReals, T>
    {
        public void Cholesky(GpuBackend backend, in Operand x, in Operand y) => backend.Launch(
            new Cholesky<T, TReals>
            {
                X = backend.From<T>(x),
                Y = backend.From<T>(y),
                Batch = x.Layout.Sizes[0],
                N = x.Layout.Sizes[1],
            },
            x.Layout.Sizes[0], backend.GroupThreads);

        public void Lu(GpuBackend backend, in Operand x, in Operand y) => backend.Launch(
            new Lu<T, TReals>
            {
                X = backend.From<T>(x),
                Y = backend.From<T>(y),
                Batch = x.Layout.Sizes[0],
                N = x.Layout.Sizes[1],
            },
            x.Layout.Sizes[0], backend.GroupThreads);

        public unsafe void Eigh(GpuBackend backend, in Operand x, in Operand y)
        {
            long batch = x.Layout.Sizes[0], n = x.Layout.Sizes[1], m = n + n % 2;
            GpuBuffer scratch = backend.memory.Rent(batch * (2 * m * m + m) * sizeof(T));
            backend.Launch(
                new Eigh<T, TReals>
                {
                    X = backend.From<T>(x),
                    Y = backend.From<T>(y),
                    Scratch = scratch.As<T>(),
                    Batch = batch,
                    N = n,
                    M = m,
                },
                batch, backend.GroupThreads);
            backend.Return(scratch);
        }

        public void Substitute(
            GpuBackend backend, in Operand a, in Operand b, in Operand x, Triangle triangle)
        {
            long batch = x.Layout.Sizes[0], n = x.Layout.Sizes[1], m = x.Layout.Sizes[2];
            RowThreads threads = RowThreads.For(m, backend.GroupThreads);
            long strips = ((m - 1) >> threads.Shift) + 1;
            backend.Launch(
                new Substitute<T, TReals>
                {
                    A = backend.From<T>(a),
                    B = backend.From<T>(b),
                    X = backend.From<T>(x),
                    Batch = batch,
                    N = n,
                    Columns = m,
                    Strips = strips,
                    Down = triangle.Transposed ? 1 : n,
                    Across = triangle.Transposed ? n : 1,
                    Forward = triangle.Lower != triangle.Transposed ? 1 : 0,
                    Unit = triangle.Unit ? 1 : 0,
                    Threads = threads,
                },
                batch * strips, backend.GroupThreads);
        }
    }
}
