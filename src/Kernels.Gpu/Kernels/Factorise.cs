// Cholesky, LU and substitution: a group a matrix, in global memory. Steps go down the diagonal;
// the threads share the block that a step changes, neighbours having neighbouring columns.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>How the threads of a group lie over a matrix.</summary>
public static class Square
{
    private const int Most = 32;

    /// <summary>Threads beside each other.</summary>
    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => IntrinsicMath.Min(Group.DimX, Most);
    }

    /// <summary>Threads above each other.</summary>
    public static int Height
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Group.DimX / Width;
    }
}

/// <summary>Y Yᵀ = X, right-looking.</summary>
public struct Cholesky<T, TReals> : IGroupKernel<Cholesky<T, TReals>>
    where T : unmanaged where TReals : unmanaged, IReals<TReals, T>
{
    /// <summary>Matrices (Batch, N, N).</summary>
    public ArrayView<T> X, Y;

    /// <summary>Matrices, and rows of each.</summary>
    public long Batch, N;

    /// <inheritdoc/>
    public static void Run(Cholesky<T, TReals> kernel)
    {
        long n = kernel.N;
        int across = Group.IdxX % Square.Width, down = Group.IdxX / Square.Width;
        for (long b = Grid.IdxX; b < kernel.Batch; b += Grid.DimX)
        {
            long y = b * n * n;
            for (long i = down; i < n; i += Square.Height)
                for (long j = across; j < n; j += Square.Width)
                    kernel.Y[y + i * n + j] = j <= i ? kernel.X[y + i * n + j] : TReals.Zero;
            Group.Barrier();
            bool positive = true;
            for (long k = 0; k < n && positive; k++)
            {
                T pivot = kernel.Y[y + k * n + k];
                positive = TReals.Less(TReals.Zero, pivot) && TReals.IsFinite(pivot);
                if (positive) Step(kernel.Y, y, n, k, TReals.Sqrt(pivot), across, down);
            }
            Group.Barrier();
            if (!positive)
                for (long e = Group.IdxX; e < n * n; e += Group.DimX)
                    kernel.Y[y + e] = TReals.NaN;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(
        ArrayView<T> m, long y, long n, long k, T root, int across, int down)
    {
        for (long i = k + 1 + Group.IdxX; i < n; i += Group.DimX)
            m[y + i * n + k] = TReals.Div(m[y + i * n + k], root);
        // All threads have read the pivot.
        Group.Barrier();
        if (Group.IdxX == 0) m[y + k * n + k] = root;
        for (long i = k + 1 + down; i < n; i += Square.Height)
        {
            T factor = TReals.Sub(TReals.Zero, m[y + i * n + k]);
            for (long j = k + 1 + across; j <= i; j += Square.Width)
                m[y + i * n + j] = TReals.Fma(factor, m[y + j * n + k], m[y + i * n + j]);
        }
        Group.Barrier();
    }
}

/// <summary>L and U of X with its rows exchanged, and the order of the rows.</summary>
public struct Lu<T, TReals> : IGroupKernel<Lu<T, TReals>>
    where T : unmanaged where TReals : unmanaged, IReals<TReals, T>
{
    private const int MostThreads = 1024;

    /// <summary>X (Batch, N, N) and Y (Batch, N + 1, N).</summary>
    public ArrayView<T> X, Y;

    /// <summary>Matrices, and rows of each.</summary>
    public long Batch, N;

    /// <inheritdoc/>
    public static void Run(Lu<T, TReals> kernel)
    {
        ArrayView<T> sizes = SharedMemory.Allocate<T>(MostThreads);
        ArrayView<int> rows = SharedMemory.Allocate<int>(MostThreads);
        long n = kernel.N;
        for (long b = Grid.IdxX; b < kernel.Batch; b += Grid.DimX)
        {
            long x = b * n * n, y = x + b * n;
            for (long e = Group.IdxX; e < n * n; e += Group.DimX)
                kernel.Y[y + e] = kernel.X[x + e];
            for (long i = Group.IdxX; i < n; i += Group.DimX)
                kernel.Y[y + n * n + i] = TReals.Of((int)i);
            Group.Barrier();
            for (long k = 0; k < n; k++)
            {
                long best = Pivot(kernel.Y, y, n, k, sizes, rows);
                if (best != k) Exchange(kernel.Y, y, n, k, best);
                Group.Barrier();
                Eliminate(kernel.Y, y, n, k);
            }
        }
    }

    /// <summary>The first row from k on with the largest magnitude; k if that is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Pivot(
        ArrayView<T> m, long y, long n, long k, ArrayView<T> sizes, ArrayView<int> rows)
    {
        T largest = TReals.Lowest;
        int at = (int)k;
        for (long i = k + Group.IdxX; i < n; i += Group.DimX)
        {
            T size = TReals.Abs(m[y + i * n + k]);
            if (!TReals.Less(largest, size)) continue;
            largest = size;
            at = (int)i;
        }
        sizes[Group.IdxX] = largest;
        rows[Group.IdxX] = at;
        Group.Barrier();
        for (int half = Group.DimX >> 1; half > 0; half >>= 1)
        {
            if (Group.IdxX < half)
            {
                T other = sizes[Group.IdxX + half], own = sizes[Group.IdxX];
                int row = rows[Group.IdxX + half];
                if (TReals.Less(own, other)
                    || (!TReals.Less(other, own) && row < rows[Group.IdxX]))
                {
                    sizes[Group.IdxX] = other;
                    rows[Group.IdxX] = row;
                }
            }
            Group.Barrier();
        }
        long best = TReals.IsNaN(m[y + k * n + k]) ? k : rows[0];
        Group.Barrier();
        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Exchange(ArrayView<T> m, long y, long n, long k, long best)
    {
        // One more than the columns: the order of the rows.
        for (long j = Group.IdxX; j <= n; j += Group.DimX)
        {
            long a = j < n ? y + k * n + j : y + n * n + k;
            long b = j < n ? y + best * n + j : y + n * n + best;
            T value = m[a];
            m[a] = m[b];
            m[b] = value;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Eliminate(ArrayView<T> m, long y, long n, long k)
    {
        int across = Group.IdxX % Square.Width, down = Group.IdxX / Square.Width;
        T pivot = m[y + k * n + k];
        // Where the pivot is 0 so is the column from here down: nothing to eliminate.
        if (!TReals.IsZero(pivot))
            for (long i = k + 1 + Group.IdxX; i < n; i += Group.DimX)
                m[y + i * n + k] = TReals.Div(m[y + i * n + k], pivot);
        Group.Barrier();
        if (!TReals.IsZero(pivot))
            for (long i = k + 1 + down; i < n; i += Square.Height)
            {
                T factor = TReals.Sub(TReals.Zero, m[y + i * n + k]);
                for (long j = k + 1 + across; j < n; j += Square.Width)
                    m[y + i * n + j] = TReals.Fma(factor, m[y + k * n + j], m[y + i * n + j]);
            }
        Group.Barrier();
    }
}

/// <summary>
/// The X with A X = B, A triangular: a group some columns of a matrix, its threads sharing the
/// rows.
/// </summary>
public struct Substitute<T, TReals> : IGroupKernel<Substitute<T, TReals>>
    where T : unmanaged where TReals : unmanaged, IReals<TReals, T>
{
    /// <summary>A (Batch, N, N), B and X (Batch, N, Columns).</summary>
    public ArrayView<T> A, B, X;

    /// <summary>Matrices, rows, columns, and strips of columns.</summary>
    public long Batch, N, Columns, Strips;

    /// <summary>Strides of A, exchanged where it is transposed.</summary>
    public long Down, Across;

    /// <summary>1 where rows are solved from the first on; 1 where the diagonal is ones.</summary>
    public int Forward, Unit;

    /// <summary>Columns of a strip, a thread each.</summary>
    public RowThreads Threads;

    /// <inheritdoc/>
    public static void Run(Substitute<T, TReals> kernel)
    {
        long n = kernel.N, m = kernel.Columns;
        int width = RowThreads.Columns(kernel.Threads), height = Group.DimX / width;
        int down = Group.IdxX >> kernel.Threads.Shift;
        for (long g = Grid.IdxX; g < kernel.Batch * kernel.Strips; g += Grid.DimX)
        {
            long b = g / kernel.Strips, x = b * n * m, a = b * n * n;
            long column = (g - b * kernel.Strips) * width + RowThreads.Column(kernel.Threads);
            bool inside = column < m;
            if (inside)
                for (long i = down; i < n; i += height)
                    kernel.X[x + i * m + column] = kernel.B[x + i * m + column];
            Group.Barrier();
            for (long step = 0; step < n; step++)
            {
                long k = kernel.Forward != 0 ? step : n - 1 - step;
                if (inside && down == 0 && kernel.Unit == 0)
                    kernel.X[x + k * m + column] = TReals.Div(
                        kernel.X[x + k * m + column], kernel.A[a + k * (n + 1)]);
                Group.Barrier();
                if (inside)
                {
                    T solved = TReals.Sub(TReals.Zero, kernel.X[x + k * m + column]);
                    for (long other = step + 1 + down; other < n; other += height)
                    {
                        long i = kernel.Forward != 0 ? other : n - 1 - other;
                        kernel.X[x + i * m + column] = TReals.Fma(
                            kernel.A[a + i * kernel.Down + k * kernel.Across], solved,
                            kernel.X[x + i * m + column]);
                    }
                }
                Group.Barrier();
            }
        }
    }
}
