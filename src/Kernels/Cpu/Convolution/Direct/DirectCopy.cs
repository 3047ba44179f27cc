// Copies of images into the planes of DirectLayout. They store whole vectors, past the end of a
// row: what they overwrite there is written later, or is slack.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>Copies between images and planes.</summary>
internal static unsafe class DirectCopy<V, T>
    where V : struct, IKernelLanes<V, T> where T : unmanaged
{
    /// <summary>
    /// Fills the planes of one channel from images that lie imageStride apart, with all borders.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public static void Load(
        DirectLayout layout, T* source, nint imageStride, int images, T* planes)
    {
        DirectAxis rows = layout.Rows, columns = layout.Columns;
        int rowPitch = layout.RowPitch, imageRows = rows.Pitch;
        for (int a = 0; a < rows.InStep; a++)
            for (int b = 0; b < columns.InStep; b++)
            {
                T* target = planes;
                for (int image = 0; image < images; image++)
                    for (int i = 0; i < imageRows; i++, target += rowPitch)
                    {
                        int h = i * rows.InStep + a - rows.Pad;
                        if ((uint)h >= (uint)rows.InSize)
                        {
                            Clear(target, rowPitch);
                            continue;
                        }
                        T* row = source + image * imageStride + (nint)h * columns.InSize;
                        if (columns.InStep == 1)
                            LoadRow(row, columns.InSize, columns.Pad, target, rowPitch);
                        else LoadPhase(columns, b, row, target, rowPitch);
                    }
                planes += layout.PlanePitch;
                Clear(target, (int)(planes - target));
            }
    }

    /// <summary>
    /// Copies one channel of outputs to the places its planes have, zeros elsewhere.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public static void LoadOutput(
        DirectLayout layout, T* source, nint imageStride, int images, T* plane)
    {
        int height = layout.Rows.OutSize, width = layout.Columns.OutSize;
        int pitch = layout.RowPitch, imageRows = layout.Rows.Pitch;
        T* end = plane + layout.PlanePitch;
        for (int image = 0; image < images; image++, source += imageStride)
            for (int i = 0; i < imageRows; i++, plane += pitch)
                if (i < height) LoadRow(source + (nint)i * width, width, 0, plane, pitch);
                else Clear(plane, pitch);
        Clear(plane, (int)(end - plane));
    }

    /// <summary>Zeros in count elements, and in what follows up to a whole vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Clear(T* target, int count)
    {
        V zero = default;
        for (int i = 0; i < count; i += V.Count) V.Store(zero, target, i);
    }

    /// <summary>
    /// A row of pitch elements: pad zeros, then as much of the source as fits, then zeros. A
    /// negative pad leaves out that many elements at the start of the source.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void LoadRow(T* source, int width, int pad, T* target, int pitch)
    {
        int start = pad <= 0 ? 0 : Math.Min(pad, pitch);
        int skipped = Math.Min(pad < 0 ? -pad : 0, width);
        int end = start + Math.Min(width - skipped, pitch - start);
        for (int i = 0; i < start; i++) target[i] = default;
        source += skipped - start;
        for (int i = start; i < end; i += V.Count) V.Store(V.Load(source, i), target, i);
        for (int i = end; i < pitch; i++) target[i] = default;
    }

    [MethodImpl(Compiled.Once)]
    private static void LoadPhase(in DirectAxis axis, int phase, T* source, T* target, int pitch)
    {
        int w = phase - axis.Pad;
        for (int j = 0; j < pitch; j++, w += axis.InStep)
            target[j] = (uint)w < (uint)axis.InSize ? source[w] : default;
    }
}
