// One array in NumPy's npy format (NEP 1, versions 1 to 3): a magic number, a header that is a
// Python dictionary of dtype, order and shape, then the elements.
using System.Buffers.Binary;
using System.Text;

namespace Engine.Data;

/// <summary>
/// Reads and writes npy files. float32, float64, int32, int64 and bool stay what they are;
/// float16, smaller and unsigned integers up to 32 bits are read as the smallest of these that
/// holds them.
/// </summary>
public static class NpyFile
{
    private const int HeaderLimit = 1 << 20;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P',
        (byte)'Y'];

    /// <summary>The array in a file, of C or Fortran order and either byte order.</summary>
    /// <exception cref="DataException">
    /// Missing, not npy, cut short, too long or corrupt.
    /// </exception>
    public static Tensor Read(string path) =>
        DataFiles.Read(path, stream => Read(stream, path));

    /// <summary>The array in a stream, read to its end; the name is for error messages.</summary>
    /// <exception cref="DataException">Not npy, cut short, too long or corrupt.</exception>
    public static Tensor Read(Stream stream, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        NpyHeader header = NpyHeader.Parse(ReadHeader(stream, name), name);
        int needed = ArrayBytes.Needed(name, header.ElementSize, header.Sizes);
        byte[] bytes = ArrayBytes.Read(stream, name, needed);
        if (header.BigEndian) NpyElements.SwapBytes(bytes, header.ElementSize);
        try
        {
            return header.FortranOrder
                ? NpyElements.ToTensor(header.Code, bytes, [.. header.Sizes.Reverse()])
                    .Transpose().Eval()
                : NpyElements.ToTensor(header.Code, bytes, [.. header.Sizes]);
        }
        catch (EngineException e)
        {
            throw new DataException($"{name}: {DataFiles.OneLine(e)}", e);
        }
    }

    /// <summary>Writes an array to a file, whole or not at all.</summary>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public static void Write(string path, Tensor array) =>
        DataFiles.Write(path, stream => Write(stream, array));

    /// <summary>Writes an array: version 1, C order, little-endian.</summary>
    public static void Write(Stream stream, Tensor array)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(array);
        string sizes = string.Join(", ", array.Shape.Sizes.ToArray());
        string header = $"{{'descr': '{NpyElements.Descr(array.DType)}', 'fortran_order': False, "
            + $"'shape': ({sizes}{(array.Rank == 1 ? "," : "")}), }}";
        // The elements start at a multiple of 64; a line break ends the header.
        int length = (Magic.Length + 4 + header.Length + 1 + 63) / 64 * 64 - Magic.Length - 4;
        stream.Write(Magic);
        stream.Write([1, 0, (byte)length, (byte)(length >> 8)]);
        stream.Write(Encoding.ASCII.GetBytes(header.PadRight(length - 1) + "\n"));
        stream.Write(array.ToRaw());
    }

    private static string ReadHeader(Stream stream, string name)
    {
        byte[] start = ReadExactly(stream, name, Magic.Length + 2);
        if (!start.AsSpan(0, Magic.Length).SequenceEqual(Magic))
            throw new DataException($"{name}: not an npy file: it does not start with \\x93NUMPY.");
        int version = start[Magic.Length];
        if (version is < 1 or > 3)
            throw new DataException($"{name}: npy version {version} is not 1, 2 or 3.");
        long length = version == 1
            ? BinaryPrimitives.ReadUInt16LittleEndian(ReadExactly(stream, name, 2))
            : BinaryPrimitives.ReadUInt32LittleEndian(ReadExactly(stream, name, 4));
        if (length > HeaderLimit)
            throw new DataException(
                $"{name}: the header claims {length} bytes; at most {HeaderLimit} are read.");
        return Encoding.UTF8.GetString(ReadExactly(stream, name, (int)length));
    }

    private static byte[] ReadExactly(Stream stream, string name, int count)
    {
        var bytes = new byte[count];
        if (stream.ReadAtLeast(bytes, count, throwOnEndOfStream: false) < count)
            throw new DataException(
                $"{name}: not an npy file, or cut short within its header.");
        return bytes;
    }
}
