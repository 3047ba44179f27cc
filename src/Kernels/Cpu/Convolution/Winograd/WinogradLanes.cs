// Transposes between images, where each channel's row is contiguous, and vectors that hold the same
// element of neighbouring channels in their lanes.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Kernels;

/// <summary>Rows of several channels to channels in lanes, and back.</summary>
internal static unsafe class WinogradLanes<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged
{
    private static bool Fast
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => typeof(T) == typeof(float) && V.Count % 8 == 0
            && Transpose8.IsSupported;
    }

    /// <summary>target[w, lane] = source[lane * channel + w], or zeros outside the image.</summary>
    [SkipLocalsInit, MethodImpl(Compiled.Once)]
    public static void Gather(
        T* source, nint channel, int channels, bool inside, int width, T* target)
    {
        if (!inside || channels < V.Count)
            new Span<T>(target, width * V.Count).Clear();
        if (!inside) return;
        if (Fast && channels == V.Count)
        {
            float* spare = stackalloc float[64];
            for (int lane = 0; lane < V.Count; lane += 8)
            {
                var from = (float*)(source + lane * channel);
                var to = (float*)(target + lane);
                int w = 0;
                for (; w + 8 <= width; w += 8)
                    Transpose8.Run(from + w, channel, to + w * V.Count, V.Count);
                if (w == width) continue;
                // The last eight columns again, if there are eight; if not, through the spare.
                if (width >= 8)
                    Transpose8.Run(from + width - 8, channel, to + (width - 8) * V.Count, V.Count);
                else
                {
                    Transpose8.Run(from, channel, spare, 8);
                    for (w = 0; w < width; w++)
                        Vector256.Load(spare + 8 * w).Store(to + w * V.Count);
                }
            }
            return;
        }
        for (int lane = 0; lane < channels; lane++, source += channel)
        {
            T* to = target + lane;
            for (int w = 0; w < width; w++, to += V.Count) *to = source[w];
        }
    }

    /// <summary>target[lane * channel + w] = source[w, lane].</summary>
    [SkipLocalsInit, MethodImpl(Compiled.Once)]
    public static void Scatter(T* source, int width, T* target, nint channel, int channels)
    {
        if (Fast && channels == V.Count)
        {
            float* spare = stackalloc float[64];
            for (int lane = 0; lane < V.Count; lane += 8)
            {
                var from = (float*)(source + lane);
                var to = (float*)(target + lane * channel);
                int w = 0;
                for (; w + 8 <= width; w += 8)
                    Transpose8.Run(from + w * V.Count, V.Count, to + w, channel);
                if (w == width) continue;
                if (width >= 8)
                    Transpose8.Run(from + (width - 8) * V.Count, V.Count, to + width - 8, channel);
                else
                {
                    Transpose8.Run(from, V.Count, spare, 8);
                    for (int i = 0; i < 8; i++, to += channel)
                        Widths.StoreFirst(Vector256.Load(spare + 8 * i), to, width);
                }
            }
            return;
        }
        for (int lane = 0; lane < channels; lane++, target += channel)
        {
            T* from = source + lane;
            for (int w = 0; w < width; w++, from += V.Count) target[w] = *from;
        }
    }
}
