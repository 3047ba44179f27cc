// The arguments of kernels over a batch of matrices, and the row operations they are built from.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>A batch of matrices that lie one after another.</summary>
internal unsafe struct MatrixJob
{
    public void* A;
    public void* B;
    public void* Y;
    public nint Rows;
    public nint Columns;
    public Triangle Triangle;
}

/// <summary>Operations on contiguous rows.</summary>
internal static unsafe class Row<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary>y += a x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddMultiple(T* y, T* x, T a, nint n)
    {
        nint i = 0;
        var factor = new Vector<T>(a);
        for (; i <= n - Vector<T>.Count; i += Vector<T>.Count)
            Vector.Store(Vector.Load(y + i) + factor * Vector.Load(x + i), y + i);
        for (; i < n; i++) y[i] += a * x[i];
    }

    /// <summary>The sum of x y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Dot(T* x, T* y, nint n)
    {
        nint i = 0;
        Vector<T> sums = Vector<T>.Zero;
        for (; i <= n - Vector<T>.Count; i += Vector<T>.Count)
            sums += Vector.Load(x + i) * Vector.Load(y + i);
        T sum = Vector.Sum(sums);
        for (; i < n; i++) sum += x[i] * y[i];
        return sum;
    }

    /// <summary>(x, y) = (c x - s y, s x + c y).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rotate(T* x, T* y, T c, T s, nint n)
    {
        nint i = 0;
        Vector<T> cosine = new(c), sine = new(s);
        for (; i <= n - Vector<T>.Count; i += Vector<T>.Count)
        {
            Vector<T> u = Vector.Load(x + i), v = Vector.Load(y + i);
            Vector.Store(cosine * u - sine * v, x + i);
            Vector.Store(sine * u + cosine * v, y + i);
        }
        for (; i < n; i++) (x[i], y[i]) = (c * x[i] - s * y[i], s * x[i] + c * y[i]);
    }

    /// <summary>Exchanges two rows.</summary>
    public static void Swap(T* x, T* y, nint n)
    {
        for (nint i = 0; i < n; i++) (x[i], y[i]) = (y[i], x[i]);
    }

    /// <summary>One value everywhere.</summary>
    public static void Fill(T* x, T value, nint n) => new Span<T>(x, checked((int)n)).Fill(value);
}
