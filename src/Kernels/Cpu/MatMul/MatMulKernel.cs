// Batched matrix products: chooses between the packed and the unpacked product by shapes and
// strides, and cuts batches into parts.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Kernels;

/// <summary>Batched products for one width of vector and element type.</summary>
internal static unsafe class MatMulKernel<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged, INumberBase<T>
{
    private const double PartProducts = 250_000;
    private const int RowUnit = 24;

    // Results of this many elements are still in the first cache when the epilogue passes over
    // them.
    private const int FinishElements = 4096;

    /// <summary>The products of a batch.</summary>
    private struct Batch
    {
        public Product<T> First;
        public CpuBackend Backend;
        public long Items;
        public nint ItemC;

        /// <summary>The BoundEpilogue, or null.</summary>
        public void* After;

        /// <summary>Rows per item where one product is cut into several, else 0.</summary>
        public nint ItemRows;

        /// <summary>Where the items begin in a and in b.</summary>
        public StridedAxes Axes;

        public readonly Product<T> Item(long item)
        {
            Product<T> p = First;
            p.C += (nint)item * ItemC;
            if (ItemRows > 0)
            {
                p.A += (nint)item * ItemRows * p.RowA;
                p.M = Math.Min(ItemRows, p.M - (nint)item * ItemRows);
                return p;
            }
            Axes.Find(item, out long a, out long b);
            p.A += a;
            p.B += b;
            return p;
        }

        /// <summary>Runs the epilogue on items start .. end - 1.</summary>
        public readonly void Finish(long start, long end)
        {
            if (After == null) return;
            long rest = ItemRows > 0 ? (long)First.M * First.N : Items * ItemC;
            Unsafe.AsRef<BoundEpilogue>(After).Run(start * ItemC, Math.Min(end * ItemC, rest));
        }
    }

    /// <summary>
    /// c = a b, and then the epilogue, an <see cref="BoundEpilogue"/>, if there is one.
    /// </summary>
    [SkipLocalsInit]
    public static void Run(
        CpuBackend backend, in Operand a, in Operand b, in Operand c, void* after)
    {
        if (c.Layout.Count == 0) return;
        int rank = c.Layout.Rank;
        long* axes = stackalloc long[3 * rank];
        var first = new Product<T>
        {
            A = (T*)CpuBackend.Pointer(a),
            B = (T*)CpuBackend.Pointer(b),
            C = (T*)CpuBackend.Pointer(c),
            M = (nint)c.Layout.Sizes[rank - 2],
            N = (nint)c.Layout.Sizes[rank - 1],
            K = (nint)a.Layout.Sizes[rank - 1],
            RowA = (nint)a.Layout.Strides[rank - 2],
            ColumnA = (nint)a.Layout.Strides[rank - 1],
            RowB = (nint)b.Layout.Strides[rank - 2],
            ColumnB = (nint)b.Layout.Strides[rank - 1],
        };
        if (first.K == 0)
        {
            NativeMemory.Clear(first.C, (nuint)(c.Layout.Count * sizeof(T)));
            if (after != null) Unsafe.AsRef<BoundEpilogue>(after).RunAll(backend, c.Layout.Count);
            return;
        }
        var batch = new Batch
        {
            First = first,
            Backend = backend,
            After = after,
            Axes = new StridedAxes(axes, rank, 2),
        };
        Collapse(ref batch, a.Layout, b.Layout, c.Layout);
        if (batch.First.N == 1) Swap(ref batch);
        batch.First.RowC = batch.First.N;
        batch.ItemC = batch.First.M * batch.First.N;

        ref Product<T> p = ref batch.First;
        if (!GemmSmall<V, T>.Fits(p) && !Dots(p) && p.K > 1)
        {
            for (long item = 0; item < batch.Items; item++)
                Gemm<V, T>.Run(backend, batch.Item(item), after, item * batch.ItemC);
            return;
        }
        double products = (double)p.M * p.N * p.K;
        double rows = products > 2 * PartProducts ? p.M * (PartProducts / products) : p.M;
        if (after != null) rows = Math.Min(rows, Math.Max(1, FinishElements / p.N));
        if (batch.Items == 1 && rows < p.M && p.M >= 2 * RowUnit)
        {
            nint limit = Math.Max(RowUnit, (nint)rows);
            batch.ItemRows = Gemm<V, T>.Even(p.M, limit, RowUnit);
            batch.Items = (p.M + batch.ItemRows - 1) / batch.ItemRows;
            batch.ItemC = batch.ItemRows * p.N;
            products = (double)batch.ItemRows * p.N * p.K;
        }
        long each = (long)Math.Clamp(PartProducts / products, 1, batch.Items);
        backend.Workers.Run(batch.Items, each, &Items, batch);
    }

