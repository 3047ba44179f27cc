// The loops of max-pooling over planes: the first maximum of each window and its position, and the
// transpose.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels;

/// <summary>
/// Pooling of planes that lie one after another; values are null if only positions are wanted. The
/// sizes of the output take a division each, so they are computed before the loops.
/// </summary>
internal static unsafe class PoolLoops
{
    [MethodImpl(Compiled.Once)]
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
    /// Windows of 2 x 2 without overlap, eight at a time. A vector may write past its row; the next
    /// row overwrites that.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public static void Pairs(in PoolShape s, float* x, float* values, int* positions, long planes)
    {
        int width = s.Width, outWidth = s.OutWidth, outHeight = s.OutHeight;
        nint left = (nint)planes * outHeight * outWidth;
        Vector256<int> first = Vector256.Create(0, 2, 8, 10, 4, 6, 12, 14);
        Vector256<int> below = Vector256.Create(width), further = Vector256.Create(16);
        for (; planes > 0; planes--, x += (nint)s.Height * width)
            for (int i = 0; i < outHeight; i++, left -= outWidth, positions += outWidth)
            {
                float* top = x + 2 * i * width;
                Vector256<int> place = first + Vector256.Create(2 * i * width);
                nint whole = Math.Min(left - 7, outWidth), j = 0;
                for (; j < whole; j += 8, place += further)
                {
                    Vector256<int> best = place;
                    Vector256<float> value = Best(top + 2 * j, width, below, ref best);
                    best.Store(positions + j);
                    if (values is not null) value.Store(values + j);
                }
                for (; j < outWidth; j += 8, place += further)
                {
                    Vector256<int> best = place;
                    Vector256<float> value = Best(top + 2 * j, width, below, ref best);
                    int count = (int)Math.Min(8, outWidth - j);
                    Widths.StoreFirst(best.AsSingle(), (float*)positions + j, count);
                    if (values is not null) Widths.StoreFirst(value, values + j, count);
                }
                if (values is not null) values += outWidth;
            }
    }

    /// <summary>
    /// The first maxima of eight windows of 2 x 2. <paramref name="place"/> comes with the
    /// positions of the upper left corners, in the order of <see cref="Halves"/>, and leaves with
    /// those of the maxima. Each row's maximum is found first, then the larger of the two: the
    /// first of equal elements wins all the same, and the two rows are independent of each other.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Best(
        float* top, nint width, Vector256<int> below, ref Vector256<int> place)
    {
        Halves(top, out Vector256<float> a, out Vector256<float> b);
        Halves(top + width, out Vector256<float> c, out Vector256<float> d);
        Vector256<float> right = Exceeds(b, a), lowerRight = Exceeds(d, c);
        a = Select(right, b, a);
        c = Select(lowerRight, d, c);
        Vector256<float> lower = Exceeds(c, a);
        // A set mask is -1, so subtracting it adds 1.
        Vector256<int> best = place + (lower.AsInt32() & below)
            - Select(lower, lowerRight, right).AsInt32();
        place = InOrder(best.AsSingle()).AsInt32();
        return InOrder(Select(lower, c, a));
    }

    /// <summary>A select by masks; the portable one compiles to three instructions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Select(
        Vector256<float> mask, Vector256<float> a, Vector256<float> b) =>
        Avx.IsSupported ? Avx.BlendVariable(b, a, mask) : Vector256.ConditionalSelect(mask, a, b);

    /// <summary>
    /// The even and the odd ones of sixteen elements, both in the order 0 1 4 5 2 3 6 7.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halves(float* p, out Vector256<float> even, out Vector256<float> odd)
    {
        Vector256<float> x = Vector256.Load(p), y = Vector256.Load(p + 8);
        if (Avx.IsSupported)
        {
            even = Avx.Shuffle(x, y, 0b10_00_10_00);
            odd = Avx.Shuffle(x, y, 0b11_01_11_01);
            return;
        }
        Vector256<int> order = Vector256.Create(0, 2, 1, 3, 4, 6, 5, 7);
        Vector256<double> a = Vector256.Shuffle(x, order).AsDouble();
        Vector256<double> b = Vector256.Shuffle(y, order).AsDouble();
        even = Vector256.Create(a[0], b[0], a[2], b[2]).AsSingle();
        odd = Vector256.Create(a[1], b[1], a[3], b[3]).AsSingle();
    }

    /// <summary>Undoes the order of <see cref="Halves"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> InOrder(Vector256<float> mixed) =>
        Vector256.Shuffle(mixed.AsDouble(), Vector256.Create(0L, 2, 1, 3)).AsSingle();

    /// <summary>Where the other is larger, or is the first NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Exceeds(Vector256<float> other, Vector256<float> value) =>
        Vector256.AndNot(
            Vector256.Equals(value, value), Vector256.GreaterThanOrEqual(value, other));

    /// <summary>
    /// The transpose of <see cref="Pairs"/>: an element gets its window's value if it was the
    /// maximum there, and zero otherwise.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public static void Unpair(in PoolShape s, float* g, int* positions, float* y, long planes)
    {
        int width = s.Width, outWidth = s.OutWidth, outHeight = s.OutHeight;
        int size = s.Height * width, pooled = outHeight * outWidth;
        for (; planes > 0; planes--, g += pooled, positions += pooled, y += size)
        {
            // Rows of fewer than four windows go one at a time: what a vector writes past a row,
            // the next row overwrites.
            int paired = outWidth < 4 ? 0 : 2 * outHeight;
            for (int row = 0; row < paired; row += 2)
                UnpairRows(
                    g + row / 2 * outWidth, positions + row / 2 * outWidth, row * width, width,
                    y + row * width);
            for (int row = paired; row < 2 * outHeight; row++)
            {
                int from = row / 2 * outWidth, start = row * width;
                UnpairRow(g + from, positions + from, y, start, outWidth, planes * size);
                if (width > 2 * outWidth) y[start + width - 1] = 0;
            }
            for (int i = 2 * outHeight * width; i < size; i++) y[i] = 0;
        }
    }

    /// <summary>
    /// Both rows of elements under a row of at least four windows, which begins at element
    /// <paramref name="start"/> of its plane. The last vectors overlap those before them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void UnpairRows(float* g, int* positions, int start, int width, float* y)
    {
        Vector256<int> twice = Vector256.Create(0, 0, 1, 1, 2, 2, 3, 3);
        Vector256<int> below = Vector256.Create(width);
        int last = (width & ~1) - 8;
        for (int column = 0; ; column = Math.Min(column + 8, last))
        {
            Vector256<int> at = Vector256.Shuffle(
                Vector128.Load(positions + column / 2).ToVector256Unsafe(), twice);
            Vector256<float> value = Vector256.Shuffle(
                Vector128.Load(g + column / 2).ToVector256Unsafe(), twice);
            Vector256<int> place = Vector256<int>.Indices + Vector256.Create(start + column);
            float* to = y + column;
            (Vector256.Equals(at, place).AsSingle() & value).Store(to);
            (Vector256.Equals(at, place + below).AsSingle() & value).Store(to + width);
            if (column == last) break;
        }
        if ((width & 1) == 0) return;
        y[width - 1] = 0;
        y[2 * width - 1] = 0;
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
}
