// Writes PNG files of all kinds for the tests, right and wrong ones.
using System.Buffers.Binary;
using System.IO.Compression;
using Engine.Data;

namespace Engine.ImagesTests;

/// <summary>A PNG file to be: its header, its palette and its rows before they are packed.</summary>
internal sealed record Png(int Height, int Width, int ColourType, int Depth, byte[] Rows)
{
    public byte[]? Palette { get; init; }

    /// <summary>How rows are filtered: 0 not at all, 2 by the row above.</summary>
    public int Filter { get; init; }

    public static byte[] Grey(int height, int width, byte[] pixels) =>
        new Png(height, width, 0, 8, pixels).Encode();

    public static byte[] Rgb(int height, int width, byte[] pixels) =>
        new Png(height, width, 2, 8, pixels).Encode();

    /// <summary>An image of one colour.</summary>
    public static byte[] Flat(int height, int width, byte value) =>
        Grey(height, width, [.. Enumerable.Repeat(value, height * width)]);

    /// <summary>An image of one colour and three channels.</summary>
    public static byte[] FlatRgb(int height, int width, byte red, byte green, byte blue) => Rgb(
        height, width,
        [.. Enumerable.Range(0, 3 * height * width).Select(i => (i % 3) switch
        {
            0 => red,
            1 => green,
            _ => blue,
        })]);

    public byte[] Encode()
    {
        using var png = new MemoryStream();
        png.Write([0x89, .. "PNG\r\n"u8, 0x1A, (byte)'\n']);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), Height);
        header[8] = (byte)Depth;
        header[9] = (byte)ColourType;
        Chunk(png, "IHDR"u8, header);
        if (Palette is not null) Chunk(png, "PLTE"u8, Palette);

        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            int length = Rows.Length / Height;
            for (int y = 0; y < Height; y++)
            {
                zlib.WriteByte((byte)Filter);
                for (int i = 0; i < length; i++)
                {
                    int above = y == 0 || Filter == 0 ? 0 : Rows[((y - 1) * length) + i];
                    zlib.WriteByte((byte)(Rows[(y * length) + i] - above));
                }
            }
        }

        // In two chunks, as encoders that write while they pack do.
        byte[] data = packed.ToArray();
        Chunk(png, "IDAT"u8, data[..(data.Length / 2)]);
        Chunk(png, "IDAT"u8, data[(data.Length / 2)..]);
        Chunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    /// <summary>Appends a chunk with its checksum.</summary>
    private static void Chunk(MemoryStream png, ReadOnlySpan<byte> type, byte[] data)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(four, data.Length);
        png.Write(four);
        byte[] summed = [.. type, .. data];
        png.Write(summed);
        using var crc = new Crc32Stream(new MemoryStream(summed));
        crc.CopyTo(Stream.Null);
        BinaryPrimitives.WriteUInt32BigEndian(four, crc.Crc32);
        png.Write(four);
    }
}
