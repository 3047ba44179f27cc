// LU factorisation with partial pivoting, right-looking: each step chooses the row with the largest
// element in the next column and eliminates that column from the rows below.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>L and U in one matrix, and below them the order of the rows.</summary>
internal static unsafe class LuKernel<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    [MethodImpl(Compiled.Once)]
    public static void Run(in MatrixJob job, long first, long end)
    {
        nint n = job.Rows;
        for (long b = first; b < end; b++)
        {
            T* y = (T*)job.Y + (nint)b * (n + 1) * n, order = y + n * n;
            long bytes = n * n * sizeof(T);
            Buffer.MemoryCopy((T*)job.A + (nint)b * n * n, y, bytes, bytes);
            for (nint i = 0; i < n; i++) order[i] = T.CreateTruncating(i);
            for (nint k = 0; k < n; k++) Eliminate(y, order, k, n);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Eliminate(T* y, T* order, nint k, nint n)
    {
        nint best = k;
        for (nint i = k + 1; i < n; i++)
            if (T.Abs(y[i * n + k]) > T.Abs(y[best * n + k]))
                best = i;
        if (best != k)
        {
            Row<T>.Swap(y + k * n, y + best * n, n);
            (order[k], order[best]) = (order[best], order[k]);
        }
        T* row = y + k * n;
        if (row[k] == T.Zero) return; // nothing to eliminate: the column is zero from here down
        for (nint i = k + 1; i < n; i++)
        {
            T* below = y + i * n;
            T factor = below[k] /= row[k];
            Row<T>.AddMultiple(below + k + 1, row + k + 1, -factor, n - k - 1);
        }
    }
}
