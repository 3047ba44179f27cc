// From images in NCHW order to transformed tiles and back, for blocks of whole rows of tiles, which
// may span images; a vector of channels at a time.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>Images of one task: channels are Channel apart, images Image.</summary>
internal unsafe struct WinogradImages<T> where T : unmanaged
{
    public T* Data;
    public nint Image, Channel;
    public int Channels;
}

/// <summary>Transforms of blocks, with the scratch they need.</summary>
internal readonly unsafe struct WinogradTiles<V, T> : IDisposable
    where V : struct, IKernelLanes<V, T> where T : unmanaged, INumberBase<T>
{
    private readonly WinogradShape shape;

    // Distances of rows: of images, of outputs, and of tiles transformed downwards only.
    private readonly int imagePitch, outPitch, pitch;
    private readonly Scratch<T> rows;
    private readonly Scratch<T> down;
    private readonly Scratch<T> temp;
    private readonly WinogradPoints<V, T> points = new();

    /// <summary>
    /// Vectors of channels that fill a cache line. They are transformed one after another, so that
    /// the 36 lines they are written to are still in the cache for the second.
    /// </summary>
    private static int VectorsOfLine => Math.Max(1, 64 / (V.Count * sizeof(T)));

    public WinogradTiles(CpuBackend backend, WinogradShape shape)
    {
        this.shape = shape;
        imagePitch = shape.Width * V.Count;
        // Tiles that keep within a row's outputs may have their rows one after another.
        int whole = shape.Out * shape.TileColumns;
        outPitch = (shape.OutWidth % shape.Out == 1 ? whole : shape.OutWidth) * V.Count;
        pitch = (whole + shape.Taps - 1) * V.Count;
        int inputRows = shape.Transposed
            ? shape.Out * shape.TileRows + shape.Taps - 1 : VectorsOfLine * InputRows;
        rows = new Scratch<T>(
            backend, Math.Max(inputRows * imagePitch, shape.Out * outPitch));
        // The zeros on the left and right stay: rows are written between them.
        down = new Scratch<T>(backend, InputRows * pitch);
        new Span<T>(down.Pointer, InputRows * pitch).Clear();
        temp = new Scratch<T>(backend, WinogradShape.Positions * V.Count);
    }

    private const int InputRows = WinogradTransform<V, T>.In;

    public void Dispose()
    {
        rows.Dispose();
        down.Dispose();
        temp.Dispose();
    }

    /// <summary>Transformed tiles of what a convolution reads, transposed or not.</summary>
    public void Source(
        in WinogradImages<T> x, in WinogradBlock block, int start, int end, T* target,
        nint position, int tilePitch)
    {
        if (shape.Transposed) Gradient(x, block, start, end, target, position, tilePitch);
        else Input(x, block, start, end, target, position, tilePitch);
    }

    /// <summary>
    /// What a convolution writes, transposed or not, plus the number added to each channel, if any.
    /// </summary>
    public void Result(
        T* source, nint position, int tilePitch, in WinogradBlock block, in WinogradImages<T> y,
        T* added)
    {
        if (shape.Transposed) InputTransposed(source, position, tilePitch, block, y, added);
        else Output(source, position, tilePitch, block, y, added);
    }

    /// <summary>Transformed input tiles of rows start .. end - 1, to their block.</summary>
    [MethodImpl(Compiled.Once)]
    public void Input(
        in WinogradImages<T> x, in WinogradBlock block, int start, int end, T* target,
        nint position, int tilePitch)
    {
        WinogradRow* places = stackalloc WinogradRow[Math.Min(end - start, shape.TileRows)];
        for (int first = start, last; first < end; first = last)
        {
            last = Math.Min(end, (first / shape.TileRows + 1) * shape.TileRows);
            T* image = x.Data + first / shape.TileRows * x.Image;
            int top = first % shape.TileRows * shape.Out - shape.Padding;
            for (int row = first; row < last; row++) places[row - first] = block.Row(row);
            for (int line = 0; line < x.Channels; line += VectorsOfLine * V.Count)
            {
                int lineEnd = Math.Min(x.Channels, line + VectorsOfLine * V.Count);
                for (int row = 0; row < last - first; row++)
                {
                    T* part = rows.Pointer;
                    for (int c = line; c < lineEnd; c += V.Count, part += InputRows * imagePitch)
                        LoadRows(
                            image + c * x.Channel, x.Channel, Math.Min(V.Count, x.Channels - c),
                            top + shape.Out * row, places[row].Points, row > 0, part);
                    part = rows.Pointer;
                    for (int c = line; c < lineEnd; c += V.Count, part += InputRows * imagePitch)
                        WinogradTransform<V, T>.Input(
                            points, part, imagePitch, shape.Width, places[row],
                            down.Pointer, shape.Padding, pitch, target + c, position, tilePitch);
                }
            }
        }
    }

    /// <summary>
    /// Rows top .. top + count - 1 of a vector of channels, zeros outside; the first of them, one
    /// less than there are taps, are the last of the row of tiles above, if that was here before.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    private void LoadRows(
        T* image, nint channel, int channels, int top, int count, bool continued, T* target)
    {
        if (continued)
        {
            int common = shape.Taps - 1;
            T* above = target + shape.Out * imagePitch;
            for (int i = 0; i < common * imagePitch; i += V.Count)
                V.Store(V.Load(above, i), target, i);
            target += common * imagePitch;
            (top, count) = (top + common, count - common);
        }
        int start = Math.Clamp(-top, 0, count), end = Math.Clamp(shape.Height - top, start, count);
        Clear(target, start);
        if (start < end)
        {
            image += (nint)(top + start) * shape.Width;
            int width = (end - start) * shape.Width;
            Prefetch(image + VectorsOfLine * V.Count * channel, channel, width);
            WinogradLanes<V, T>.Gather(
                image, channel, channels, true, width, target + start * imagePitch);
        }
        Clear(target + end * imagePitch, count - end);
    }

    // Prefetches the next channels. Where an image has more than one row of tiles, the runs read or
    // written are too short for the hardware to foresee the next.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Prefetch(T* image, nint channel, int width)
    {
        if (shape.TileRows == 1) return;
        for (int lane = 0; lane < V.Count; lane++, image += channel)
            TileMemory.Prefetch(image, width * sizeof(T));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Clear(T* target, int count)
    {
        V zero = default;
        for (int i = 0; i < count * imagePitch; i += V.Count) V.Store(zero, target, i);
    }

    /// <summary>Transformed tiles of the gradient of the output.</summary>
    [MethodImpl(Compiled.Once)]
    public void Gradient(
        in WinogradImages<T> g, in WinogradBlock block, int start, int end, T* target,
        nint position, int tilePitch)
    {
        for (int row = start; row < end; row++)
        {
            WinogradRow place = block.Row(row);
            T* image = g.Data + row / shape.TileRows * g.Image;
            int top = row % shape.TileRows * shape.Out;
            // All rows at once, if the image has all rows of the tiles.
            bool together = RowsTogether && top + place.Height <= shape.OutHeight;
            for (int c = 0; c < g.Channels; c += V.Count)
            {
                T* from = image + c * g.Channel + (nint)top * shape.OutWidth;
                int channels = Math.Min(V.Count, g.Channels - c);
                if (together)
                {
                    Prefetch(
                        from + V.Count * g.Channel, g.Channel, place.Height * shape.OutWidth);
                    WinogradLanes<V, T>.Gather(
                        from, g.Channel, channels, true, place.Height * shape.OutWidth,
                        rows.Pointer);
                }
                else
                    for (int i = 0; i < place.Height; i++, from += shape.OutWidth)
                        GradientRow(
                            from, g.Channel, channels, top + i < shape.OutHeight,
                            rows.Pointer + i * outPitch);
                WinogradTransform<V, T>.OutputTransposed(
                    points, rows.Pointer, outPitch, place, temp.Pointer, target + c, position,
                    tilePitch);
            }
        }
    }

    private bool RowsTogether => outPitch == shape.OutWidth * V.Count;

    /// <summary>A row of the gradient, with zeros where tiles go beyond it.</summary>
    private void GradientRow(T* from, nint channel, int channels, bool inside, T* target)
    {
        WinogradLanes<V, T>.Gather(from, channel, channels, inside, shape.OutWidth, target);
        int end = shape.OutWidth * V.Count;
        new Span<T>(target + end, outPitch - end).Clear();
    }

    /// <summary>Sums of transformed tiles, for whole images.</summary>
    [MethodImpl(Compiled.Once)]
    private void InputTransposed(
        T* source, nint position, int tilePitch, in WinogradBlock block, in WinogradImages<T> y,
        T* added)
    {
        int all = (shape.Out * shape.TileRows + shape.Taps - 1) * imagePitch;
        T* inside = rows.Pointer + shape.Padding * imagePitch;
        for (int first = block.Start; first < block.End; first += shape.TileRows)
            for (int c = 0; c < y.Channels; c += V.Count)
            {
                T* sums = rows.Pointer;
                new Span<T>(sums, all).Clear();
                for (int i = 0; i < shape.TileRows; i++, sums += shape.Out * imagePitch)
                    WinogradTransform<V, T>.AddInputTransposed(
                        points, source + c, position, tilePitch, block.Row(first + i),
                        down.Pointer, shape.Padding, pitch, sums, imagePitch, shape.Width);
                if (added != null) Add(V.Load(added, c), inside, shape.Height * imagePitch);
                WinogradLanes<V, T>.Scatter(
                    inside, shape.Height * shape.Width,
                    y.Data + first / shape.TileRows * y.Image + c * y.Channel, y.Channel,
                    Math.Min(V.Count, y.Channels - c));
            }
    }

    /// <summary>Outputs from transformed tiles.</summary>
    [MethodImpl(Compiled.Once)]
    private void Output(
        T* source, nint position, int tilePitch, in WinogradBlock block, in WinogradImages<T> y,
        T* added)
    {
        for (int row = block.Start; row < block.End; row++)
        {
            WinogradRow place = block.Row(row);
            T* image = y.Data + row / shape.TileRows * y.Image;
            int top = row % shape.TileRows * shape.Out;
            int height = Math.Min(shape.Out, shape.OutHeight - top);
            // Rows at once, or one by one.
            int runs = RowsTogether ? 1 : height, run = shape.OutWidth * height / runs;
            for (int c = 0; c < y.Channels; c += V.Count)
            {
                Prefetch(
                    image + c * y.Channel + (nint)top * shape.OutWidth, y.Channel,
                    height * shape.OutWidth);
                WinogradTransform<V, T>.Output(
                    points, source + c, position, tilePitch, place, temp.Pointer, rows.Pointer,
                    outPitch);
                if (added != null) Add(V.Load(added, c), rows.Pointer, height * outPitch);
                for (int i = 0; i < runs; i++)
                    WinogradLanes<V, T>.Scatter(
                        rows.Pointer + i * outPitch, run,
                        image + c * y.Channel + (nint)(top + i) * shape.OutWidth, y.Channel,
                        Math.Min(V.Count, y.Channels - c));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(V number, T* to, int count)
    {
        for (; count > 0; count -= V.Count, to += V.Count) V.Store(V.Load(to) + number, to);
    }
}
