// From images in NCHW order to transformed tiles and back: blocks of whole rows of tiles, which may
// span images, a vector of channels at a time.
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
internal readonly unsafe struct WinogradTiles<O, V, T> : IDisposable
    where O : struct, IVec<V, T> where V : struct where T : unmanaged, INumberBase<T>
{
    // Rows up to so long are transposed several at once: they follow one another in an image.
    private const int ShortRow = 10;

    private readonly WinogradShape shape;

    // From row to row of an image, and from vector to vector of channels.
    private readonly int pitch, vectorPitch;
    private readonly Scratch<T> rows;
    private readonly Scratch<T> temp;
    private readonly WinogradPoints<O, V, T> points = new();

    /// <summary>
    /// Vectors of channels that fill a cache line: transformed together, so that the 36 lines they
    /// go to are still there for the second.
    /// </summary>
    private static int VectorsOfLine => Math.Max(1, 64 / (O.Count * sizeof(T)));

    public WinogradTiles(CpuBackend backend, WinogradShape shape)
    {
        this.shape = shape;
        pitch = (4 * shape.TileColumns + 2) * O.Count;
        int inputRows = 4 * Math.Min(shape.BlockRows, shape.TileRows) + 2;
        vectorPitch = inputRows * pitch;
        int count = VectorsOfLine * vectorPitch;
        rows = new Scratch<T>(backend, count);
        int together = shape.Width <= ShortRow ? inputRows * shape.Width : 0;
        temp = new Scratch<T>(backend, Math.Max(6 * pitch, Math.Max(36, together) * O.Count));
        new Span<T>(rows.Pointer, count).Clear();
    }

    public void Dispose()
    {
        rows.Dispose();
        temp.Dispose();
    }

    /// <summary>Transformed input tiles of rows start .. end - 1, to their block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Input(
        in WinogradImages<T> x, in WinogradBlock block, int start, int end, T* target,
        nint position, int tilePitch)
    {
        WinogradRow* places = stackalloc WinogradRow[Math.Min(end - start, shape.TileRows)];
        for (int first = start, last; first < end; first = last)
        {
            last = Math.Min(end, (first / shape.TileRows + 1) * shape.TileRows);
            T* image = x.Data + first / shape.TileRows * x.Image;
            int top = first % shape.TileRows * 4 - shape.Padding;
            int width = Math.Min(shape.Width, 4 * shape.TileColumns + 2 - shape.Padding);
            for (int row = first; row < last; row++) places[row - first] = block.Row(row);
            for (int line = 0; line < x.Channels; line += VectorsOfLine * O.Count)
            {
                int lineEnd = Math.Min(x.Channels, line + VectorsOfLine * O.Count);
                T* part = rows.Pointer;
                for (int c = line; c < lineEnd; c += O.Count, part += vectorPitch)
                    InputRows(
                        image + c * x.Channel, x.Channel, Math.Min(O.Count, x.Channels - c), top,
                        4 * (last - first) + 2, width, part);
                for (int row = first; row < last; row++)
                {
                    part = rows.Pointer + 4 * (row - first) * pitch;
                    for (int c = line; c < lineEnd; c += O.Count, part += vectorPitch)
                        WinogradTransform<O, V, T>.Input(
                            points, part, pitch, places[row - first], temp.Pointer, target + c,
                            position, tilePitch);
                }
            }
        }
    }

    /// <summary>Rows top .. top + count - 1 of a vector of channels, zeros outside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void InputRows(
        T* image, nint channel, int channels, int top, int count, int width, T* target)
    {
        target += shape.Padding * O.Count;
        if (shape.Width > ShortRow)
        {
            for (int i = 0; i < count; i++)
                WinogradLanes<O, V, T>.Gather(
                    image + (nint)(top + i) * shape.Width, channel, channels,
                    (uint)(top + i) < (uint)shape.Height, width, target + i * pitch);
            return;
        }
        int start = Math.Max(top, 0), end = Math.Min(top + count, shape.Height);
        if (start < end)
            WinogradLanes<O, V, T>.Gather(
                image + (nint)start * shape.Width, channel, channels, true,
                (end - start) * shape.Width, temp.Pointer);
        for (int h = top; h < top + count; h++, target += pitch)
        {
            if (h < start || h >= end)
            {
                new Span<T>(target, width * O.Count).Clear();
                continue;
            }
            T* from = temp.Pointer + (nint)(h - start) * shape.Width * O.Count;
            for (int w = 0; w < width * O.Count; w += O.Count)
                O.Store(O.Load(from + w), target + w);
        }
    }

    // Tiles that keep within a row's outputs may have their rows one after another.
    private bool RowsTogether => shape.OutWidth <= ShortRow && shape.OutWidth % 4 != 1;

    /// <summary>Transformed tiles of the gradient of the output.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Gradient(
        in WinogradImages<T> g, in WinogradBlock block, int start, int end, T* target,
        nint position, int tilePitch)
    {
        for (int row = start; row < end; row++)
        {
            WinogradRow place = block.Row(row);
            T* image = g.Data + row / shape.TileRows * g.Image;
            int top = row % shape.TileRows * 4;
            bool together = RowsTogether && top + place.Height <= shape.OutHeight;
            int rowPitch = together ? shape.OutWidth * O.Count : pitch;
            for (int c = 0; c < g.Channels; c += O.Count)
            {
                T* from = image + c * g.Channel + (nint)top * shape.OutWidth;
                int channels = Math.Min(O.Count, g.Channels - c);
                if (together)
                    WinogradLanes<O, V, T>.Gather(
                        from, g.Channel, channels, true, place.Height * shape.OutWidth,
                        rows.Pointer);
                else
                    for (int i = 0; i < place.Height; i++, from += shape.OutWidth)
                        WinogradLanes<O, V, T>.Gather(
                            from, g.Channel, channels, top + i < shape.OutHeight,
                            shape.OutWidth, rows.Pointer + i * pitch);
                WinogradTransform<O, V, T>.OutputTransposed(
                    points, rows.Pointer, rowPitch, place, temp.Pointer, target + c, position,
                    tilePitch);
            }
        }
    }

    /// <summary>Outputs from transformed tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Output(
        T* source, nint position, int tilePitch, in WinogradBlock block, int start, int end,
        in WinogradImages<T> y)
    {
        for (int row = start; row < end; row++)
        {
            WinogradRow place = block.Row(row);
            T* image = y.Data + row / shape.TileRows * y.Image;
            int top = row % shape.TileRows * 4;
            int height = Math.Min(4, shape.OutHeight - top);
            // Rows at once, or one by one.
            int runs = RowsTogether ? 1 : height, run = shape.OutWidth * height / runs;
            int rowPitch = RowsTogether ? shape.OutWidth * O.Count : pitch;
            for (int c = 0; c < y.Channels; c += O.Count)
            {
                WinogradTransform<O, V, T>.Output(
                    points, source + c, position, tilePitch, place, temp.Pointer, rows.Pointer,
                    rowPitch);
                for (int i = 0; i < runs; i++)
                    WinogradLanes<O, V, T>.Scatter(
                        rows.Pointer + i * pitch, run,
                        image + c * y.Channel + (nint)(top + i) * shape.OutWidth, y.Channel,
                        Math.Min(O.Count, y.Channels - c));
            }
        }
    }
}
