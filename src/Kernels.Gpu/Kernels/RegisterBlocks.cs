// Blocks of a product that a thread holds: structs of single numbers, since the compiler keeps
// those in registers, which it does not do with an array. A run is so many numbers at equal
// distances; a block is as many runs.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>Several numbers of a row or a column.</summary>
public interface IRun<TSelf, T> where TSelf : unmanaged, IRun<TSelf, T> where T : unmanaged
{
    /// <summary>How many.</summary>
    static abstract int Length { get; }

    /// <summary>The first <paramref name="count"/> of them, and 0 for the others.</summary>
    static abstract TSelf LoadSome(ArrayView<T> from, long at, long step, long count);

    /// <summary>All of them.</summary>
    static abstract TSelf Load(ArrayView<T> from, int at, int step);

    /// <summary>Writes all of them.</summary>
    static abstract void Store(ArrayView<T> to, int at, int step, TSelf run);

    /// <summary>a b + c.</summary>
    static abstract TSelf Fma(T a, TSelf b, TSelf c);

    /// <summary>Number i.</summary>
    static abstract T At(TSelf run, int i);
}

/// <summary>As many rows as a row has numbers.</summary>
public interface IBlock<TSelf, TRun>
    where TSelf : unmanaged, IBlock<TSelf, TRun> where TRun : unmanaged
{
    /// <summary>The block plus the outer product of a column and a row.</summary>
    static abstract TSelf Fma(TRun a, TRun b, TSelf c);

    /// <summary>Row i.</summary>
    static abstract TRun Row(TSelf block, int i);
}

