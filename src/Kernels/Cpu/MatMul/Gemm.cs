// Large matrix products: both operands packed into panels that fit the caches, in the blocking of
// Goto and van de Geijn (2008), "Anatomy of high-performance matrix multiplication". Where few rows
// would share the packed B, it is read where it lies.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>
/// The product C = A B of matrices (M, K) and (K, N) of any strides; rows of C are RowC apart.
/// </summary>
internal unsafe struct Product<T> where T : unmanaged
{
    public T* A, B, C;
    public nint RowA, ColumnA, RowB, ColumnB, RowC;
    public nint M, N, K;
}

/// <summary>The packed product, for one width of vector and element type.</summary>
internal static unsafe class Gemm<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged
{
    // A panel of B (DepthBlock x 3 vectors) stays in the first cache while a block of A
    // (RowBlock x DepthBlock) is read from the second.
    private const int DepthBlock = 256;
    private const int RowBlock = 144;
    private const int ColumnBlock = 3072;

    // For so few rows a copy of B costs more than its reading at a stride. But rows that are a
    // multiple of so many bytes apart would fall into the same few sets of the first cache.
    private const int FewRows = 128;
    private const int SameSets = 512;

    /// <summary>Whether the register blocks read B where it lies.</summary>
    private static bool ReadsInPlace(in Product<T> p) =>
        p.ColumnB == 1 && p.M <= FewRows && p.RowB * sizeof(T) % SameSets != 0;

    /// <summary>One block of B, and how the product with it is cut into parts.</summary>
    private struct Block
    {
        public Product<T> Product;
        public CpuBackend Backend;

        /// <summary>The panels of B; null where it is read in place.</summary>
        public T* Packed;
        public nint Column, Columns;
        public nint Start, Depth;
        public nint Rows, RowParts;
        public nint PartColumns;

        /// <summary>The epilogue, or null, and where the product begins in its result.</summary>
        public void* After;
        public long Place;

        /// <summary>Runs the epilogue on some finished rows and columns of the product.</summary>
        public readonly void Finish(nint row, nint rows, nint column, nint columns)
        {
            ref BoundEpilogue after = ref Unsafe.AsRef<BoundEpilogue>(After);
            long start = Place + row * Product.N + column;
            if (columns == Product.N) after.Run(start, start + rows * columns);
            else
                for (nint i = 0; i < rows; i++, start += Product.N)
                    after.Run(start, start + columns);
        }
    }

    /// <summary>
    /// Writes the product; k is at least 1. Then the epilogue, an <see cref="BoundEpilogue"/> for a
    /// result in which the product begins at element <paramref name="place"/>, if it is not null.
    /// </summary>
    public static void Run(CpuBackend backend, in Product<T> product, void* after, long place)
    {
        int width = GemmBlock<V, T>.Columns;
        nint depthBlock = Even(product.K, DepthBlock, 4);
        nint columnBlock = Even(product.N, ColumnBlock, width);
        // Where rows are few they are cut finer, and then the columns too, so that there is work
        // for several threads. The shape alone decides, so results do not depend on the threads.
        nint limit = product.M > 4 * RowBlock ? RowBlock : RowBlock / 2;
        nint rows = Even(product.M, limit, V.RegisterRows);
        nint rowParts = Parts(product.M, rows);
        bool inPlace = ReadsInPlace(product);
        using var packed = new Scratch<T>(backend, inPlace ? 0 : depthBlock * columnBlock);
        var block = new Block
        {
            Product = product,
            Backend = backend,
            Packed = inPlace ? null : packed.Pointer,
            Rows = rows,
            RowParts = rowParts,
            After = after,
            Place = place,
        };
        for (nint column = 0; column < product.N; column += columnBlock)
        {
            block.Column = column;
            block.Columns = Math.Min(columnBlock, product.N - column);
            nint columnParts = rowParts >= 4 ? 1
                : Math.Clamp(block.Columns / (rowParts == 1 ? 192 : 512), 1, 4);
            block.PartColumns = Even(block.Columns, Parts(block.Columns, columnParts), width);
            columnParts = Parts(block.Columns, block.PartColumns);
            for (nint start = 0; start < product.K; start += depthBlock)
            {
                block.Start = start;
                block.Depth = Math.Min(depthBlock, product.K - start);
                nint panels = Parts(block.Columns, width);
                if (!inPlace)
                    backend.Workers.Run((int)Parts(panels, PackPanels), &Pack, block);
                backend.Workers.Run((int)(rowParts * columnParts), &Multiply, block);
            }
        }
    }

