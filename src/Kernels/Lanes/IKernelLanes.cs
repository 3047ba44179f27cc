// What the matrix and convolution kernels need of lanes besides arithmetic. They are written over
// V, lanes of elements T, once for all widths.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels;

/// <summary>Lanes of a known element type.</summary>
internal unsafe interface IKernelLanes<V, T> : IFloatLanes<V>
    where V : struct, IKernelLanes<V, T> where T : unmanaged
{
    /// <summary>
    /// Rows of a full register block, three vectors wide: 24 accumulators where there are 32
    /// registers, 12 where there are 16.
    /// </summary>
    static abstract int RegisterRows { get; }

    /// <summary>
    /// sum += a * b, rounded as by <see cref="IFloatLanes{V}.Fma"/>. The sum stays in its register:
    /// for <c>sum = Fma(a, b, sum)</c> the JIT may use a second one and a move.
    /// </summary>
    static abstract void AddProduct(ref V sum, V a, V b);

    /// <summary>A row of a register block: its first N sums c += x times those b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual void AddProducts<N>(
        V x, V b0, V b1, V b2, ref V c0, ref V c1, ref V c2) where N : struct, IConst
    {
        V.AddProduct(ref c0, x, b0);
        if (N.Value > 1) V.AddProduct(ref c1, x, b1);
        if (N.Value > 2) V.AddProduct(ref c2, x, b2);
    }

    /// <summary>Writes the first lanes, 1 .. Count of them, to the array at p.</summary>
    static abstract void StoreFirst(V v, T* p, int count);

    /// <summary>
    /// Writes elements i .. i + Count - 1 of the array at p past the caches; they are aligned to
    /// the vector, and a fence must follow.
    /// </summary>
    static abstract void Stream(V v, T* p, nint i = 0);

    /// <summary>
    /// Sum of all lanes in their own type, the upper half of the vector added to the lower first.
    /// </summary>
    static abstract T Total(V v);
}

/// <summary>What differs from width to width.</summary>
internal static unsafe class Widths
{
    /// <summary>The sum of all lanes, halves first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Total<T>(Vector128<T> v) => Vector128.Sum(v);

    /// <inheritdoc cref="Total{T}(Vector128{T})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Total<T>(Vector256<T> v) => Vector128.Sum(v.GetLower() + v.GetUpper());

    /// <inheritdoc cref="Total{T}(Vector128{T})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Total<T>(Vector512<T> v) => Vector256.Sum(v.GetLower() + v.GetUpper());

    /// <summary>Writes the first lanes, 1 .. Count of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFirst<T>(Vector256<T> v, T* p, int count) where T : unmanaged
    {
        if (Avx2.IsSupported && typeof(T) == typeof(float))
        {
            Vector256<int> first = Vector256.LessThan(
                Vector256<int>.Indices, Vector256.Create(count));
            Avx.MaskStore((float*)p, first.AsSingle(), v.AsSingle());
        }
        else StoreFirst((T*)&v, p, count);
    }

    /// <inheritdoc cref="StoreFirst{T}(Vector256{T}, T*, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFirst<T>(Vector128<T> v, T* p, int count) where T : unmanaged =>
        StoreFirst((T*)&v, p, count);

    /// <inheritdoc cref="StoreFirst{T}(Vector256{T}, T*, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFirst<T>(Vector512<T> v, T* p, int count) where T : unmanaged =>
        StoreFirst((T*)&v, p, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFirst<T>(T* lanes, T* p, int count) where T : unmanaged
    {
        for (int i = 0; i < count; i++) p[i] = lanes[i];
    }
}
