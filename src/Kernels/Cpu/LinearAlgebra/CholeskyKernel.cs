// Cholesky factorisation row by row: each element comes from a dot product of rows known by then.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>y yᵀ = x with y lower triangular.</summary>
internal static unsafe class CholeskyKernel<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    public static void Run(in MatrixJob job, long first, long end)
    {
        nint n = job.Rows;
        for (long b = first; b < end; b++)
        {
            T* y = (T*)job.Y + (nint)b * n * n;
            if (!TryFactor((T*)job.A + (nint)b * n * n, y, n)) Row<T>.Fill(y, T.NaN, n * n);
        }
    }

    /// <summary>False if a pivot is not positive: the matrix is not positive definite.</summary>
    [MethodImpl(Compiled.Once)]
    private static bool TryFactor(T* x, T* y, nint n)
    {
        for (nint i = 0; i < n; i++)
        {
            T* row = y + i * n;
            for (nint j = 0; j < i; j++)
                row[j] = (x[i * n + j] - Row<T>.Dot(row, y + j * n, j)) / y[j * n + j];
            T pivot = x[i * n + i] - Row<T>.Dot(row, row, i);
            if (!(pivot > T.Zero) || T.IsInfinity(pivot)) return false;
            row[i] = T.Sqrt(pivot);
            Row<T>.Fill(row + i + 1, T.Zero, n - i - 1);
        }
        return true;
    }
}
