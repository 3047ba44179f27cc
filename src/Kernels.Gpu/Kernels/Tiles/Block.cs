// The 4 x 4 results of one thread. Kernels have no arrays in registers, so the numbers are fields.
using System.Runtime.CompilerServices;

namespace Engine.Kernels.Gpu;

/// <summary>Four numbers.</summary>
public struct Four<T> where T : unmanaged
{
    /// <summary>The numbers.</summary>
    public T A, B, C, D;
}

/// <summary>Four rows of four sums.</summary>
public struct Block<T, TNumbers>
    where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
{
    /// <summary>The rows.</summary>
    public Four<T> A, B, C, D;

    /// <summary>All 0.</summary>
    public static Block<T, TNumbers> Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            var row = new Four<T>
            {
                A = TNumbers.Zero,
                B = TNumbers.Zero,
                C = TNumbers.Zero,
                D = TNumbers.Zero,
            };
            return new() { A = row, B = row, C = row, D = row };
        }
    }

    /// <summary>The sums plus the products of each of <paramref name="a"/> and each of b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Block<T, TNumbers> Add(Block<T, TNumbers> sums, Four<T> a, Four<T> b) => new()
    {
        A = Fma(a.A, b, sums.A),
        B = Fma(a.B, b, sums.B),
        C = Fma(a.C, b, sums.C),
        D = Fma(a.D, b, sums.D),
    };

    /// <summary>Row i of the sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<T> Row(Block<T, TNumbers> sums, int i) =>
        i == 0 ? sums.A : i == 1 ? sums.B : i == 2 ? sums.C : sums.D;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four<T> Fma(T a, Four<T> b, Four<T> sums) => new()
    {
        A = TNumbers.Fma(a, b.A, sums.A),
        B = TNumbers.Fma(a, b.B, sums.B),
        C = TNumbers.Fma(a, b.C, sums.C),
        D = TNumbers.Fma(a, b.D, sums.D),
    };
}
