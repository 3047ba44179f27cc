// Filters between their layout in memory (filter, channel, R, R) and transformed ones (position,
// channel, filter): a slice of filters at a time, of as many as fill a cache line.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>Transforms of slices of filters, and of their gradients back.</summary>
internal static unsafe class WinogradFilters<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged, INumberBase<T>
{
    // Channels transposed together where their taps follow one another in memory: the taps of 8
    // channels are whole blocks of 8 x 8.
    private const int Run = 8;

    /// <summary>Filters in a slice: whole vectors, a cache line of them.</summary>
    public static int Slice => Math.Max(V.Count, 64 / sizeof(T));

    /// <summary>The number of slices.</summary>
    public static int Slices(int filters) => (filters + Slice - 1) / Slice;

    /// <summary>Filters rounded up to whole vectors, in the slice from k on.</summary>
    public static int Width(int filters, int k) =>
        Math.Min(Slice, (filters + V.Count - 1) / V.Count * V.Count - k);

    /// <summary>
    /// Distance of positions of a slice: its size and seven cache lines, so that the lines of a
    /// channel at all positions are spread over the sets of the first cache.
    /// </summary>
    public static nint Position(int channels, int width) => (nint)channels * width + 7 * 16;

    /// <summary>
    /// Transforms the slice of a task's filters from k on to channels pitch apart, zeros where
    /// filters end; flip rotates them by half a turn. Tiles have so many points downwards.
    /// </summary>
    public static void Transform(
        in DirectOperands<T> o, int task, int k, bool flip, int points, T* target, nint position,
        nint pitch)
    {
        if (o.KernelWidth == 5)
            Transform<C5>(o, task, k, flip, points, target, position, pitch);
        else Transform<C3>(o, task, k, flip, points, target, position, pitch);
    }

    [SkipLocalsInit, MethodImpl(Compiled.Once)]
    private static void Transform<R>(
        in DirectOperands<T> o, int task, int k, bool flip, int tilePoints, T* target,
        nint position, nint pitch) where R : struct, IConst
    {
        int size = R.Value * R.Value;
        T* temp = stackalloc T[R.Value * WinogradShape.Points * V.Count];
        T* taps = stackalloc T[Run * size * V.Count];
        // Rotated: the same taps from the last to the first.
        T* first = flip ? taps + (size - 1) * V.Count : taps;
        nint step = flip ? -V.Count : V.Count;
        T* source = o.Weights + task * o.WeightTask + k * o.WeightFilter;
        int run = o.WeightChannel == size ? Run : 1, width = Width(o.Filters, k);
        var points = new WinogradFilterPoints<V, T>();
        for (int c = 0; c < o.Channels; c += run)
        {
            int count = Math.Min(run, o.Channels - c);
            for (int lane = 0; lane < width; lane += V.Count)
            {
                WinogradLanes<V, T>.Gather(
                    source + c * o.WeightChannel + lane * o.WeightFilter, o.WeightFilter,
                    Math.Min(V.Count, o.Filters - k - lane), true, count * size, taps);
                T* to = target + c * pitch + lane;
                for (int i = 0; i < count; i++, to += pitch)
                {
                    T* g = first + i * size * V.Count;
                    if (R.Value == 3)
                        points.Transform3(g, step, to, position, tilePoints);
                    else points.Transform5(g, step, temp, to, position);
                }
            }
        }
    }

    /// <summary>Transforms the slice of the sums of gradients from k on back.</summary>
    public static void TransformBack(
        in DirectOperands<T> o, int task, int k, T* source, nint position, nint pitch)
    {
        if (o.KernelWidth == 5) TransformBack<C5>(o, task, k, source, position, pitch);
        else TransformBack<C3>(o, task, k, source, position, pitch);
    }

    [SkipLocalsInit, MethodImpl(Compiled.Once)]
    private static void TransformBack<R>(
        in DirectOperands<T> o, int task, int k, T* source, nint position, nint pitch)
        where R : struct, IConst
    {
        int size = R.Value * R.Value;
        T* temp = stackalloc T[R.Value * WinogradShape.Points * V.Count];
        T* taps = stackalloc T[Run * size * V.Count];
        T* target = o.Weights + task * o.WeightTask + k * o.WeightFilter;
        int run = o.WeightChannel == size ? Run : 1, width = Width(o.Filters, k);
        var points = new WinogradFilterPoints<V, T>();
        for (int c = 0; c < o.Channels; c += run)
        {
            int count = Math.Min(run, o.Channels - c);
            for (int lane = 0; lane < width; lane += V.Count)
            {
                T* from = source + c * pitch + lane;
                for (int i = 0; i < count; i++, from += pitch)
                    points.TransformBack<R>(
                        from, position, temp, taps + i * size * V.Count);
                WinogradLanes<V, T>.Scatter(
                    taps, count * size, target + c * o.WeightChannel + lane * o.WeightFilter,
                    o.WeightFilter, Math.Min(V.Count, o.Filters - k - lane));
            }
        }
    }
}
