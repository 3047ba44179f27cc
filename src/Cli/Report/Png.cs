// Small pictures as PNG (W3C, third edition), for data URIs: 8-bit grey or RGB, no filters.
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace Engine.Cli;

internal static class Png
{
    /// <summary>
    /// Encodes channels x height x width values of 0 to 1 as a data URI. One channel is ink: 1 is
    /// black on white.
    /// </summary>
    public static string DataUri(float[] pixels, int channels, int height, int width)
    {
        if (channels is not (1 or 3) || pixels.Length != channels * height * width)
        {
            throw new ArgumentException(
                $"Png: {pixels.Length} values are not an image of 1 or 3 channels, {height} x "
                + $"{width}.");
        }

        return "data:image/png;base64,"
            + Convert.ToBase64String(Encode(pixels, channels, height, width));
    }

    private static byte[] Encode(float[] pixels, int channels, int height, int width)
    {
        using var png = new MemoryStream();
        png.Write([0x89, .. "PNG\r\n"u8, 0x1A, (byte)'\n']);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 8; // bits a sample
        header[9] = (byte)(channels == 1 ? 0 : 2); // grey or RGB
        Chunk(png, "IHDR"u8, header);

        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            for (int y = 0; y < height; y++)
            {
                zlib.WriteByte(0); // no filter on this row
                for (int x = 0; x < width; x++)
                {
                    for (int c = 0; c < channels; c++)
                    {
                        float value = Math.Clamp(pixels[(((c * height) + y) * width) + x], 0, 1);
                        if (channels == 1) value = 1 - value;
                        zlib.WriteByte((byte)MathF.Round(255 * value));
                    }
                }
            }
        }

        Chunk(png, "IDAT"u8, packed.ToArray());
        Chunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    private static void Chunk(MemoryStream png, ReadOnlySpan<byte> type, byte[] data)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(four, data.Length);
        png.Write(four);
        png.Write(type);
        png.Write(data);
        var crc = new Crc32();
        crc.Append(type);
        crc.Append(data);
        BinaryPrimitives.WriteUInt32BigEndian(four, crc.GetCurrentHashAsUInt32());
        png.Write(four);
    }
}
