// IDX bytes made by hand.
using System.Buffers.Binary;
using System.IO.Compression;

namespace Engine.Tests.Data;

internal static class IdxSamples
{
    public static byte[] Make(byte type, int[] sizes, byte[] values)
    {
        using var stream = new MemoryStream();
        stream.Write([0, 0, type, (byte)sizes.Length]);
        Span<byte> four = stackalloc byte[4];
        foreach (int size in sizes)
        {
            BinaryPrimitives.WriteInt32BigEndian(four, size);
            stream.Write(four);
        }

        stream.Write(values);
        return stream.ToArray();
    }

    public static byte[] Gzip(byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Optimal)) gzip.Write(bytes);
        return stream.ToArray();
    }
}
