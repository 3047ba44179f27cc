// The loops of max-pooling over planes: positions and values of the first maxima, and back.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels;

/// <summary>
/// Pooling of planes that lie one after another; values may be null where only positions are
/// wanted. What depends on the shape alone is a division each: it is worked out before the loops.
/// </summary>
internal static unsafe class PoolLoops
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Windows<T>(in PoolShape s, T* x, T* values, int* positions, long planes)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int outHeight = s.OutHeight, outWidth = s.OutWidth;
        nint size = (nint)s.Height * s.Width;
        for (; planes > 0; planes--, x += size)
            for (int i = 0; i < outHeight; i++)
                for (int j = 0; j < outWidth; j++)
                {
                    int best = First(s, x, i, j, out T value);
                    *positions++ = best;
                    if (values is not null) *values++ = value;
                }
    }

    /// <summary>The first maximum of a window and where it is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int First<T>(in PoolShape s, T* x, int i, int j, out T value)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int top = i * s.Stride - s.Padding, left = j * s.Stride - s.Padding;
        int bottom = Math.Min(top + s.Window, s.Height);
        int right = Math.Min(left + s.Window, s.Width);
        // A window all in the padding points to the nearest element.
        top = Math.Clamp(top, 0, s.Height - 1);
        left = Math.Clamp(left, 0, s.Width - 1);
        int best = top * s.Width + left;
        value = x[best];
        for (int h = top; h < bottom; h++)
            for (int w = left; w < right; w++)
            {
                T other = x[h * s.Width + w];
                if (value >= other || T.IsNaN(value)) continue;
                (best, value) = (h * s.Width + w, other);
            }
        return best;
    }

    /// <summary>
    /// Windows of 2 x 2 without overlap, eight at a time; what a vector writes past a row is
    /// written again by the next.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pairs(in PoolShape s, float* x, float* values, int* positions, long planes)
    {
        int width = s.Width, outWidth = s.OutWidth, outHeight = s.OutHeight;
        nint size = (nint)s.Height * width;
        int* end = positions + planes * outHeight * outWidth;
        Vector256<int> steps = Vector256<int>.Indices * 2;
        for (; planes > 0; planes--, x += size)
            for (int i = 0; i < outHeight; i++)
                for (int j = 0; j < outWidth; j += 8)
                {
                    int corner = 2 * i * width + 2 * j;
                    Vector256<int> best = steps + Vector256.Create(corner);
                    Halves(x + corner, out Vector256<float> value, out Vector256<float> other);
                    Vector256<int> place = best;
                    Replace(ref value, ref best, other, place + Vector256.Create(1));
                    Halves(x + corner + width, out other, out Vector256<float> last);
                    Replace(ref value, ref best, other, place + Vector256.Create(width));
                    Replace(ref value, ref best, last, place + Vector256.Create(width + 1));
                    int count = Math.Min(8, outWidth - j), all = end - positions >= 8 ? 8 : count;
                    Store(best.AsSingle(), (float*)positions, all);
                    positions += count;
                    if (values is null) continue;
                    Store(value, values, all);
                    values += count;
                }
    }

    /// <summary>The even and the odd ones of sixteen elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halves(float* p, out Vector256<float> even, out Vector256<float> odd)
    {
        if (Avx2.IsSupported)
        {
            // Within halves first, then the middle quarters change places.
            Vector256<float> x = Vector256.Load(p), y = Vector256.Load(p + 8);
            even = Avx2.Permute4x64(Avx.Shuffle(x, y, 0b10_00_10_00).AsDouble(), 0b11_01_10_00)
                .AsSingle();
            odd = Avx2.Permute4x64(Avx.Shuffle(x, y, 0b11_01_11_01).AsDouble(), 0b11_01_10_00)
                .AsSingle();
            return;
        }
        Vector256<int> order = Vector256.Create(0, 2, 4, 6, 1, 3, 5, 7);
        Vector256<float> a = Vector256.Shuffle(Vector256.Load(p), order);
        Vector256<float> b = Vector256.Shuffle(Vector256.Load(p + 8), order);
        even = Vector256.Create(a.GetLower(), b.GetLower());
        odd = Vector256.Create(a.GetUpper(), b.GetUpper());
    }

    /// <summary>Takes the other where it is larger or the first NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Replace(
        ref Vector256<float> value, ref Vector256<int> best,
        Vector256<float> other, Vector256<int> place)
    {
        Vector256<float> take = Vector256.AndNot(
            Vector256.Equals(value, value), Vector256.GreaterThanOrEqual(value, other));
        value = Vector256.ConditionalSelect(take, other, value);
        best = Vector256.ConditionalSelect(take.AsInt32(), place, best);
    }

    /// <summary>
    /// The transpose of <see cref="Pairs"/>: each element of a plane is that of its window if the
    /// window points to it, and zero otherwise.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpair(in PoolShape s, float* g, int* positions, float* y, long planes)
    {
        int width = s.Width, outWidth = s.OutWidth, outHeight = s.OutHeight;
        int size = s.Height * width, pooled = outHeight * outWidth;
        for (; planes > 0; planes--, g += pooled, positions += pooled, y += size)
        {
            for (int row = 0; row < 2 * outHeight; row++)
            {
                int from = row / 2 * outWidth, start = row * width;
                UnpairRow(g + from, positions + from, y, start, outWidth, planes * size);
                if (width > 2 * outWidth) y[start + width - 1] = 0;
            }
            for (int i = 2 * outHeight * width; i < size; i++) y[i] = 0;
        }
    }

    /// <summary>Up to <paramref name="room"/> elements of y may be written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void UnpairRow(
        float* g, int* positions, float* y, int start, int count, long room)
    {
        Vector256<int> order = Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7);
        Vector256<int> steps = Vector256<int>.Indices * 2;
        int j = 0;
        for (; j < count && start + 2 * j + 16 <= room; j += 8)
        {
            Vector256<int> place = steps + Vector256.Create(start + 2 * j);
            Vector256<int> at = Vector256.Load(positions + j);
            Vector256<float> value = Vector256.Load(g + j);
            Vector256<float> even = Vector256.Equals(at, place).AsSingle() & value;
            Vector256<float> odd =
                Vector256.Equals(at, place + Vector256<int>.One).AsSingle() & value;
            Vector256.Shuffle(Vector256.Create(even.GetLower(), odd.GetLower()), order)
                .Store(y + start + 2 * j);
            Vector256.Shuffle(Vector256.Create(even.GetUpper(), odd.GetUpper()), order)
                .Store(y + start + 2 * j + 8);
        }
        for (; j < count; j++)
        {
            int place = start + 2 * j;
            y[place] = positions[j] == place ? g[j] : 0;
            y[place + 1] = positions[j] == place + 1 ? g[j] : 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<float> value, float* target, int count)
    {
        if (count == 8) value.Store(target);
        else Vec256<float>.Store(value, target, count);
    }
}
