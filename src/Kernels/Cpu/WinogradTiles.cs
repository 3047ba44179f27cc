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
    private readonly WinogradShape shape;
    private readonly int pitch;
    private readonly Scratch<T> rows;
    private readonly Scratch<T> temp;

    public WinogradTiles(CpuBackend backend, WinogradShape shape)
    {
        this.shape = shape;
        pitch = (4 * shape.TileColumns + 2) * O.Count;
        int count = (4 * Math.Min(shape.BlockRows, shape.TileRows) + 2) * pitch;
        rows = new Scratch<T>(backend, count);
        temp = new Scratch<T>(backend, Math.Max(6 * pitch, 36 * O.Count));
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
        for (int first = start, last; first < end; first = last)
        {
            last = Math.Min(end, (first / shape.TileRows + 1) * shape.TileRows);
            T* image = x.Data + first / shape.TileRows * x.Image;
            int top = first % shape.TileRows * 4 - shape.Padding;
            int width = Math.Min(shape.Width, 4 * shape.TileColumns + 2 - shape.Padding);
            for (int c = 0; c < x.Channels; c += O.Count)
            {
                for (int i = 0; i < 4 * (last - first) + 2; i++)
                    WinogradLanes<O, V, T>.Gather(
                        image + c * x.Channel + (nint)(top + i) * shape.Width, x.Channel,
                        Math.Min(O.Count, x.Channels - c),
                        (uint)(top + i) < (uint)shape.Height, width,
                        rows.Pointer + i * pitch + shape.Padding * O.Count);
                for (int row = first; row < last; row++)
                    WinogradTransform<O, V, T>.Input(
                        rows.Pointer + 4 * (row - first) * pitch, pitch, block.Row(row),
                        temp.Pointer, target + c, position, tilePitch);
            }
        }
    }

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
            for (int c = 0; c < g.Channels; c += O.Count)
            {
                for (int i = 0; i < 4; i++)
                    WinogradLanes<O, V, T>.Gather(
                        image + c * g.Channel + (nint)(top + i) * shape.OutWidth, g.Channel,
                        Math.Min(O.Count, g.Channels - c), top + i < shape.OutHeight,
                        shape.OutWidth, rows.Pointer + i * pitch);
                WinogradTransform<O, V, T>.OutputTransposed(
                    rows.Pointer, pitch, place, temp.Pointer, target + c, position, tilePitch);
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
            for (int c = 0; c < y.Channels; c += O.Count)
            {
                WinogradTransform<O, V, T>.Output(
                    source + c, position, tilePitch, place, temp.Pointer, rows.Pointer, pitch);
                for (int i = 0; i < height; i++)
                    WinogradLanes<O, V, T>.Scatter(
                        rows.Pointer + i * pitch, shape.OutWidth,
                        image + c * y.Channel + (nint)(top + i) * shape.OutWidth, y.Channel,
                        Math.Min(O.Count, y.Channels - c));
            }
        }
    }
}
