// How the threads of a group bring a piece of an operand into shared memory: each has one place
// along the depth and, four at a time, rows at a distance, so that the arithmetic of a place is
// done once for four elements and four loads are on their way at once.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>Loads of pieces of some rows; element (row, depth) goes to depth Pitch + row.</summary>
internal readonly struct TileLoads<T, TNumbers, TTile, TOperand>
    where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
    where TTile : struct, ITile where TOperand : struct, ITileOperand<TOperand, T>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>
    /// How far apart neighbours along the depth are in shared memory: such that threads which write
    /// at the same time meet in as few banks as possible.
    /// </summary>
    [MethodImpl(Inline)]
    public static int Pitch(int size) => size + (TOperand.AlongDepth ? 2 : 16);

    /// <summary>The first four rows of this thread, found once for all depths.</summary>
    [MethodImpl(Inline)]
    public static Four<Place> FirstRows(TOperand operand, long origin, int row)
    {
        Four<Place> rows = Rows(operand, origin, row);
        return new()
        {
            A = Place.Here(rows.A),
            B = Place.Here(rows.B),
            C = Place.Here(rows.C),
            D = Place.Here(rows.D),
        };
    }

    /// <summary>Four rows of this thread, in a piece that begins at a row.</summary>
    [MethodImpl(Inline)]
    private static Four<Place> Rows(TOperand operand, long origin, int row)
    {
        int first = row + FirstRow;
        return new()
        {
            A = TOperand.Row(operand, origin, first),
            B = TOperand.Row(operand, origin, first + Step),
            C = TOperand.Row(operand, origin, first + 2 * Step),
            D = TOperand.Row(operand, origin, first + 3 * Step),
        };
    }

    /// <summary>
    /// Loads the piece at a row and a depth, 0 behind the ends. <paramref name="places"/> are
    /// the <see cref="FirstRows"/>.
    /// </summary>
    [MethodImpl(Inline)]
    public static void Run(
        TOperand operand, ArrayView<T> tile, int size, long origin, Four<Place> places, int row,
        int rows, int k, int end)
    {
        for (int start = 0; start < TTile.Depth; start += Wide)
        {
            int d = start + FirstDepth, at = d * Pitch(size) + FirstRow;
            int left = k + d < end ? rows - row - FirstRow : 0;
            Place depth = TOperand.Depth(operand, k + d);
            LoadFour(operand, tile, at, places, depth, left);
            for (int more = 4 * Step; more < size; more += 4 * Step)
                LoadFour(
                    operand, tile, at + more, Rows(operand, origin, row + more), depth,
                    left - more);
        }
    }

    private static int Threads
    {
        [MethodImpl(Inline)]
        get => TTile.Rows * TTile.Columns / 16;
    }

    /// <summary>Different depths that the group loads at once.</summary>
    private static int Wide
    {
        [MethodImpl(Inline)]
        get => IntrinsicMath.Min(TTile.Depth, Threads);
    }

    /// <summary>How far apart the rows of a thread are.</summary>
    private static int Step
    {
        [MethodImpl(Inline)]
        get => Threads / Wide;
    }

    private static int FirstRow
    {
        [MethodImpl(Inline)]
        get => TOperand.AlongDepth ? Group.IdxX / Wide : Group.IdxX % Step;
    }

    private static int FirstDepth
    {
        [MethodImpl(Inline)]
        get => TOperand.AlongDepth ? Group.IdxX % Wide : Group.IdxX / Step;
    }

    /// <summary>Loads four elements, of which as many rows are left as is said.</summary>
    [MethodImpl(Inline)]
    private static void LoadFour(
        TOperand operand, ArrayView<T> tile, long at, Four<Place> rows, Place depth, int left)
    {
        T a = TOperand.Load(operand, rows.A, depth, left > 0);
        T b = TOperand.Load(operand, rows.B, depth, left > Step);
        T c = TOperand.Load(operand, rows.C, depth, left > 2 * Step);
        T d = TOperand.Load(operand, rows.D, depth, left > 3 * Step);
        // Sums of 64 bits: the constant becomes a part of the instruction.
        tile[at] = a;
        tile[at + Step] = b;
        tile[at + 2 * Step] = c;
        tile[at + 3 * Step] = d;
    }
}
