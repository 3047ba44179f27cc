// Eigenvalues and eigenvectors of symmetric matrices by Jacobi's rotations in parallel order (Golub
// and Van Loan, "Matrix computations", 4th edition, 8.5): in each round of a sweep the rows are
// paired as players of a tournament, and all pairs are rotated at once. A group a matrix.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>Ascending eigenvalues in the first row, eigenvectors in the columns below.</summary>
public struct Eigh<T, TReals> : IGroupKernel<Eigh<T, TReals>>
    where T : unmanaged where TReals : unmanaged, IReals<TReals, T>
{
    // Six to ten sweeps are usual.
    private const int Sweeps = 40, MostThreads = 1024;

    /// <summary>X (Batch, N, N) and Y (Batch, N + 1, N).</summary>
    public ArrayView<T> X, Y;

    /// <summary>
    /// For each matrix: the matrix (M, M), the vectors as rows (M, M), sines and cosines (M).
    /// </summary>
    public ArrayView<T> Scratch;

    /// <summary>Matrices, rows of each, and those made even by a row of zeros.</summary>
    public long Batch, N, M;

    /// <inheritdoc/>
    public static void Run(Eigh<T, TReals> kernel)
    {
        ArrayView<T> sizes = SharedMemory.Allocate<T>(MostThreads);
        ArrayView<int> rotated = SharedMemory.Allocate<int>(1);
        long n = kernel.N, m = kernel.M;
        for (long b = Grid.IdxX; b < kernel.Batch; b += Grid.DimX)
        {
            long x = b * n * n, y = x + b * n, a = b * (2 * m * m + m), v = a + m * m;
            T scale = Largest(kernel.X, x, n * n, sizes);
            bool solved = TReals.IsFinite(scale);
            if (TReals.IsZero(scale)) scale = TReals.One;
            if (solved)
            {
                // Scaled so that the largest element is 1: squares neither overflow nor vanish.
                for (long e = Group.IdxX; e < m * m; e += Group.DimX)
                {
                    long i = e / m, j = e - i * m;
                    T value = TReals.Zero;
                    if (i < n && j < n) value = TReals.Div(kernel.X[x + i * n + j], scale);
                    kernel.Scratch[a + e] = value;
                    kernel.Scratch[v + e] = i == j ? TReals.One : TReals.Zero;
                }
                Group.Barrier();
                solved = Diagonalise(kernel.Scratch, a, m, rotated);
            }
            if (solved) Write(kernel, y, a, scale);
            else
                for (long e = Group.IdxX; e < n * n + n; e += Group.DimX)
                    kernel.Y[y + e] = TReals.NaN;
            Group.Barrier();
        }
    }

    /// <summary>The largest magnitude, NaN if any is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Largest(ArrayView<T> x, long start, long count, ArrayView<T> sizes)
    {
        T largest = TReals.Zero;
        for (long e = Group.IdxX; e < count; e += Group.DimX)
            largest = TReals.Max(largest, TReals.Abs(x[start + e]));
        sizes[Group.IdxX] = largest;
        Group.Barrier();
        for (int half = Group.DimX >> 1; half > 0; half >>= 1)
        {
            if (Group.IdxX < half)
                sizes[Group.IdxX] = TReals.Max(sizes[Group.IdxX], sizes[Group.IdxX + half]);
            Group.Barrier();
        }
        return sizes[0];
    }

    /// <summary>Sweeps until one finds nothing to rotate; false if none does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Diagonalise(ArrayView<T> s, long a, long m, ArrayView<int> rotated)
    {
        long v = a + m * m, turns = v + m * m, pairs = m / 2;
        bool done = false;
        for (int sweep = 0; sweep < Sweeps && !done; sweep++)
        {
            if (Group.IdxX == 0) rotated[0] = 0;
            Group.Barrier();
            for (long round = 0; round < m - 1; round++)
            {
                for (long pair = Group.IdxX; pair < pairs; pair += Group.DimX)
                    Choose(s, a, m, round, pair, turns, rotated);
                Group.Barrier();
                for (long e = Group.IdxX; e < pairs * pairs; e += Group.DimX)
                {
                    long row = e / pairs, column = e - row * pairs;
                    if (row < column) Rotate(s, a, m, round, row, column, turns);
                    else if (row == column) RotateDiagonal(s, a, m, round, row, turns);
                }
                for (long e = Group.IdxX; e < pairs * m; e += Group.DimX)
                {
                    long pair = e / m, column = e - pair * m;
                    long p = v + First(m, round, pair) * m + column;
                    long q = v + Second(m, round, pair) * m + column;
                    Turn(s, p, q, s[turns + 2 * pair], s[turns + 2 * pair + 1]);
                }
                Group.Barrier();
            }
            done = rotated[0] == 0;
            Group.Barrier();
        }
        return done;
    }

    /// <summary>The rows of a pair: the last player stays, the others go round.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long First(long m, long round, long pair) =>
        pair == 0 ? m - 1 : (round + pair) % (m - 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Second(long m, long round, long pair) =>
        (round + m - 1 - pair) % (m - 1);

    /// <summary>
    /// Cosine and sine of the smaller angle that makes the pair's element vanish.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Choose(
        ArrayView<T> s, long a, long m, long round, long pair, long turns, ArrayView<int> rotated)
    {
        long p = First(m, round, pair), q = Second(m, round, pair);
        T beside = s[a + p * m + q], cosine = TReals.One, sine = TReals.Zero;
        // Less is lost to rounding anyway: the matrix's largest element is about 1.
        if (TReals.Less(TReals.Div(TReals.Epsilon, TReals.Of(8)), TReals.Abs(beside)))
        {
            T ratio = TReals.Div(
                TReals.Sub(s[a + q * m + q], s[a + p * m + p]), TReals.Add(beside, beside));
            T root = TReals.Sqrt(TReals.Fma(ratio, ratio, TReals.One));
            T tangent = TReals.Div(TReals.One, TReals.Add(TReals.Abs(ratio), root));
            if (TReals.Less(ratio, TReals.Zero)) tangent = TReals.Sub(TReals.Zero, tangent);
            cosine = TReals.Div(
                TReals.One, TReals.Sqrt(TReals.Fma(tangent, tangent, TReals.One)));
            sine = TReals.Mul(tangent, cosine);
            rotated[0] = 1;
        }
        s[turns + 2 * pair] = cosine;
        s[turns + 2 * pair + 1] = sine;
    }

    /// <summary>(p, q) becomes (c p - s q, s p + c q).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(ArrayView<T> m, long p, long q, T c, T s)
    {
        T x = m[p], y = m[q];
        m[p] = TReals.Sub(TReals.Mul(c, x), TReals.Mul(s, y));
        m[q] = TReals.Fma(s, x, TReals.Mul(c, y));
    }

    /// <summary>The four elements of two pairs, and their mirror images.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rotate(
        ArrayView<T> s, long a, long m, long round, long row, long column, long turns)
    {
        long p = First(m, round, row), q = Second(m, round, row);
        long f = First(m, round, column), g = Second(m, round, column);
        T c = s[turns + 2 * row], d = s[turns + 2 * row + 1];
        Turn(s, a + p * m + f, a + q * m + f, c, d);
        Turn(s, a + p * m + g, a + q * m + g, c, d);
        c = s[turns + 2 * column];
        d = s[turns + 2 * column + 1];
        Turn(s, a + p * m + f, a + p * m + g, c, d);
        Turn(s, a + q * m + f, a + q * m + g, c, d);
        s[a + f * m + p] = s[a + p * m + f];
        s[a + g * m + p] = s[a + p * m + g];
        s[a + f * m + q] = s[a + q * m + f];
        s[a + g * m + q] = s[a + q * m + g];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RotateDiagonal(
        ArrayView<T> s, long a, long m, long round, long pair, long turns)
    {
        long p = First(m, round, pair), q = Second(m, round, pair);
        T cosine = s[turns + 2 * pair], sine = s[turns + 2 * pair + 1];
        if (TReals.IsZero(sine)) return;
        T shift = TReals.Mul(TReals.Div(sine, cosine), s[a + p * m + q]);
        s[a + p * m + p] = TReals.Sub(s[a + p * m + p], shift);
        s[a + q * m + q] = TReals.Add(s[a + q * m + q], shift);
        s[a + p * m + q] = TReals.Zero;
        s[a + q * m + p] = TReals.Zero;
    }

    /// <summary>Each value and vector to its place in ascending order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(Eigh<T, TReals> kernel, long y, long a, T scale)
    {
        long n = kernel.N, m = kernel.M, v = a + m * m;
        for (long k = Group.IdxX; k < n; k += Group.DimX)
        {
            T value = kernel.Scratch[a + k * m + k];
            long place = 0;
            for (long other = 0; other < n; other++)
            {
                T against = kernel.Scratch[a + other * m + other];
                if (TReals.Less(against, value)
                    || (other < k && !TReals.Less(value, against)))
                    place++;
            }
            T largest = TReals.Zero, size = TReals.Lowest;
            for (long i = 0; i < n; i++)
            {
                T component = kernel.Scratch[v + k * m + i], magnitude = TReals.Abs(component);
                if (!TReals.Less(size, magnitude)) continue;
                size = magnitude;
                largest = component;
            }
            bool negative = TReals.Less(largest, TReals.Zero);
            kernel.Y[y + place] = TReals.Mul(value, scale);
            for (long i = 0; i < n; i++)
            {
                T component = kernel.Scratch[v + k * m + i];
                kernel.Y[y + (i + 1) * n + place] =
                    negative ? TReals.Sub(TReals.Zero, component) : component;
            }
        }
    }
}
