// Forward and back substitution: rows of the result, each from those known before it.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>The x with a x = b, a triangular.</summary>
internal static unsafe class TriangularKernel<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    [MethodImpl(Compiled.Once)]
    public static void Run(in MatrixJob job, long start, long stop)
    {
        nint n = job.Rows, m = job.Columns;
        Triangle triangle = job.Triangle;
        // Strides of the matrix, transposed if asked for; a lower triangle is solved forwards.
        (nint down, nint across) = triangle.Transposed ? ((nint)1, n) : (n, 1);
        bool forward = triangle.Lower != triangle.Transposed;
        for (long batch = start; batch < stop; batch++)
        {
            T* a = (T*)job.A + (nint)batch * n * n;
            T* x = (T*)job.Y + (nint)batch * n * m;
            Buffer.MemoryCopy(
                (T*)job.B + (nint)batch * n * m, x, n * m * sizeof(T), n * m * sizeof(T));
            for (nint k = 0; k < n; k++)
            {
                nint i = forward ? k : n - 1 - k;
                nint first = forward ? 0 : i + 1, end = forward ? i : n;
                T* row = x + i * m;
                for (nint j = first; j < end; j++)
                    Row<T>.AddMultiple(row, x + j * m, -a[i * down + j * across], m);
                if (triangle.Unit) continue;
                T pivot = a[i * (n + 1)];
                for (nint c = 0; c < m; c++) row[c] /= pivot;
            }
        }
    }
}
