// The two halves of the symmetric eigenproblem: Golub and Van Loan, "Matrix computations", 4th
// edition, algorithms 8.3.1 (Householder tridiagonalisation) and 8.3.3 (implicit symmetric QR).
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>
/// Symmetric matrices to tridiagonal ones, and those to diagonal ones: a = zᵀ t z with the rows of
/// z orthonormal, t given by its diagonal and the elements beside it.
/// </summary>
internal static unsafe class Tridiagonal<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    // One or two steps for each eigenvalue are usual; thirty have always been enough.
    private const int StepsPerValue = 30;

    /// <summary>Reflects the rows and columns of a, which is overwritten.</summary>
    [MethodImpl(Compiled.Once)]
    public static void Reduce(T* a, T* z, T* diagonal, T* beside, nint n)
    {
        for (nint k = 0; k < n; k++)
        {
            diagonal[k] = a[k * (n + 1)];
            beside[k] = T.Zero;
            if (k < n - 1) beside[k] = Reflect(a + k * (n + 1), beside + k + 1, n - k - 1, n);
        }

        // z = I H_(n-2) ... H_0: reflection k leaves the first k + 1 columns as they are.
        Row<T>.Fill(z, T.Zero, n * n);
        for (nint i = 0; i < n; i++) z[i * (n + 1)] = T.One;
        for (nint k = n - 2; k >= 0; k--)
        {
            T* v = a + k * (n + 1) + 1;
            nint m = n - k - 1;
            for (nint i = k + 1; i < n; i++)
            {
                T* row = z + i * n + k + 1;
                Row<T>.AddMultiple(row, v, -Row<T>.Dot(row, v, m), m);
            }
        }
    }

    /// <summary>
    /// Applies I - v vᵀ, which takes the m elements right of the corner to a multiple of the first
    /// unit vector, to the block below from both sides. Leaves v in their place and returns the
    /// multiple.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Reflect(T* corner, T* w, nint m, nint n)
    {
        T* v = corner + 1;
        T rest = Row<T>.Dot(v + 1, v + 1, m - 1), first = v[0];
        if (rest == T.Zero)
        {
            Row<T>.Fill(v, T.Zero, m);
            return first;
        }
        T length = T.Sqrt(first * first + rest), result = first > T.Zero ? -length : length;
        v[0] = first - result;
        T size = T.Sqrt((v[0] * v[0] + rest) / (T.One + T.One)); // so that v·v = 2
        for (nint i = 0; i < m; i++) v[i] /= size;

        // block - v wᵀ - w vᵀ with w = block v - v (vᵀ block v) / 2
        T* block = corner + n + 1;
        for (nint i = 0; i < m; i++) w[i] = Row<T>.Dot(block + i * n, v, m);
        Row<T>.AddMultiple(w, v, -Row<T>.Dot(v, w, m) / (T.One + T.One), m);
        for (nint i = 0; i < m; i++)
        {
            Row<T>.AddMultiple(block + i * n, w, -v[i], m);
            Row<T>.AddMultiple(block + i * n, v, -w[i], m);
        }
        return result;
    }

    /// <summary>
    /// Rotates the rows of z until the elements beside the diagonal are negligible; false if they
    /// do not become so.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public static bool TryDiagonalise(T* z, T* diagonal, T* beside, nint n)
    {
        nint last = n - 1;
        for (long steps = 0; last > 0;)
        {
            if (Negligible(diagonal, beside, last - 1))
            {
                last--;
                continue;
            }
            if (steps++ == StepsPerValue * n) return false;
            nint first = last - 1;
            while (first > 0 && !Negligible(diagonal, beside, first - 1)) first--;
            Step(z, diagonal, beside, first, last, n);
        }
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Negligible(T* diagonal, T* beside, nint i)
    {
        T size = T.Abs(diagonal[i]) + T.Abs(diagonal[i + 1]);
        return size + T.Abs(beside[i]) == size;
    }

    /// <summary>
    /// One implicit QR step on the block first .. last with Wilkinson's shift: a rotation creates
    /// an element outside the band, and further ones chase it off the end.
    /// </summary>
    private static void Step(T* z, T* d, T* e, nint first, nint last, nint n)
    {
        T half = (d[last - 1] - d[last]) / (T.One + T.One), t = e[last - 1];
        T root = T.Hypot(half, t);
        T shift = d[last] - t * (t / (half + (half < T.Zero ? -root : root)));
        T x = d[first] - shift, y = e[first];
        for (nint k = first; k < last; k++)
        {
            T r = T.Hypot(x, y), c = r == T.Zero ? T.One : x / r, s = r == T.Zero ? r : y / r;
            if (k > first) e[k - 1] = r;
            T a = d[k], b = e[k], f = d[k + 1];
            T mixed = c * s * (b + b), middle = c * s * (f - a);
            d[k] = c * c * a + mixed + s * s * f;
            d[k + 1] = s * s * a - mixed + c * c * f;
            e[k] = middle + (c - s) * (c + s) * b;
            Row<T>.Rotate(z + k * n, z + (k + 1) * n, c, -s, n);
            if (k == last - 1) break;
            x = e[k];
            y = s * e[k + 1];
            e[k + 1] *= c;
        }
    }
}
