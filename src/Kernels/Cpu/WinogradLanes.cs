// Rows of as many channels as a vector has lanes, to channels in lanes and back: transposes.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels;

/// <summary>Rows of several channels to channels in lanes, and back.</summary>
internal static unsafe class WinogradLanes<O, V, T>
    where O : struct, IVec<V, T> where V : struct where T : unmanaged
{
    private static bool Fast
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => typeof(T) == typeof(float) && O.Count % 8 == 0 && Avx.IsSupported;
    }

    /// <summary>target[w, lane] = source[lane * channel + w], or zeros outside the image.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gather(
        T* source, nint channel, int channels, bool inside, int width, T* target)
    {
        if (!inside || channels < O.Count)
            new Span<T>(target, width * O.Count).Clear();
        if (!inside) return;
        if (Fast && channels == O.Count)
        {
            float* spare = stackalloc float[64];
            for (int lane = 0; lane < O.Count; lane += 8)
            {
                var from = (float*)(source + lane * channel);
                var to = (float*)(target + lane);
                int w = 0;
                for (; w + 8 <= width; w += 8)
                    Transpose(from + w, channel, to + w * O.Count, O.Count);
                if (w == width) continue;
                // The last columns once more where there are eight, or else by way of the spare.
                if (width >= 8)
                    Transpose(from + width - 8, channel, to + (width - 8) * O.Count, O.Count);
                else
                {
                    Transpose(from, channel, spare, 8);
                    for (w = 0; w < width; w++)
                        Vector256.Load(spare + 8 * w).Store(to + w * O.Count);
                }
            }
            return;
        }
        for (int lane = 0; lane < channels; lane++, source += channel)
        {
            T* to = target + lane;
            for (int w = 0; w < width; w++, to += O.Count) *to = source[w];
        }
    }

    /// <summary>target[lane * channel + w] = source[w, lane].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scatter(T* source, int width, T* target, nint channel, int channels)
    {
        if (Fast && channels == O.Count)
        {
            float* spare = stackalloc float[64];
            for (int lane = 0; lane < O.Count; lane += 8)
            {
                var from = (float*)(source + lane);
                var to = (float*)(target + lane * channel);
                int w = 0;
                for (; w + 8 <= width; w += 8)
                    Transpose(from + w * O.Count, O.Count, to + w, channel);
                if (w == width) continue;
                if (width >= 8)
                    Transpose(from + (width - 8) * O.Count, O.Count, to + width - 8, channel);
                else
                {
                    Transpose(from, O.Count, spare, 8);
                    for (int i = 0; i < 8; i++, to += channel)
                        Vec256<float>.Store(Vector256.Load(spare + 8 * i), to, width);
                }
            }
            return;
        }
        for (int lane = 0; lane < channels; lane++, target += channel)
        {
            T* from = source + lane;
            for (int w = 0; w < width; w++, from += O.Count) target[w] = *from;
        }
    }

    /// <summary>to[j * toRow + i] = from[i * fromRow + j], 8 by 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(float* from, nint fromRow, float* to, nint toRow)
    {
        float* high = from + 4 * fromRow;
        Vector256<float> r0 = Vector256.Load(from), r1 = Vector256.Load(from + fromRow);
        Vector256<float> r2 = Vector256.Load(from + 2 * fromRow);
        Vector256<float> r3 = Vector256.Load(from + 3 * fromRow);
        Vector256<float> r4 = Vector256.Load(high), r5 = Vector256.Load(high + fromRow);
        Vector256<float> r6 = Vector256.Load(high + 2 * fromRow);
        Vector256<float> r7 = Vector256.Load(high + 3 * fromRow);
        Vector256<float> a0 = Avx.UnpackLow(r0, r1), a1 = Avx.UnpackHigh(r0, r1);
        Vector256<float> a2 = Avx.UnpackLow(r2, r3), a3 = Avx.UnpackHigh(r2, r3);
        Vector256<float> a4 = Avx.UnpackLow(r4, r5), a5 = Avx.UnpackHigh(r4, r5);
        Vector256<float> a6 = Avx.UnpackLow(r6, r7), a7 = Avx.UnpackHigh(r6, r7);
        r0 = Avx.Shuffle(a0, a2, 0x44);
        r1 = Avx.Shuffle(a0, a2, 0xEE);
        r2 = Avx.Shuffle(a1, a3, 0x44);
        r3 = Avx.Shuffle(a1, a3, 0xEE);
        r4 = Avx.Shuffle(a4, a6, 0x44);
        r5 = Avx.Shuffle(a4, a6, 0xEE);
        r6 = Avx.Shuffle(a5, a7, 0x44);
        r7 = Avx.Shuffle(a5, a7, 0xEE);
        high = to + 4 * toRow;
        Avx.Permute2x128(r0, r4, 0x20).Store(to);
        Avx.Permute2x128(r1, r5, 0x20).Store(to + toRow);
        Avx.Permute2x128(r2, r6, 0x20).Store(to + 2 * toRow);
        Avx.Permute2x128(r3, r7, 0x20).Store(to + 3 * toRow);
        Avx.Permute2x128(r0, r4, 0x31).Store(high);
        Avx.Permute2x128(r1, r5, 0x31).Store(high + toRow);
        Avx.Permute2x128(r2, r6, 0x31).Store(high + 2 * toRow);
        Avx.Permute2x128(r3, r7, 0x31).Store(high + 3 * toRow);
    }
}
