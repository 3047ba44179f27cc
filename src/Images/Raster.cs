// One image in memory.
namespace Engine.Images;

/// <summary>An image of bytes: height x width x channels, the channels of a pixel together.</summary>
internal sealed record Raster(int Height, int Width, int Channels, byte[] Bytes)
{
    /// <summary>The same with one channel, or with three. An alpha channel is left out.</summary>
    public Raster To(bool grey)
    {
        int channels = grey ? 1 : 3;
        if (Channels == channels) return this;
        var bytes = new byte[Height * Width * channels];
        for (int pixel = 0; pixel < Height * Width; pixel++)
        {
            ReadOnlySpan<byte> from = Bytes.AsSpan(pixel * Channels, Channels);
            Span<byte> to = bytes.AsSpan(pixel * channels, channels);
            if (Channels <= 2) to.Fill(from[0]);
            else if (grey) to[0] = Luma(from[0], from[1], from[2]);
            else from[..3].CopyTo(to);
        }

        return new Raster(Height, Width, channels, bytes);
    }

    /// <summary>Writes it as channels x height x width.</summary>
    public void CopyPlanes(Span<byte> target, bool invert)
    {
        int pixels = Height * Width;
        int flip = invert ? 255 : 0;
        for (int c = 0; c < Channels; c++)
            for (int i = 0; i < pixels; i++)
                target[(c * pixels) + i] = (byte)(Bytes[(i * Channels) + c] ^ flip);
    }

    /// <summary>The luma of ITU-R BT.601 in 16 bits, rounded: Pillow's convert("L").</summary>
    private static byte Luma(byte red, byte green, byte blue) =>
        (byte)(((19595 * red) + (38470 * green) + (7471 * blue) + 0x8000) >> 16);
}
