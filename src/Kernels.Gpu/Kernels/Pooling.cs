// Max-pooling of planes, stored or computed by a program, and its transpose.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>The windows of a pooling.</summary>
public struct Windows
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>Size of a plane, and windows in each direction.</summary>
    public int Height, Width, Down, Across;

    /// <summary>Size of a window, how far apart they are, and how far outside they begin.</summary>
    public int Window, Stride, Padding;

    /// <summary>
    /// Windows in each direction, elements of a plane, and the stride, as axes to divide by, of
    /// stride 1.
    /// </summary>
    public Axis OutX, OutY, InX, InY, Step;

    /// <summary>The first maximum of window i of all; a NaN counts as the maximum.</summary>
    [MethodImpl(Inline)]
    public static Found<T> First<T, TNumbers, TSource>(Windows windows, TSource source, long i)
        where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
        where TSource : struct, ISource<TSource, T>
    {
        uint plane = (uint)i;
        int x = (int)Axis.Take(windows.OutX, ref plane) * windows.Stride - windows.Padding;
        int y = (int)Axis.Take(windows.OutY, ref plane) * windows.Stride - windows.Padding;
        int right = IntrinsicMath.Min(x + windows.Window, windows.Width);
        int bottom = IntrinsicMath.Min(y + windows.Window, windows.Height);
        int left = IntrinsicMath.Max(x, 0), top = IntrinsicMath.Max(y, 0);
        long start = (long)plane * windows.Height * windows.Width;
        var best = new Found<T> { Position = -1, Value = TNumbers.Zero };
        for (int row = top; row < bottom; row++)
            for (int column = left; column < right; column++)
            {
                int position = row * windows.Width + column;
                T value = TSource.Value(source, start + position);
                bool more = TNumbers.Less(best.Value, value) | TNumbers.IsNaN(value);
                if (best.Position < 0 | (more & !TNumbers.IsNaN(best.Value)))
                    best = new() { Position = position, Value = value };
            }
        return best;
    }

    /// <summary>
    /// The sum, in order of the windows, of the values whose position is element i of all planes.
    /// </summary>
    [MethodImpl(Inline)]
    public static T Sum<T, TNumbers>(
        Windows windows, ArrayView<T> values, long firstValue, ArrayView<int> positions,
        long firstPosition, long i)
        where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
    {
        uint plane = (uint)i;
        int x = (int)Axis.Take(windows.InX, ref plane), y = (int)Axis.Take(windows.InY, ref plane);
        int position = y * windows.Width + x;
        int right = Last(windows, x, windows.Across), bottom = Last(windows, y, windows.Down);
        long start = (long)plane * windows.Down * windows.Across;
        T sum = TNumbers.Zero;
        for (int row = FirstOf(windows, y); row <= bottom; row++)
            for (int column = FirstOf(windows, x); column <= right; column++)
            {
                long window = start + (long)row * windows.Across + column;
                if (positions[firstPosition + window] == position)
                    sum = TNumbers.Add(sum, values[firstValue + window]);
            }
        return sum;
    }

    /// <summary>The first window, along an axis, that may reach a coordinate.</summary>
    [MethodImpl(Inline)]
    private static int FirstOf(Windows windows, int coordinate) => Quotient(
        windows,
        IntrinsicMath.Max(0, coordinate + windows.Padding - windows.Window + windows.Stride));

    /// <summary>The last of so many that begins at or before a coordinate.</summary>
    [MethodImpl(Inline)]
    private static int Last(Windows windows, int coordinate, int count) => IntrinsicMath.Min(
        count - 1, Quotient(windows, coordinate + windows.Padding));

    [MethodImpl(Inline)]
    private static int Quotient(Windows windows, int number)
    {
        uint outer = (uint)number;
        Axis.Take(windows.Step, ref outer);
        return (int)outer;
    }
}

/// <summary>A maximum and where in its plane it is, y * width + x.</summary>
public struct Found<T> where T : unmanaged
{
    /// <summary>The maximum.</summary>
    public T Value;

    /// <summary>Its place.</summary>
    public int Position;
}

/// <summary>Planes in memory, one after another.</summary>
public struct Planes<T> : ISource<Planes<T>, T> where T : unmanaged
{
    /// <summary>Where they lie.</summary>
    public View<T, Dense> View;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value(Planes<T> program, long i) => View<T, Dense>.Load(program.View, i);
}

/// <summary>Positions of maxima: a thread a window.</summary>
public struct PoolPositions<T, TNumbers> : IGroupKernel<PoolPositions<T, TNumbers>>
    where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
{
    /// <summary>What is pooled.</summary>
    public Planes<T> Source;

    /// <summary>Where the windows lie.</summary>
    public Windows Windows;

    /// <summary>What is written.</summary>
    public View<int, Dense> Positions;

    /// <summary>Number of windows.</summary>
    public long Count;

    /// <inheritdoc/>
    public static void Run(PoolPositions<T, TNumbers> kernel)
    {
        for (long i = Thread.Number; i < kernel.Count; i += Thread.Count)
            View<int, Dense>.Store(
                kernel.Positions, i,
                Windows.First<T, TNumbers, Planes<T>>(kernel.Windows, kernel.Source, i).Position);
    }
}

/// <summary>
/// Maxima of what a program computes, and their positions: a thread a window. An element in several
/// windows is computed as often.
/// </summary>
public struct Pool<T, TNumbers, TSource, TAfter>
    : IGroupKernel<Pool<T, TNumbers, TSource, TAfter>>
    where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
    where TSource : struct, ISource<TSource, T> where TAfter : struct, IAfter<TAfter, T>
{
    /// <summary>What is pooled.</summary>
    public TSource Source;

    /// <summary>The epilogue of the maxima.</summary>
    public TAfter After;

    /// <summary>Where the windows lie.</summary>
    public Windows Windows;

    /// <summary>The maxima.</summary>
    public View<T, Dense> Values;

    /// <summary>Their positions.</summary>
    public View<int, Dense> Positions;

    /// <summary>Number of windows.</summary>
    public long Count;

    /// <inheritdoc/>
    public static void Run(Pool<T, TNumbers, TSource, TAfter> kernel)
    {
        for (long i = Thread.Number; i < kernel.Count; i += Thread.Count)
        {
            Found<T> found = Windows.First<T, TNumbers, TSource>(kernel.Windows, kernel.Source, i);
            View<int, Dense>.Store(kernel.Positions, i, found.Position);
            View<T, Dense>.Store(
                kernel.Values, i, TAfter.Value(kernel.After, found.Value, i));
        }
    }
}

/// <summary>
/// The transpose: a thread an element of the planes, which looks through the windows that reach it.
/// </summary>
public struct Unpool<T, TNumbers> : IGroupKernel<Unpool<T, TNumbers>>
    where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
{
    /// <summary>One for each window.</summary>
    public View<T, Dense> Values;

    /// <summary>Where in its plane each goes.</summary>
    public View<int, Dense> Positions;

    /// <summary>Where the windows lie.</summary>
    public Windows Windows;

    /// <summary>The planes.</summary>
    public View<T, Dense> Planes;

    /// <summary>Elements of all planes.</summary>
    public long Count;

    /// <inheritdoc/>
    public static void Run(Unpool<T, TNumbers> kernel)
    {
        for (long i = Thread.Number; i < kernel.Count; i += Thread.Count)
            View<T, Dense>.Store(
                kernel.Planes, i,
                Windows.Sum<T, TNumbers>(
                    kernel.Windows, kernel.Values.Data, kernel.Values.Index.Offset,
                    kernel.Positions.Data, kernel.Positions.Index.Offset, i));
    }
}
