// Small matrix products, without packing. The register block reads A in place whatever its strides,
// and B too where its rows are contiguous; if they are not, B is copied to scratch first.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>The unpacked product, for one width of vector and element type.</summary>
internal static unsafe class GemmSmall<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged
{
    // A B of up to this many elements stays in the caches while all rows of A pass by.
    private const nint SmallB = 16384;

    /// <summary>Whether this is faster than the packed product.</summary>
    public static bool Fits(in Product<T> p) =>
        p.ColumnB == 1 && p.M <= 12 || p.K * p.N <= SmallB;

    /// <summary>Whether B must be copied to scratch first.</summary>
    public static bool NeedsScratch(in Product<T> p) => p.ColumnB != 1 && p.N > 1;

    /// <summary>Elements of scratch; whole vectors may be loaded from each row.</summary>
    public static nint ScratchSize(in Product<T> p) => p.K * Pitch(p) + 3 * V.Count;

    /// <summary>Copies B to scratch with contiguous rows and points the product there.</summary>
    public static void PackB(ref Product<T> p, T* scratch)
    {
        GemmPack<T>.Columns(p.B, p.RowB, p.ColumnB, p.K, (int)p.N, scratch, (int)Pitch(p));
        UsePacked(ref p, scratch);
    }

    /// <summary>Points the product to a B packed before.</summary>
    public static void UsePacked(ref Product<T> p, T* scratch)
    {
        p.B = scratch;
        p.RowB = Pitch(p);
        p.ColumnB = 1;
    }

    /// <summary>Writes or adds the product; rows of B are contiguous.</summary>
    [MethodImpl(Compiled.Once)]
    public static void Run(in Product<T> p, bool add = false)
    {
        var tile = new GemmBlockArguments<T>
        {
            RowA = p.RowA,
            StepA = p.ColumnA,
            StepB = p.RowB,
            RowC = p.RowC,
            Depth = p.K,
            Add = add,
        };
        int left = Gemm<V, T>.Vectors((int)p.N, out int tail);
        // Vectors in groups of nearly equal size, and rows too, as many as the registers allow.
        for (nint column = 0; left > 0;)
        {
            int groups = (left + 2) / 3;
            int vectors = (left + groups - 1) / groups;
            left -= vectors;
            tile.Tail = left == 0 ? tail : V.Count;
            tile.B = p.B + column;
            nint rows = Gemm<V, T>.Even(p.M, MaxRows(vectors), 1);
            for (nint row = 0; row < p.M; row += rows)
            {
                tile.A = p.A + row * p.RowA;
                tile.C = p.C + row * p.RowC + column;
                GemmBlock<V, T>.Run((int)Math.Min(rows, p.M - row), vectors, tile);
            }
            column += vectors * V.Count;
        }
    }

    private static nint Pitch(in Product<T> p) => (p.N + V.Count - 1) / V.Count * V.Count;

    private static int MaxRows(int vectors) =>
        vectors == 3 ? V.RegisterRows : vectors == 2 && V.RegisterRows == 4 ? 6 : 8;
}
