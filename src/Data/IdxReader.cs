// Parses IDX data that are already unpacked. Sizes are checked before memory is taken for them.
using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Engine.Data;

internal static class IdxReader
{
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
                $"{name}: not an IDX file: type code {head[2]:x2} is not 08, 09 or 0b to 0e.");
        }

        var sizes = ReadSizes(stream, name, axes: head[3]);
        int needed = ArrayBytes.Needed(name, IdxFile.ElementSize(type), sizes);
        return new IdxFile(name, type, sizes, ArrayBytes.Read(stream, name, needed));
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
}
