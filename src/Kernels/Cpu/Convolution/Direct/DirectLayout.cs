// Convolution without packing patches. Images are copied once into planes with zero borders, image
// after image, such that the input under tap (r, s) of output element p lies at p + offset(r, s),
// the same offset for all p. So a row of patches is a shifted view of a plane. Columns that belong
// to no output (the borders) are computed too, and dropped. The right border of a row is the left
// border of the next, the bottom border of an image the top border of the next. A convolution
// with stride m reads from m (times m) planes, each with every m-th row (and column).
namespace Engine.Kernels;

/// <summary>
/// One axis of a convolution. Output element o of OutSize stands at OutStart + o * OutStep of the
/// result and reads, by tap t, element o * InStep + Offsets[t] - Pad of the source.
/// </summary>
internal readonly record struct DirectAxis(
    int InSize, int InStep, int Pad, int OutSize, int OutStart, int OutStep,
    int[] Taps, int[] Offsets)
{
    /// <summary>How far the furthest tap reads from its output's place in the plane.</summary>
    public int Reach => Offsets.Length == 0 ? 0 : Offsets.Max() / InStep;

    /// <summary>Distance of consecutive rows (images) of a plane.</summary>
    public int Pitch
    {
        get
        {
            int end = OutSize + Reach;
            if (InStep > 1) return end;
            int dataEnd = Math.Clamp(Pad + InSize, 0, end);
            return Math.Max(Math.Max(OutSize, dataEnd), end - Math.Max(Pad, 0));
        }
    }

    /// <summary>The vertical axis of the convolution itself.</summary>
    public static DirectAxis Rows(in ConvolutionShape s) => Forward(
        s.Height, s.OutHeight, s.KernelHeight, s.StrideHeight, s.PaddingHeight, s.DilationHeight);

    /// <summary>The horizontal axis of the convolution itself.</summary>
    public static DirectAxis Columns(in ConvolutionShape s) => Forward(
        s.Width, s.OutWidth, s.KernelWidth, s.StrideWidth, s.PaddingWidth, s.DilationWidth);

    /// <summary>
    /// The vertical axis of the transpose, for the rows h with (h + padding) % stride == phase.
    /// </summary>
    public static DirectAxis TransposedRows(in ConvolutionShape s, int phase) => Transposed(
        s.Height, s.OutHeight, s.KernelHeight, s.StrideHeight, s.PaddingHeight, s.DilationHeight,
        phase);

    /// <summary>The horizontal axis of the transpose, likewise.</summary>
    public static DirectAxis TransposedColumns(in ConvolutionShape s, int phase) => Transposed(
        s.Width, s.OutWidth, s.KernelWidth, s.StrideWidth, s.PaddingWidth, s.DilationWidth, phase);

    private static DirectAxis Forward(
        int inSize, int outSize, int kernel, int step, int pad, int dilation)
    {
        var taps = new int[kernel];
        var offsets = new int[kernel];
        for (int r = 0; r < kernel; r++) (taps[r], offsets[r]) = (r, r * dilation);
        return new DirectAxis(inSize, step, pad, outSize, 0, 1, taps, offsets);
    }

    // Element i of the convolution's input is reached by the taps r with
    // (i + pad - r * dilation) % step == 0; the quotient is the output element that read it.
    private static DirectAxis Transposed(
        int inSize, int outSize, int kernel, int step, int pad, int dilation, int phase)
    {
        int[] taps = [.. Enumerable.Range(0, kernel).Where(r => r * dilation % step == phase)];
        int first = Math.Max(0, (pad - phase + step - 1) / step);
        int start = first * step + phase - pad;
        int count = start >= inSize ? 0 : (inSize - 1 - start) / step + 1;
        int[] back = [.. taps.Select(r => (r * dilation - phase) / step)];
        int furthest = back.Length == 0 ? 0 : back.Max();
        return new DirectAxis(
            outSize, 1, furthest - first, count, start, step,
            taps, [.. back.Select(e => furthest - e)]);
    }
}

/// <summary>Two axes, and the planes that hold a block of images for them.</summary>
internal sealed unsafe class DirectLayout
{
    public readonly DirectAxis Rows, Columns;

    /// <summary>Images in a block.</summary>
    public readonly int Images;

    /// <summary>Distance of rows, of images and of planes, in elements.</summary>
    public readonly int RowPitch, ImagePitch, PlanePitch;

    /// <summary>Planes of a channel, one for each phase of the strides.</summary>
    public readonly int Phases;

    /// <summary>
    /// Planes for a number of images; what reads them goes on to a multiple of unit elements.
    /// </summary>
    public DirectLayout(DirectAxis rows, DirectAxis columns, int images, int unit)
    {
        (Rows, Columns, Images) = (rows, columns, images);
        RowPitch = columns.Pitch;
        long image = (long)rows.Pitch * RowPitch, phases = (long)rows.InStep * columns.InStep;
        long reach = (long)rows.Reach * RowPitch + columns.Reach;
        // In double, since the product may overflow a long; where double rounds, the sum is far
        // beyond the limit.
        if (((double)image * images + reach + unit + 32) * phases > int.MaxValue)
            throw new InsufficientMemoryException($"Convolution: planes of {image} elements for "
                + $"{phases} phases of the strides are too large.");
        (ImagePitch, Phases) = ((int)image, (int)phases);
        int elements = (int)((images * image + unit - 1) / unit * unit + reach);
        // An odd number of cache lines keeps the planes off the same cache sets.
        PlanePitch = ((elements + 15) / 16 | 1) * 16;
    }

    /// <summary>Elements from the first output of a number of images to the last.</summary>
    public int Length(int images) => images == 0 ? 0
        : (images - 1) * ImagePitch + (Rows.OutSize - 1) * RowPitch + Columns.OutSize;

    /// <summary>Where each (channel, tap row, tap column) lies from the first plane.</summary>
    public void Table(int channels, nint* table)
    {
        foreach (nint channel in Enumerable.Range(0, channels))
            foreach (int r in Rows.Offsets)
                foreach (int s in Columns.Offsets)
                {
                    int phase = r % Rows.InStep * Columns.InStep + s % Columns.InStep;
                    *table++ = (channel * Phases + phase) * PlanePitch
                        + r / Rows.InStep * RowPitch + s / Columns.InStep;
                }
    }
}
