// What the decoder of PNG files does not look at: whether their checksums are right, and how much
// their data unpack to, which may be a thousand times what the image needs.
using System.Buffers.Binary;
using System.IO.Compression;
using Engine.Data;

namespace Engine.Images;

internal static class PngCheck
{
    // Length, type and checksum of a chunk.
    private const int ChunkOverhead = 12;

    /// <summary>Checks a file that begins with the signature of PNG.</summary>
    /// <exception cref="InvalidDataException">It is cut short or damaged.</exception>
    public static void Run(byte[] png, int height, int width)
    {
        using var packed = new MemoryStream();
        for (int at = ImageFile.PngSignature.Length; ;)
        {
            if (png.Length - at < ChunkOverhead) throw CutShort();
            uint length = BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at));
            if (length > png.Length - at - ChunkOverhead) throw CutShort();
            int data = at + 8;
            ReadOnlySpan<byte> type = png.AsSpan(at + 4, 4);
            at = data + (int)length + 4;
            uint crc = BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at - 4));
            if (Crc32(png, data - 4, 4 + (int)length) != crc)
                throw new InvalidDataException("it is damaged: a checksum is wrong");
            if (type.SequenceEqual("IDAT"u8)) packed.Write(png, data, (int)length);
            if (type.SequenceEqual("IEND"u8)) break;
        }

        packed.Position = 0;
        CheckUnpacked(packed, MostBytes(height, width));
    }

    /// <summary>
    /// More than the rows of any such image take: four channels of 16 bits, a byte before each row,
    /// and interlaced it has up to twice the rows.
    /// </summary>
    private static long MostBytes(int height, int width) => 2L * height * (2 + (8L * width));

    private static void CheckUnpacked(Stream packed, long most)
    {
        using var unpacked = new ZLibStream(packed, CompressionMode.Decompress);
        var buffer = new byte[1 << 14];
        long bytes = 0;
        while (unpacked.Read(buffer) is > 0 and int count)
        {
            bytes += count;
            if (bytes > most)
                throw new InvalidDataException("its data unpack to more than the image");
        }
    }

    private static uint Crc32(byte[] bytes, int start, int count)
    {
        using var crc = new Crc32Stream(new MemoryStream(bytes, start, count));
        crc.CopyTo(Stream.Null);
        return crc.Crc32;
    }

    private static InvalidDataException CutShort() => new("it is cut short");
}
