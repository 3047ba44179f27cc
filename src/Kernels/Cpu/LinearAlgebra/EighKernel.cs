// Eigenvalues and eigenvectors of symmetric matrices: reflections make the matrix tridiagonal,
// rotations then make it diagonal. The eigenvectors are kept as rows, so that both work on whole
// rows.
using System.Numerics;
using System.Runtime.InteropServices;

namespace Engine.Kernels;

/// <summary>Ascending eigenvalues in the first row, eigenvectors in the columns below.</summary>
internal static unsafe class EighKernel<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    public static void Run(in MatrixJob job, long first, long end)
    {
        nint n = job.Rows, square = n * n;
        // The matrix, the eigenvectors, both diagonals, and the order of the eigenvalues.
        T* scratch = (T*)NativeMemory.Alloc((nuint)(2 * square + 3 * n), (nuint)sizeof(T));
        for (long b = first; b < end; b++)
        {
            T* y = (T*)job.Y + (nint)b * (square + n);
            long bytes = square * sizeof(T);
            Buffer.MemoryCopy((T*)job.A + (nint)b * square, scratch, bytes, bytes);
            if (!TrySolve(scratch, y, n)) Row<T>.Fill(y, T.NaN, square + n);
        }
        NativeMemory.Free(scratch);
    }

    private static bool TrySolve(T* a, T* y, nint n)
    {
        T* vectors = a + n * n, values = vectors + n * n, off = values + n;
        // Scaled so that the largest element is 1: squares then neither overflow nor vanish.
        T scale = T.Zero;
        for (nint i = 0; i < n * n; i++)
        {
            if (!T.IsFinite(a[i])) return false;
            scale = T.Max(scale, T.Abs(a[i]));
        }
        if (scale == T.Zero) scale = T.One;
        for (nint i = 0; i < n * n; i++) a[i] /= scale;

        Tridiagonal<T>.Reduce(a, vectors, values, off, n);
        if (!Tridiagonal<T>.TryDiagonalise(vectors, values, off, n)) return false;
        Write(vectors, values, (int*)off, y, scale, n);
        return true;
    }

    private static void Write(T* vectors, T* values, int* order, T* y, T scale, nint n)
    {
        for (int i = 0; i < n; i++) order[i] = i;
        new Span<T>(values, (int)n).Sort(new Span<int>(order, (int)n));
        for (nint k = 0; k < n; k++)
        {
            T* vector = vectors + order[k] * n;
            bool negative = vector[Largest(vector, n)] < T.Zero;
            y[k] = values[k] * scale;
            for (nint i = 0; i < n; i++) y[(i + 1) * n + k] = negative ? -vector[i] : vector[i];
        }
    }

    private static nint Largest(T* x, nint n)
    {
        nint best = 0;
        for (nint i = 1; i < n; i++)
            if (T.Abs(x[i]) > T.Abs(x[best]))
                best = i;
        return best;
    }
}
