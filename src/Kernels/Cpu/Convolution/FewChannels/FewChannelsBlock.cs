// The register block of convolutions of few channels. The depth is so short that a call for each
// block would cost as much as its products, so one call does all blocks of a few filters.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>Where the operands of a row of blocks are; strides in elements.</summary>
internal unsafe struct FewChannelsBlockArguments<T> where T : unmanaged
{
    /// <summary>Weights [depth][RegisterRows].</summary>
    public T* A;

    /// <summary>Row k of the right operand starts at B + Table[k].</summary>
    public T* B;
    public nint* Table;
    public int Depth;

    /// <summary>C[i, j] = C[i * RowC + j], Rows by Columns, at least three vectors wide.</summary>
    public T* C;
    public nint RowC;
    public int Rows, Columns;

    /// <summary>What is added to each row of C, or null.</summary>
    public T* Added;
}

/// <summary>C = A B for a row of register blocks.</summary>
internal static unsafe class FewChannelsBlock<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged
{
    /// <summary>Writes C; stream, for which C must be aligned, writes past the caches.</summary>
    [MethodImpl(Compiled.Once)]
    public static void Run(in FewChannelsBlockArguments<T> t, bool stream)
    {
        if (V.RegisterRows == 8)
        {
            if (stream) Kernel<C8, C1>(t);
            else Kernel<C8, C0>(t);
        }
        else if (stream) Kernel<C4, C1>(t);
        else Kernel<C4, C0>(t);
    }

    [MethodImpl(Compiled.Once)]
    private static void Kernel<R, Streamed>(in FewChannelsBlockArguments<T> t)
        where R : struct, IConst where Streamed : struct, IConst
    {
        int width = 3 * V.Count;
        for (int column = 0; column < t.Columns;)
        {
            V zero = default;
            V c00 = zero, c01 = zero, c02 = zero;
            V c10 = zero, c11 = zero, c12 = zero;
            V c20 = zero, c21 = zero, c22 = zero;
            V c30 = zero, c31 = zero, c32 = zero;
            V c40 = zero, c41 = zero, c42 = zero;
            V c50 = zero, c51 = zero, c52 = zero;
            V c60 = zero, c61 = zero, c62 = zero;
            V c70 = zero, c71 = zero, c72 = zero;
            T* a = t.A;
            T* b = t.B + column;
            nint* table = t.Table;
            for (int k = t.Depth; k > 0; k--)
            {
                T* bk = b + *table++;
                V b0 = V.Load(bk), b1 = V.Load(bk, V.Count), b2 = V.Load(bk, 2 * V.Count);
                V.AddProducts<C3>(V.Broadcast(a), b0, b1, b2, ref c00, ref c01, ref c02);
                V.AddProducts<C3>(V.Broadcast(a, 1), b0, b1, b2, ref c10, ref c11, ref c12);
                V.AddProducts<C3>(V.Broadcast(a, 2), b0, b1, b2, ref c20, ref c21, ref c22);
                V.AddProducts<C3>(V.Broadcast(a, 3), b0, b1, b2, ref c30, ref c31, ref c32);
                if (R.Value > 4)
                {
                    V.AddProducts<C3>(V.Broadcast(a, 4), b0, b1, b2, ref c40, ref c41, ref c42);
                    V.AddProducts<C3>(V.Broadcast(a, 5), b0, b1, b2, ref c50, ref c51, ref c52);
                    V.AddProducts<C3>(V.Broadcast(a, 6), b0, b1, b2, ref c60, ref c61, ref c62);
                    V.AddProducts<C3>(V.Broadcast(a, 7), b0, b1, b2, ref c70, ref c71, ref c72);
                }
                a += R.Value;
            }
            T* c = t.C + column;
            int rows = t.Rows;
            if (t.Added != null)
            {
                Add(t.Added, ref c00, ref c01, ref c02);
                if (rows > 1) Add(t.Added + 1, ref c10, ref c11, ref c12);
                if (rows > 2) Add(t.Added + 2, ref c20, ref c21, ref c22);
                if (rows > 3) Add(t.Added + 3, ref c30, ref c31, ref c32);
                if (R.Value > 4)
                {
                    if (rows > 4) Add(t.Added + 4, ref c40, ref c41, ref c42);
                    if (rows > 5) Add(t.Added + 5, ref c50, ref c51, ref c52);
                    if (rows > 6) Add(t.Added + 6, ref c60, ref c61, ref c62);
                    if (rows > 7) Add(t.Added + 7, ref c70, ref c71, ref c72);
                }
            }
            Store<Streamed>(c, c00, c01, c02);
            if (rows > 1) Store<Streamed>(c += t.RowC, c10, c11, c12);
            if (rows > 2) Store<Streamed>(c += t.RowC, c20, c21, c22);
            if (rows > 3) Store<Streamed>(c += t.RowC, c30, c31, c32);
            if (R.Value > 4)
            {
                if (rows > 4) Store<Streamed>(c += t.RowC, c40, c41, c42);
                if (rows > 5) Store<Streamed>(c += t.RowC, c50, c51, c52);
                if (rows > 6) Store<Streamed>(c += t.RowC, c60, c61, c62);
                if (rows > 7) Store<Streamed>(c += t.RowC, c70, c71, c72);
            }
            column += width;
            // The last block ends where the columns end, so it writes some of them again.
            if (column < t.Columns && column + width > t.Columns) column = t.Columns - width;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(T* number, ref V c0, ref V c1, ref V c2)
    {
        V v = V.Broadcast(number);
        c0 += v;
        c1 += v;
        c2 += v;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<Streamed>(T* c, V c0, V c1, V c2) where Streamed : struct, IConst
    {
        if (Streamed.Value == 1)
        {
            V.Stream(c0, c);
            V.Stream(c1, c, V.Count);
            V.Stream(c2, c, 2 * V.Count);
            return;
        }
        V.Store(c0, c);
        V.Store(c1, c, V.Count);
        V.Store(c2, c, 2 * V.Count);
    }
}
