// The innermost step of matrix products, and of convolutions that are made of them: a block of C,
// up to 8 rows by 3 vectors, is summed over k in registers. DotBlock is the like for operands that
// are contiguous along k, FewChannelsBlock for products of little depth.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>Where a block's operands are; all strides in elements.</summary>
internal unsafe struct GemmBlockArguments<T> where T : unmanaged
{
    /// <summary>A[i, k] = A[i * RowA + k * StepA].</summary>
    public T* A;
    public nint RowA;
    public nint StepA;

    /// <summary>Row k of B starts at B + k * StepB, or at B + Table[k].</summary>
    public T* B;
    public nint StepB;
    public nint* Table;

    /// <summary>C[i, j] = C[i * RowC + j].</summary>
    public T* C;
    public nint RowC;

    /// <summary>Number of products summed into each element of C.</summary>
    public nint Depth;

    /// <summary>How many elements of the last vector of a row are stored.</summary>
    public int Tail;

    /// <summary>Whether to add to C; if not, it is overwritten.</summary>
    public bool Add;
}

/// <summary>C = A B, or C += A B, for one block of registers.</summary>
internal static unsafe class GemmBlock<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged
{
    /// <summary>Columns of a full block.</summary>
    public static int Columns
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 3 * V.Count;
    }

    /// <summary>
    /// A block of 1 .. 8 rows and 1 .. 3 vectors, with the rows of B at a stride. Blocks of more
    /// accumulators than <see cref="IKernelLanes{V, T}.RegisterRows"/> allows are slow.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public static void Run(int rows, int vectors, in GemmBlockArguments<T> t)
    {
        switch (rows)
        {
            case 1: Run<C1>(vectors, t); break;
            case 2: Run<C2>(vectors, t); break;
            case 3: Run<C3>(vectors, t); break;
            case 4: Run<C4>(vectors, t); break;
            case 5: Run<C5>(vectors, t); break;
            case 6: Run<C6>(vectors, t); break;
            case 7: Run<C7>(vectors, t); break;
            default: Run<C8>(vectors, t); break;
        }
    }

    /// <summary>A full block with the rows of B at the table's places.</summary>
    [MethodImpl(Compiled.Once)]
    public static void RunTable(in GemmBlockArguments<T> t)
    {
        if (V.RegisterRows == 8) Kernel<C8, C3, C1>(t);
        else Kernel<C4, C3, C1>(t);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Run<R>(int vectors, in GemmBlockArguments<T> t) where R : struct, IConst
    {
        if (vectors == 3) Kernel<R, C3, C0>(t);
        else if (vectors == 2) Kernel<R, C2, C0>(t);
        else Kernel<R, C1, C0>(t);
    }

    // Rows 4 .. 7 are addressed from a second pointer, so that no row needs an address computed.
    [MethodImpl(Compiled.Once)]
    private static void Kernel<R, N, Tabled>(in GemmBlockArguments<T> t)
        where R : struct, IConst where N : struct, IConst where Tabled : struct, IConst
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
        nint row = t.RowA, row2 = 2 * row, row3 = 3 * row, step = t.StepA, stepB = t.StepB;
        T* a = t.A;
        T* high = a + 4 * row;
        T* b = t.B;
        nint* table = t.Table;
        for (nint k = t.Depth; k > 0; k--)
        {
            T* bk = Tabled.Value == 1 ? b + *table++ : b;
            V b0 = V.Load(bk), b1 = zero, b2 = zero;
            if (N.Value > 1) b1 = V.Load(bk, V.Count);
            if (N.Value > 2) b2 = V.Load(bk, 2 * V.Count);
            V.AddProducts<N>(V.Broadcast(a), b0, b1, b2, ref c00, ref c01, ref c02);
            if (R.Value > 1)
                V.AddProducts<N>(V.Broadcast(a, row), b0, b1, b2, ref c10, ref c11, ref c12);
            if (R.Value > 2)
                V.AddProducts<N>(V.Broadcast(a, row2), b0, b1, b2, ref c20, ref c21, ref c22);
            if (R.Value > 3)
                V.AddProducts<N>(V.Broadcast(a, row3), b0, b1, b2, ref c30, ref c31, ref c32);
            if (R.Value > 4)
                V.AddProducts<N>(V.Broadcast(high), b0, b1, b2, ref c40, ref c41, ref c42);
            if (R.Value > 5)
                V.AddProducts<N>(V.Broadcast(high, row), b0, b1, b2, ref c50, ref c51, ref c52);
            if (R.Value > 6)
                V.AddProducts<N>(V.Broadcast(high, row2), b0, b1, b2, ref c60, ref c61, ref c62);
            if (R.Value > 7)
                V.AddProducts<N>(V.Broadcast(high, row3), b0, b1, b2, ref c70, ref c71, ref c72);
            a += step;
            if (R.Value > 4) high += step;
            if (Tabled.Value == 0) b += stepB;
        }
        T* c = t.C;
        int tail = t.Tail;
        bool add = t.Add;
        StoreRow<N>(c, c00, c01, c02, tail, add);
        if (R.Value > 1) StoreRow<N>(c += t.RowC, c10, c11, c12, tail, add);
        if (R.Value > 2) StoreRow<N>(c += t.RowC, c20, c21, c22, tail, add);
        if (R.Value > 3) StoreRow<N>(c += t.RowC, c30, c31, c32, tail, add);
        if (R.Value > 4) StoreRow<N>(c += t.RowC, c40, c41, c42, tail, add);
        if (R.Value > 5) StoreRow<N>(c += t.RowC, c50, c51, c52, tail, add);
        if (R.Value > 6) StoreRow<N>(c += t.RowC, c60, c61, c62, tail, add);
        if (R.Value > 7) StoreRow<N>(c += t.RowC, c70, c71, c72, tail, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<N>(T* c, V c0, V c1, V c2, int tail, bool add)
        where N : struct, IConst
    {
        if (add)
        {
            c0 = c0 + V.Load(c);
            if (N.Value > 1) c1 = c1 + V.Load(c, V.Count);
            if (N.Value > 2) c2 = c2 + V.Load(c, 2 * V.Count);
        }
        if (N.Value > 1) V.Store(c0, c);
        if (N.Value > 2) V.Store(c1, c, V.Count);
        V last = N.Value > 2 ? c2 : N.Value > 1 ? c1 : c0;
        c += (N.Value - 1) * V.Count;
        if (tail == V.Count) V.Store(last, c);
        else V.StoreFirst(last, c, tail);
    }
}
