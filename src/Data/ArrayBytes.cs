// Reads the elements of an array from a stream without trusting its header: memory grows with the
// bytes that arrive, not with what the header claims.
namespace Engine.Data;

internal static class ArrayBytes
{
    private const int FirstChunk = 1 << 20;

    /// <summary>The number of bytes an array takes; an error if no array can be so large.</summary>
    /// <exception cref="DataException">Negative sizes, or too many bytes.</exception>
    public static int Needed(string name, int elementSize, IReadOnlyList<int> sizes)
    {
        string shape = $"({string.Join(", ", sizes)})";
        if (sizes.Any(s => s < 0))
        {
            throw new DataException(
                $"{name}: the header is corrupt: one of the sizes {shape} is negative.");
        }

        Int128 bytes = elementSize;
        foreach (int size in sizes)
        {
            bytes *= Math.Max(1, size);
            if (bytes <= Array.MaxLength) continue;
            throw new DataException(
                $"{name}: sizes {shape} need more than the {Array.MaxLength} bytes one array may "
                + "have; the header is corrupt, or split the file.");
        }

        return sizes.Contains(0) ? 0 : (int)bytes;
    }

    /// <summary>The rest of a stream, which must be exactly this long.</summary>
    /// <exception cref="DataException">The stream has fewer or more.</exception>
    public static byte[] Read(Stream stream, string name, int needed)
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
                $"{name}: too long: needs {needed} bytes after the header, has more; the header "
                + "and the values do not belong together.");
        }

        return values;
    }
}
