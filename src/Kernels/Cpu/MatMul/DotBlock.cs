// The register block for operands that are contiguous along k: dot products of up to 8 rows of A
// with up to 3 rows of B. Each is summed lane by lane, and across the lanes at the end.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>Where a block of dot products has its operands; strides in elements.</summary>
internal unsafe struct DotBlockArguments<T> where T : unmanaged
{
    /// <summary>Row i of the left operand is A + i * RowA.</summary>
    public T* A;
    public nint RowA;

    /// <summary>The rows of the right operand.</summary>
    public T* B0, B1, B2;

    /// <summary>C[i * RowC + j * ColumnC] receives row i times row j.</summary>
    public T* C;
    public nint RowC, ColumnC;

    /// <summary>Length of the rows.</summary>
    public nint Depth;

    /// <summary>Whether to add to C; if not, it is overwritten.</summary>
    public bool Add;

    /// <summary>
    /// Whether C receives whole vectors, the lanes of a product not yet summed. Depth is then a
    /// multiple of the vector.
    /// </summary>
    public bool Lanes;
}

/// <summary>Dot products of a few rows with a few others.</summary>
internal static unsafe class DotBlock<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged, INumberBase<T>
{
    /// <summary>A block of 1 .. RegisterRows rows on the left and 1 .. 3 on the right.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run(int rows, int columns, in DotBlockArguments<T> t)
    {
        Vectors(rows, columns, t);
        nint rest = t.Depth % V.Count;
        if (rest > 0) Rest(rows, columns, t, t.Depth - rest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Vectors(int rows, int columns, in DotBlockArguments<T> t)
    {
        switch (rows)
        {
            case 1: Run<C1>(columns, t); break;
            case 2: Run<C2>(columns, t); break;
            case 3: Run<C3>(columns, t); break;
            case 4: Run<C4>(columns, t); break;
            case 5: Run<C5>(columns, t); break;
            case 6: Run<C6>(columns, t); break;
            case 7: Run<C7>(columns, t); break;
            default: Run<C8>(columns, t); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Run<R>(int columns, in DotBlockArguments<T> t) where R : struct, IConst
    {
        if (columns == 3) Kernel<R, C3>(t);
        else if (columns == 2) Kernel<R, C2>(t);
        else Kernel<R, C1>(t);
    }

    [MethodImpl(Compiled.Once)]
    private static void Kernel<R, N>(in DotBlockArguments<T> t)
        where R : struct, IConst where N : struct, IConst
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
        nint row = t.RowA, row2 = 2 * row, row3 = 3 * row;
        T* a = t.A;
        T* high = a + 4 * row;
        T* p0 = t.B0;
        T* p1 = t.B1;
        T* p2 = t.B2;
        for (nint left = t.Depth; left >= V.Count; left -= V.Count)
        {
            V b0 = V.Load(p0), b1 = zero, b2 = zero;
            if (N.Value > 1) b1 = V.Load(p1);
            if (N.Value > 2) b2 = V.Load(p2);
            V.AddProducts<N>(V.Load(a), b0, b1, b2, ref c00, ref c01, ref c02);
            if (R.Value > 1)
                V.AddProducts<N>(V.Load(a, row), b0, b1, b2, ref c10, ref c11, ref c12);
            if (R.Value > 2)
                V.AddProducts<N>(V.Load(a, row2), b0, b1, b2, ref c20, ref c21, ref c22);
            if (R.Value > 3)
                V.AddProducts<N>(V.Load(a, row3), b0, b1, b2, ref c30, ref c31, ref c32);
            if (R.Value > 4)
                V.AddProducts<N>(V.Load(high), b0, b1, b2, ref c40, ref c41, ref c42);
            if (R.Value > 5)
                V.AddProducts<N>(V.Load(high, row), b0, b1, b2, ref c50, ref c51, ref c52);
            if (R.Value > 6)
                V.AddProducts<N>(V.Load(high, row2), b0, b1, b2, ref c60, ref c61, ref c62);
            if (R.Value > 7)
                V.AddProducts<N>(V.Load(high, row3), b0, b1, b2, ref c70, ref c71, ref c72);
            a += V.Count;
            if (R.Value > 4) high += V.Count;
            p0 += V.Count;
            if (N.Value > 1) p1 += V.Count;
            if (N.Value > 2) p2 += V.Count;
        }
        T* c = t.C;
        nint column = t.ColumnC;
        bool add = t.Add;
        if (t.Lanes)
        {
            AddRow<N>(c, column, c00, c01, c02, add);
            if (R.Value > 1) AddRow<N>(c += t.RowC, column, c10, c11, c12, add);
            if (R.Value > 2) AddRow<N>(c += t.RowC, column, c20, c21, c22, add);
            if (R.Value > 3) AddRow<N>(c += t.RowC, column, c30, c31, c32, add);
            if (R.Value > 4) AddRow<N>(c += t.RowC, column, c40, c41, c42, add);
            if (R.Value > 5) AddRow<N>(c += t.RowC, column, c50, c51, c52, add);
            if (R.Value > 6) AddRow<N>(c += t.RowC, column, c60, c61, c62, add);
            if (R.Value > 7) AddRow<N>(c += t.RowC, column, c70, c71, c72, add);
            return;
        }
        StoreRow<N>(c, column, c00, c01, c02, add);
        if (R.Value > 1) StoreRow<N>(c += t.RowC, column, c10, c11, c12, add);
        if (R.Value > 2) StoreRow<N>(c += t.RowC, column, c20, c21, c22, add);
        if (R.Value > 3) StoreRow<N>(c += t.RowC, column, c30, c31, c32, add);
        if (R.Value > 4) StoreRow<N>(c += t.RowC, column, c40, c41, c42, add);
        if (R.Value > 5) StoreRow<N>(c += t.RowC, column, c50, c51, c52, add);
        if (R.Value > 6) StoreRow<N>(c += t.RowC, column, c60, c61, c62, add);
        if (R.Value > 7) StoreRow<N>(c += t.RowC, column, c70, c71, c72, add);
    }

    /// <summary>
    /// Adds the last products, from element start on, which do not fill a vector.
    /// </summary>
    private static void Rest(int rows, int columns, in DotBlockArguments<T> t, nint start)
    {
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++)
            {
                T* a = t.A + i * t.RowA, b = j == 0 ? t.B0 : j == 1 ? t.B1 : t.B2;
                for (nint k = start; k < t.Depth; k++)
                    t.C[i * t.RowC + j * t.ColumnC] += a[k] * b[k];
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<N>(T* c, nint column, V c0, V c1, V c2, bool add)
        where N : struct, IConst
    {
        Store(c, c0, add);
        if (N.Value > 1) Store(c + column, c1, add);
        if (N.Value > 2) Store(c + 2 * column, c2, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRow<N>(T* c, nint column, V c0, V c1, V c2, bool add)
        where N : struct, IConst
    {
        V.Store(add ? c0 + V.Load(c) : c0, c);
        c += column;
        if (N.Value > 1) V.Store(add ? c1 + V.Load(c) : c1, c);
        c += column;
        if (N.Value > 2) V.Store(add ? c2 + V.Load(c) : c2, c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(T* c, V v, bool add)
    {
        T sum = V.Total(v);
        *c = add ? sum + *c : sum;
    }
}