    private const int PackPanels = 8;

    [MethodImpl(Compiled.Once)]
    private static void Pack(in Block block, int part)
    {
        ref readonly Product<T> p = ref block.Product;
        int width = GemmBlock<V, T>.Columns;
        nint end = Math.Min(block.Columns, (part + 1) * PackPanels * (nint)width);
        for (nint j = part * PackPanels * (nint)width; j < end; j += width)
            GemmPack<T>.Columns(
                p.B + block.Start * p.RowB + (block.Column + j) * p.ColumnB, p.RowB, p.ColumnB,
                block.Depth, (int)Math.Min(width, end - j), block.Packed + j * block.Depth, width);
    }

    [MethodImpl(Compiled.Once)]
    private static void Multiply(in Block block, int part)
    {
        ref readonly Product<T> p = ref block.Product;
        CpuBackend backend = block.Backend;
        int width = GemmBlock<V, T>.Columns;
        nint row = part % block.RowParts * block.Rows;
        nint column = part / block.RowParts * block.PartColumns;
        nint rows = Math.Min(block.Rows, p.M - row);
        nint end = Math.Min(column + block.PartColumns, block.Columns);
        using var scratch = new Scratch<T>(backend, rows * block.Depth);
        T* packed = scratch.Pointer;
        T* a = p.A + row * p.RowA + block.Start * p.ColumnA;
        T* b = p.B + block.Start * p.RowB + block.Column;
        for (nint i = 0; i < rows; i += V.RegisterRows)
            GemmPack<T>.Rows(
                a + i * p.RowA, p.RowA, p.ColumnA, (int)Math.Min(V.RegisterRows, rows - i),
                block.Depth, packed + i * block.Depth);

        var tile = new GemmBlockArguments<T>
        {
            RowA = 1,
            StepB = block.Packed == null ? p.RowB : width,
            RowC = p.RowC,
            Depth = block.Depth,
            Add = block.Start > 0,
        };
        for (nint j = column; j < end; j += width)
        {
            int vectors = Vectors((int)Math.Min(width, end - j), out tile.Tail);
            tile.B = block.Packed == null ? b + j : block.Packed + j * block.Depth;
            for (nint i = 0; i < rows; i += V.RegisterRows)
            {
                int tileRows = (int)Math.Min(V.RegisterRows, rows - i);
                tile.A = packed + i * block.Depth;
                tile.StepA = tileRows;
                tile.C = p.C + (row + i) * p.RowC + block.Column + j;
                GemmBlock<V, T>.Run(tileRows, vectors, tile);
            }
        }
        if (block.After != null && block.Start + block.Depth == p.K)
            block.Finish(row, rows, block.Column + column, end - column);
    }

    /// <summary>
    /// The number of vectors that hold the columns, and how many elements of the last are used.
    /// </summary>
    internal static int Vectors(int columns, out int tail)
    {
        int vectors = (columns + V.Count - 1) / V.Count;
        tail = columns - (vectors - 1) * V.Count;
        return vectors;
    }

    /// <summary>
    /// A block size, a multiple of unit: size is cut into as few blocks as blocks of at most limit
    /// allow, of nearly equal sizes.
    /// </summary>
    internal static nint Even(nint size, nint limit, nint unit)
    {
        nint block = Parts(size, Math.Max(1, Parts(size, limit)));
        return Math.Max(unit, (block + unit - 1) / unit * unit);
    }

    private static nint Parts(nint size, nint block) => (size + block - 1) / block;
}
