// Eigenvalues and eigenvectors of symmetric matrices by cyclic Jacobi rotations: short, and small
// eigenvalues come out as accurately as the matrix allows. Golub and Van Loan, "Matrix
// computations", 4th edition, section 8.5.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Kernels;

/// <summary>Ascending eigenvalues in the first row, eigenvectors in the columns below.</summary>
internal static unsafe class EighKernel<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    // Convergence is quadratic: about ten sweeps for n = 1000, so this is never reached.
    private const int MaxSweeps = 60;

    public static void RunPart(void* context, int part)
    {
        var job = (MatrixJob*)context;
        nint n = job->Rows, square = n * n;
        // The matrix, the eigenvectors as rows, the eigenvalues and their order.
        T* scratch = (T*)NativeMemory.Alloc((nuint)(2 * (square + n)), (nuint)sizeof(T));
        foreach (long b in job->Matrices(part))
        {
            T* y = (T*)job->Y + (nint)b * (square + n);
            Buffer.MemoryCopy((T*)job->A + (nint)b * square, scratch, long.MaxValue,
                square * sizeof(T));
            if (IsFinite(scratch, square)) Solve(scratch, scratch + square, y, n);
            else Row<T>.Fill(y, T.NaN, square + n);
        }
        NativeMemory.Free(scratch);
    }

    private static bool IsFinite(T* x, nint count)
    {
        for (nint i = 0; i < count; i++)
            if (!T.IsFinite(x[i]))
                return false;
        return true;
    }

    private static void Solve(T* a, T* vectors, T* y, nint n)
    {
        Row<T>.Fill(vectors, T.Zero, n * n);
        for (nint i = 0; i < n; i++) vectors[i * (n + 1)] = T.One;
        for (int sweep = 0; sweep < MaxSweeps; sweep++)
            if (!Sweep(a, vectors, n))
                break;

        T* values = vectors + n * n;
        int* order = (int*)(values + n);
        for (int i = 0; i < n; i++) (values[i], order[i]) = (a[i * (n + 1)], i);
        new Span<T>(values, (int)n).Sort(new Span<int>(order, (int)n));
        for (nint k = 0; k < n; k++)
        {
            T* vector = vectors + order[k] * n;
            bool negative = vector[Largest(vector, n)] < T.Zero;
            y[k] = values[k];
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

    /// <summary>Rotates every pair of axes once; false when nothing was left to rotate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Sweep(T* a, T* vectors, nint n)
    {
        bool rotated = false;
        for (nint p = 0; p < n - 1; p++)
            for (nint q = p + 1; q < n; q++)
            {
                T off = a[p * n + q], x = a[p * (n + 1)], z = a[q * (n + 1)];
                if (Negligible(off, x, z)) continue;
                rotated = true;

                // The smaller root of t^2 + 2 t theta - 1 = 0 keeps the rotation below 45 degrees.
                T theta = (z - x) / (off + off);
                T t = T.One / (T.Abs(theta) + T.Hypot(theta, T.One));
                if (theta < T.Zero) t = -t;
                T c = T.One / T.Sqrt(t * t + T.One), s = t * c;
                Row<T>.Rotate(a + p * n, a + q * n, c, s, n);
                for (nint i = 0; i < n; i++)
                    (a[i * n + p], a[i * n + q]) = (a[p * n + i], a[q * n + i]);
                (a[p * (n + 1)], a[q * (n + 1)]) = (x - t * off, z + t * off);
                a[p * n + q] = a[q * n + p] = T.Zero;
                Row<T>.Rotate(vectors + p * n, vectors + q * n, c, s, n);
            }
        return rotated;
    }

    /// <summary>Whether an element changes neither diagonal element it stands between.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Negligible(T off, T x, T z) =>
        T.Abs(x) + T.Abs(off) == T.Abs(x) && T.Abs(z) + T.Abs(off) == T.Abs(z);
}
