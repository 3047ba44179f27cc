// The parsing of IDX, apart from gzip. Trusts nothing: sizes are checked before memory is taken,
// and memory grows with what really arrives.
using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Engine.Data;

internal static class IdxReader
{
    private const int FirstChunk = 1 << 20;

    public static IdxFile Read(Stream stream, string name)
    {
        Span<byte> head = stackalloc byte[4];
        int read = stream.ReadAtLeast(head, 4, throwOnEndOfStream: false);
        if (read < 4)
        {
            throw new DataException(
                $"{name}: not an IDX file: it has {read} bytes, and the header alone has 8 or "
                + "more.");
        }

        if (head[0] != 0 || head[1] != 0)
        {
            throw new DataException(
                $"{name}: not an IDX file: it starts with {head[0]:x2} {head[1]:x2} instead of 00 "
                + "00 (or 1f 8b when gzip'd).");
        }

        var type = (IdxType)head[2];
        if (!Enum.IsDefined(type))
        {
            throw new DataException(
                $"{name}: not an IDX file: type code {head[2]:x2} is none of 08 09 0b 0c 0d 0e.");
        }

        var sizes = ReadSizes(stream, name, axes: head[3]);
        long needed = BytesNeeded(name, type, sizes);
        return new IdxFile(name, type, sizes, ReadValues(stream, name, needed));
    }

    private static ImmutableArray<int> ReadSizes(Stream stream, string name, int axes)
    {
        if (axes is < 1 or > 8)
        {
            throw new DataException(
                $"{name}: not an IDX file: it claims {axes} axes; 1 to 8 are supported.");
        }

        var bytes = new byte[4 * axes];
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
        {
            throw new DataException(
                $"{name}: cut short: the header of {axes} axes needs {4 + bytes.Length} bytes; "
                + "fetch the file again.");
        }

        return [.. Enumerable.Range(0, axes)
            .Select(a => BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(4 * a)))];
    }

    private static long BytesNeeded(string name, IdxType type, ImmutableArray<int> sizes)
    {
        string shape = $"({string.Join(", ", sizes)})";
        if (sizes.Any(s => s < 0))
        {
            throw new DataException(
                $"{name}: the header is corrupt: sizes {shape} hold a negative number.");
        }

        Int128 bytes = IdxFile.ElementSize(type);
        foreach (int size in sizes)
        {
            bytes *= size;
            if (bytes <= Array.MaxLength) continue;
            throw new DataException(
                $"{name}: sizes {shape} need more than the {Array.MaxLength} bytes one array may "
                + "have; the header is corrupt, or split the file.");
        }

        return (long)bytes;
    }

    private static byte[] ReadValues(Stream stream, string name, long needed)
    {
        var values = new byte[Math.Min(needed, FirstChunk)];
        int have = 0;
        while (true)
        {
            have += stream.ReadAtLeast(
                values.AsSpan(have), values.Length - have, throwOnEndOfStream: false);
            if (have < values.Length)
            {
                throw new DataException(
                    $"{name}: cut short: needs {needed} bytes after the header, has {have}; fetch "
                    + "the file again.");
            }

            if (have == needed) break;
            Array.Resize(ref values, (int)Math.Min(needed, 2L * values.Length));
        }

        if (stream.ReadByte() >= 0)
        {
            throw new DataException(
                $"{name}: not this IDX file's end: needs {needed} bytes after the header, has "
                + "more; the header and the values do not belong together.");
        }

        return values;
    }
}