    /// <summary>
    /// Batch axes with all adjacent ones merged that can be, the innermost into the rows where
    /// b is shared and the rows of a continue from item to item.
    /// </summary>
    private static void Collapse(ref Batch batch, Layout a, Layout b, Layout c)
    {
        ref Product<T> p = ref batch.First;
        int axes = c.Rank - 2;
        for (; axes > 0; axes--)
        {
            long size = c.Sizes[axes - 1], strideA = a.Strides[axes - 1];
            if (size == 1) continue;
            if (b.Strides[axes - 1] != 0 || (p.M > 1 && strideA != p.M * p.RowA)) break;
            if (p.M == 1) p.RowA = (nint)strideA;
            p.M *= (nint)size;
        }
        for (int i = 0; i < axes; i++) batch.Axes.Add(c.Sizes[i], a.Strides[i], b.Strides[i]);
        batch.Items = batch.Axes.Count;
    }

    [MethodImpl(Compiled.Once)]
    private static void Items(in Batch batch, long start, long end)
    {
        if (IsOuter(batch.First) || Dots(batch.First)
            || !GemmSmall<V, T>.NeedsScratch(batch.First))
        {
            RunItems(batch, start, end, null);
            return;
        }
        using var scratch = new Scratch<T>(
            batch.Backend, GemmSmall<V, T>.ScratchSize(batch.First));
        RunItems(batch, start, end, scratch.Pointer);
    }

    /// <summary>Items start .. end - 1, the epilogue after every few of them.</summary>
    [MethodImpl(Compiled.Once)]
    private static void RunItems(in Batch batch, long start, long end, T* scratch)
    {
        long step = batch.After == null
            ? end - start : Math.Max(1, FinishElements / Math.Max(1, batch.ItemC));
        T* packed = null;
        for (; start < end; start += step)
        {
            long last = Math.Min(start + step, end);
            if (IsOuter(batch.First))
                for (long item = start; item < last; item++) RunOuter(batch.Item(item));
            else if (Dots(batch.First))
                for (long item = start; item < last; item++) RunDots(batch.Item(item));
            else if (scratch == null)
                for (long item = start; item < last; item++)
                    GemmSmall<V, T>.Run(batch.Item(item));
            else RunPacked(batch, start, last, scratch, ref packed);
            batch.Finish(start, last);
        }
    }

    private static bool IsOuter(in Product<T> p) => p.K == 1 && p.ColumnB == 1;

    /// <summary>Depth one: each row is the row of B times a number.</summary>
    [MethodImpl(Compiled.Once)]
    private static void RunOuter(in Product<T> p)
    {
        nint whole = p.N - p.N % V.Count;
        for (nint row = 0; row < p.M; row++)
        {
            V a = V.Broadcast(p.A, row * p.RowA);
            T* c = p.C + row * p.RowC;
            for (nint j = 0; j < whole; j += V.Count)
                V.Store(a * V.Load(p.B, j), c, j);
            if (whole < p.N)
                V.StoreFirst(a * V.Load(p.B, whole), c + whole, (int)(p.N - whole));
        }
    }

    /// <summary>
    /// Products of a B copied to scratch first, if it is not the one packed before.
    /// </summary>
    private static void RunPacked(
        in Batch batch, long start, long end, T* scratch, ref T* packed)
    {
        for (long item = start; item < end; item++)
        {
            Product<T> p = batch.Item(item);
            T* source = p.B;
            if (source != packed) GemmSmall<V, T>.PackB(ref p, scratch);
            else GemmSmall<V, T>.UsePacked(ref p, scratch);
            packed = source;
            GemmSmall<V, T>.Run(p);
        }
    }

    /// <summary>
    /// Computes a result of one column as one row: cᵀ = bᵀ aᵀ lies in memory as c does.
    /// </summary>
    private static void Swap(ref Batch batch)
    {
        Product<T> p = batch.First;
        batch.First.A = p.B;
        batch.First.B = p.A;
        (batch.First.RowA, batch.First.ColumnA) = (p.ColumnB, p.RowB);
        (batch.First.RowB, batch.First.ColumnB) = (p.ColumnA, p.RowA);
        (batch.First.M, batch.First.N) = (p.N, p.M);
        batch.Axes.Exchange();
    }

    /// <summary>
    /// Whether A has few rows, and they and the columns of B are contiguous along k.
    /// </summary>
    private static bool Dots(in Product<T> p) =>
        p.M <= 3 && (p.ColumnA == 1 || p.K == 1) && p.RowB == 1 && p.ColumnB != 1 && p.K >= V.Count;

    [MethodImpl(Compiled.Once)]
    private static void RunDots(in Product<T> p)
    {
        var tile = new DotBlockArguments<T>
        {
            RowA = p.ColumnB,
            B0 = p.A,
            B1 = p.A + p.RowA,
            B2 = p.A + 2 * p.RowA,
            RowC = 1,
            ColumnC = p.RowC,
            Depth = p.K,
        };
        for (nint j = 0; j < p.N; j += V.RegisterRows)
        {
            tile.A = p.B + j * p.ColumnB;
            tile.C = p.C + j;
            DotBlock<V, T>.Run((int)Math.Min(V.RegisterRows, p.N - j), (int)p.M, tile);
        }
    }
}