/// <summary>Four numbers.</summary>
public struct Four<TNumbers, T> : IRun<Four<TNumbers, T>, T>
    where TNumbers : unmanaged, INumbers<TNumbers, T> where T : unmanaged
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>The numbers.</summary>
    public T A, B, C, D;

    /// <inheritdoc/>
    public static int Length
    {
        [MethodImpl(Inline)]
        get => 4;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Four<TNumbers, T> LoadSome(ArrayView<T> from, long at, long step, long count)
    {
        Four<TNumbers, T> run = default;
        if (count > 0) run.A = from[at];
        if (count > 1) run.B = from[at + step];
        if (count > 2) run.C = from[at + 2 * step];
        if (count > 3) run.D = from[at + 3 * step];
        return run;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Four<TNumbers, T> Load(ArrayView<T> from, int at, int step) => new()
    {
        A = from[at],
        B = from[at + step],
        C = from[at + 2 * step],
        D = from[at + 3 * step],
    };

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static void Store(ArrayView<T> to, int at, int step, Four<TNumbers, T> run)
    {
        to[at] = run.A;
        to[at + step] = run.B;
        to[at + 2 * step] = run.C;
        to[at + 3 * step] = run.D;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Four<TNumbers, T> Fma(T a, Four<TNumbers, T> b, Four<TNumbers, T> c) => new()
    {
        A = TNumbers.Fma(a, b.A, c.A),
        B = TNumbers.Fma(a, b.B, c.B),
        C = TNumbers.Fma(a, b.C, c.C),
        D = TNumbers.Fma(a, b.D, c.D),
    };

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static T At(Four<TNumbers, T> run, int i) =>
        i < 2 ? (i == 0 ? run.A : run.B) : i == 2 ? run.C : run.D;
}

/// <summary>Eight numbers.</summary>
public struct Eight<TNumbers, T> : IRun<Eight<TNumbers, T>, T>
    where TNumbers : unmanaged, INumbers<TNumbers, T> where T : unmanaged
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>The numbers.</summary>
    public Four<TNumbers, T> Low, High;

    /// <inheritdoc/>
    public static int Length
    {
        [MethodImpl(Inline)]
        get => 8;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Eight<TNumbers, T> LoadSome(ArrayView<T> from, long at, long step, long count) =>
        new()
        {
            Low = Four<TNumbers, T>.LoadSome(from, at, step, count),
            High = Four<TNumbers, T>.LoadSome(from, at + 4 * step, step, count - 4),
        };

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Eight<TNumbers, T> Load(ArrayView<T> from, int at, int step) => new()
    {
        Low = Four<TNumbers, T>.Load(from, at, step),
        High = Four<TNumbers, T>.Load(from, at + 4 * step, step),
    };

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static void Store(ArrayView<T> to, int at, int step, Eight<TNumbers, T> run)
    {
        Four<TNumbers, T>.Store(to, at, step, run.Low);
        Four<TNumbers, T>.Store(to, at + 4 * step, step, run.High);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Eight<TNumbers, T> Fma(T a, Eight<TNumbers, T> b, Eight<TNumbers, T> c) => new()
    {
        Low = Four<TNumbers, T>.Fma(a, b.Low, c.Low),
        High = Four<TNumbers, T>.Fma(a, b.High, c.High),
    };

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static T At(Eight<TNumbers, T> run, int i) => i < 4
        ? Four<TNumbers, T>.At(run.Low, i) : Four<TNumbers, T>.At(run.High, i - 4);
}

/// <summary>Four rows of any length.</summary>
public struct FourRows<TRun, T> where TRun : unmanaged, IRun<TRun, T> where T : unmanaged
{
    /// <summary>The rows.</summary>
    public TRun R0, R1, R2, R3;

    /// <summary>The rows, each plus b times its number of a.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FourRows<TRun, T> Fma(T a0, T a1, T a2, T a3, TRun b, FourRows<TRun, T> c) =>
        new()
        {
            R0 = TRun.Fma(a0, b, c.R0),
            R1 = TRun.Fma(a1, b, c.R1),
            R2 = TRun.Fma(a2, b, c.R2),
            R3 = TRun.Fma(a3, b, c.R3),
        };

    /// <summary>Row i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TRun Row(FourRows<TRun, T> rows, int i) =>
        i < 2 ? (i == 0 ? rows.R0 : rows.R1) : i == 2 ? rows.R2 : rows.R3;
}

/// <summary>4 x 4 numbers.</summary>
public struct Block4<TNumbers, T> : IBlock<Block4<TNumbers, T>, Four<TNumbers, T>>
    where TNumbers : unmanaged, INumbers<TNumbers, T> where T : unmanaged
{
    /// <summary>The rows.</summary>
    public FourRows<Four<TNumbers, T>, T> Rows;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Block4<TNumbers, T> Fma(
        Four<TNumbers, T> a, Four<TNumbers, T> b, Block4<TNumbers, T> c) => new()
        {
            Rows = FourRows<Four<TNumbers, T>, T>.Fma(a.A, a.B, a.C, a.D, b, c.Rows),
        };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<TNumbers, T> Row(Block4<TNumbers, T> block, int i) =>
        FourRows<Four<TNumbers, T>, T>.Row(block.Rows, i);
}

/// <summary>8 x 8 numbers.</summary>
public struct Block8<TNumbers, T> : IBlock<Block8<TNumbers, T>, Eight<TNumbers, T>>
    where TNumbers : unmanaged, INumbers<TNumbers, T> where T : unmanaged
{
    /// <summary>The rows.</summary>
    public FourRows<Eight<TNumbers, T>, T> Low, High;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Block8<TNumbers, T> Fma(
        Eight<TNumbers, T> a, Eight<TNumbers, T> b, Block8<TNumbers, T> c) => new()
        {
            Low = FourRows<Eight<TNumbers, T>, T>.Fma(
                a.Low.A, a.Low.B, a.Low.C, a.Low.D, b, c.Low),
            High = FourRows<Eight<TNumbers, T>, T>.Fma(
                a.High.A, a.High.B, a.High.C, a.High.D, b, c.High),
        };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Eight<TNumbers, T> Row(Block8<TNumbers, T> block, int i) => i < 4
        ? FourRows<Eight<TNumbers, T>, T>.Row(block.Low, i)
        : FourRows<Eight<TNumbers, T>, T>.Row(block.High, i - 4);
}
