// What a tiled product reads and writes: how an element of an operand is loaded and how a result
// is stored. The operands of a convolution are found by arithmetic in an image, and are never
// stored as matrices.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>
/// What a row, or a place along the depth, contributes to the place of an element: elements of the
/// buffer, and coordinates in an image where the operand is one.
/// </summary>
public struct Place
{
    /// <summary>In elements.</summary>
    public long Offset;

    /// <summary>In an image.</summary>
    public int Y, X;

    /// <summary>The same, not computed anew in a loop.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Place Here(Place place) => new()
    {
        Offset = Ieee.Here(place.Offset),
        Y = Ieee.Here(place.Y),
        X = Ieee.Here(place.X),
    };
}

/// <summary>
/// An operand of products: matrices of rows x depth, one for each batch. (The right one of a
/// product is seen with its columns as rows.)
/// </summary>
public interface ITileOperand<TSelf, T>
    where TSelf : struct, ITileOperand<TSelf, T> where T : unmanaged
{
    /// <summary>
    /// Whether neighbours along the depth lie beside each other, rather than those of a column:
    /// neighbouring threads load these.
    /// </summary>
    static abstract bool AlongDepth { get; }

    /// <summary>Where the matrix of a batch begins.</summary>
    static abstract long Origin(TSelf operand, int batch);

    /// <summary>
    /// What a row contributes, the origin included; one behind the last may be asked for.
    /// </summary>
    static abstract Place Row(TSelf operand, long origin, int row);

    /// <summary>What a place along the depth contributes; likewise.</summary>
    static abstract Place Depth(TSelf operand, int depth);

    /// <summary>
    /// The element, or 0 where <paramref name="inside"/> is false. Loads do not branch, so that
    /// several are on their way at once; element 0 of a buffer can always be read.
    /// </summary>
    static abstract T Load(TSelf operand, Place row, Place depth, bool inside);
}

/// <summary>Where the results of products go.</summary>
public interface ITileTarget<TSelf, T>
    where TSelf : struct, ITileTarget<TSelf, T> where T : unmanaged
{
    /// <summary>Where the matrix of a batch begins.</summary>
    static abstract long Origin(TSelf target, int batch);

    /// <summary>Writes the result of a row and a column.</summary>
    static abstract void Store(TSelf target, long origin, int row, int column, T value);
}

/// <summary>
/// Where elements of matrices lie that belong to a task and a group each: batch = task Groups +
/// group. Columns are split in two: column = outer Inner.Size + inner.
/// </summary>
public struct Table
{
    /// <summary>Groups of a task.</summary>
    public int Groups;

    /// <summary>How far apart tasks, groups, rows and outer columns are.</summary>
    public long TaskStride, GroupStride, RowStride, OuterStride;

    /// <summary>The inner columns.</summary>
    public Axis Inner;

    /// <summary>Where the matrix of a batch begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Origin(Table table, int batch)
    {
        int task = batch / table.Groups, group = batch - task * table.Groups;
        return task * table.TaskStride + group * table.GroupStride;
    }

    /// <summary>What a column contributes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Column(Table table, int column)
    {
        uint outer = (uint)column;
        long inner = Axis.Take(table.Inner, ref outer);
        return inner + outer * table.OuterStride;
    }
}

/// <summary>Matrices in memory, the depth innermost.</summary>
public struct Matrices<T, TNumbers> : ITileOperand<Matrices<T, TNumbers>, T>
    where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>The buffer.</summary>
    public ArrayView<T> Data;

    /// <summary>Where the first element lies.</summary>
    public long Offset;

    /// <summary>Where the others lie.</summary>
    public Table Table;

    /// <inheritdoc/>
    public static bool AlongDepth
    {
        [MethodImpl(Inline)]
        get => true;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static long Origin(Matrices<T, TNumbers> operand, int batch) =>
        operand.Offset + Table.Origin(operand.Table, batch);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Place Row(Matrices<T, TNumbers> operand, long origin, int row) =>
        new() { Offset = origin + row * operand.Table.RowStride };

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Place Depth(Matrices<T, TNumbers> operand, int depth) =>
        new() { Offset = Table.Column(operand.Table, depth) };

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static T Load(
        Matrices<T, TNumbers> operand, Place row, Place depth, bool inside)
    {
        T value = operand.Data[inside ? row.Offset + depth.Offset : 0];
        return inside ? value : TNumbers.Zero;
    }
}

/// <summary>Results, after an epilogue, in a contiguous view.</summary>
public struct Results<T, TAfter> : ITileTarget<Results<T, TAfter>, T>
    where T : unmanaged where TAfter : struct, IAfter<TAfter, T>
{
    /// <summary>The buffer.</summary>
    public ArrayView<T> Data;

    /// <summary>Where the view begins.</summary>
    public long Offset;

    /// <summary>Which element of the view a result is.</summary>
    public Table Table;

    /// <summary>The epilogue.</summary>
    public TAfter After;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Origin(Results<T, TAfter> target, int batch) =>
        Table.Origin(target.Table, batch);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(
        Results<T, TAfter> target, long origin, int row, int column, T value)
    {
        long i = origin + row * target.Table.RowStride + Table.Column(target.Table, column);
        target.Data[target.Offset + i] = TAfter.Value(target.After, value, i);
    }
}

/// <summary>Sums over parts of the depth: (parts, batches, rows, columns).</summary>
public struct DepthParts<T> : ITileTarget<DepthParts<T>, T> where T : unmanaged
{
    /// <summary>The buffer.</summary>
    public ArrayView<T> Data;

    /// <summary>Sizes of a matrix.</summary>
    public int Rows, Columns;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Origin(DepthParts<T> target, int batch) =>
        (long)batch * target.Rows * target.Columns;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(DepthParts<T> target, long origin, int row, int column, T value) =>
        target.Data[origin + (long)row * target.Columns + column] = value;
}
