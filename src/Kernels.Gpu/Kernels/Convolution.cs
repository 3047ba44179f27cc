// The image operand of a convolution and of its gradients, as the matrix that it is never stored
// as: pixels of the output by taps of the filters, each element found by arithmetic when it is
// loaded.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>
/// The image a convolution reads. Its matrix has a row for each output pixel (image, y, x) and a
/// column for each tap (channel, y, x) of a filter; both are contributions to a place in the image.
/// </summary>
public struct Image<T> where T : unmanaged
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>The buffer.</summary>
    public ArrayView<T> Data;

    /// <summary>Where the first element lies.</summary>
    public long Offset;

    /// <summary>How far apart tasks, groups, images and channels are.</summary>
    public long TaskStride, GroupStride, ImageStride, ChannelStride;

    /// <summary>Groups of channels.</summary>
    public int Groups;

    /// <summary>Size of the image.</summary>
    public int Height, Width;

    /// <summary>
    /// What the coordinates count in offsets: the width and 1; or 0 and 0 where they are divided
    /// before they become a place.
    /// </summary>
    public int OffsetY, OffsetX;

    /// <summary>How the rows of the matrix split into pixels; its strides are 1.</summary>
    public Axis PixelX, PixelY;

    /// <summary>How the columns split into taps; its strides are 1.</summary>
    public Axis TapX, TapY;

    /// <summary>A pixel's coordinate is its number times Step + Start.</summary>
    public int StepY, StepX, StartY, StartX;

    /// <summary>A tap's coordinate is its number times this.</summary>
    public int TapStepY, TapStepX;

    /// <summary>Where the images of a task and a group begin.</summary>
    [MethodImpl(Inline)]
    public static long Origin(Image<T> image, int batch)
    {
        int task = batch / image.Groups, group = batch - task * image.Groups;
        return image.Offset + task * image.TaskStride + group * image.GroupStride;
    }

    /// <summary>What output pixel i contributes.</summary>
    [MethodImpl(Inline)]
    public static Place Pixel(Image<T> image, long origin, int i)
    {
        uint rest = (uint)i;
        int x = (int)Axis.Take(image.PixelX, ref rest) * image.StepX + image.StartX;
        int y = (int)Axis.Take(image.PixelY, ref rest) * image.StepY + image.StartY;
        return At(image, origin + rest * image.ImageStride, y, x);
    }

    /// <summary>What tap i contributes.</summary>
    [MethodImpl(Inline)]
    public static Place Tap(Image<T> image, long origin, int i)
    {
        uint rest = (uint)i;
        int x = (int)Axis.Take(image.TapX, ref rest) * image.TapStepX;
        int y = (int)Axis.Take(image.TapY, ref rest) * image.TapStepY;
        return At(image, origin + rest * image.ChannelStride, y, x);
    }

    /// <summary>The element, and 0 in the padding and where it is not wanted.</summary>
    [MethodImpl(Inline)]
    public static T Load<TNumbers>(Image<T> image, Place pixel, Place tap, bool wanted)
        where TNumbers : unmanaged, INumbers<TNumbers, T>
    {
        // As unsigned numbers, those before the first are larger than all others.
        bool inside = wanted & (uint)(pixel.Y + tap.Y) < (uint)image.Height
            & (uint)(pixel.X + tap.X) < (uint)image.Width;
        T value = image.Data[inside ? pixel.Offset + tap.Offset : 0];
        return inside ? value : TNumbers.Zero;
    }

    [MethodImpl(Inline)]
    private static Place At(Image<T> image, long offset, int y, int x) =>
        new() { Offset = offset + (long)y * image.OffsetY + x * image.OffsetX, Y = y, X = x };
}

/// <summary>Pixels are rows, taps the depth: for the convolution itself.</summary>
public struct Pixels<T, TNumbers> : ITileOperand<Pixels<T, TNumbers>, T>
    where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>The image.</summary>
    public Image<T> Image;

    /// <inheritdoc/>
    public static bool AlongDepth
    {
        [MethodImpl(Inline)]
        get => false;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static long Origin(Pixels<T, TNumbers> operand, int batch) =>
        Image<T>.Origin(operand.Image, batch);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Place Row(Pixels<T, TNumbers> operand, long origin, int row) =>
        Image<T>.Pixel(operand.Image, origin, row);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Place Depth(Pixels<T, TNumbers> operand, int depth) =>
        Image<T>.Tap(operand.Image, 0, depth);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static T Load(
        Pixels<T, TNumbers> operand, Place row, Place depth, bool inside) =>
        Image<T>.Load<TNumbers>(operand.Image, row, depth, inside);
}

/// <summary>Taps are rows, pixels the depth: for the gradient of the filters.</summary>
public struct Taps<T, TNumbers> : ITileOperand<Taps<T, TNumbers>, T>
    where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>The image.</summary>
    public Image<T> Image;

    /// <inheritdoc/>
    public static bool AlongDepth
    {
        [MethodImpl(Inline)]
        get => true;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static long Origin(Taps<T, TNumbers> operand, int batch) =>
        Image<T>.Origin(operand.Image, batch);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Place Row(Taps<T, TNumbers> operand, long origin, int row) =>
        Image<T>.Tap(operand.Image, origin, row);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Place Depth(Taps<T, TNumbers> operand, int depth) =>
        Image<T>.Pixel(operand.Image, 0, depth);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static T Load(
        Taps<T, TNumbers> operand, Place row, Place depth, bool inside) =>
        Image<T>.Load<TNumbers>(operand.Image, depth, row, inside);
}

/// <summary>
/// For the gradient of the input: pixels of the input are rows, taps the depth, and the image is
/// the gradient of the output with its pixels a stride apart. What falls between them is 0.
/// </summary>
public struct Spread<T, TNumbers> : ITileOperand<Spread<T, TNumbers>, T>
    where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>The image, sized as before spreading, its coordinates not in offsets.</summary>
    public Image<T> Image;

    /// <summary>The convolution's strides, as axes to divide by, of stride 1.</summary>
    public Axis StrideY, StrideX;

    /// <inheritdoc/>
    public static bool AlongDepth
    {
        [MethodImpl(Inline)]
        get => false;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static long Origin(Spread<T, TNumbers> operand, int batch) =>
        Image<T>.Origin(operand.Image, batch);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Place Row(Spread<T, TNumbers> operand, long origin, int row) =>
        Image<T>.Pixel(operand.Image, origin, row);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Place Depth(Spread<T, TNumbers> operand, int depth) =>
        Image<T>.Tap(operand.Image, 0, depth);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static T Load(
        Spread<T, TNumbers> operand, Place row, Place depth, bool inside)
    {
        int y = row.Y + depth.Y, x = row.X + depth.X;
        inside = inside & y >= 0 & x >= 0;
        uint outY = (uint)y, outX = (uint)x;
        long between = Axis.Take(operand.StrideY, ref outY) | Axis.Take(operand.StrideX, ref outX);
        inside = inside & between == 0 & (int)outY < operand.Image.Height
            & (int)outX < operand.Image.Width;
        T value = operand.Image.Data[
            inside
                ? row.Offset + depth.Offset + outY * (long)operand.Image.Width + outX
                : 0];
        return inside ? value : TNumbers.Zero;
    }
}
