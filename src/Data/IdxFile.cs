// Arrays in the IDX format of MNIST (http://yann.lecun.com/exdb/mnist): two zero bytes, a type
// code, the number of axes, big-endian int32 sizes, big-endian values; gzip'd or not. Reading only.
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Compression;
using System.Runtime.InteropServices;

namespace Engine.Data;

/// <summary>Element types of IDX files; the value is the type code in the file.</summary>
public enum IdxType
{
    /// <summary>Unsigned bytes.</summary>
    UInt8 = 0x08,

    /// <summary>Signed bytes.</summary>
    Int8 = 0x09,

    /// <summary>16-bit integers.</summary>
    Int16 = 0x0B,

    /// <summary>32-bit integers.</summary>
    Int32 = 0x0C,

    /// <summary>32-bit floats.</summary>
    Float32 = 0x0D,

    /// <summary>64-bit floats.</summary>
    Float64 = 0x0E,
}

/// <summary>An array read from an IDX file.</summary>
public sealed class IdxFile
{
    private readonly byte[] bytes;

    internal IdxFile(string name, IdxType type, ImmutableArray<int> sizes, byte[] bytes)
    {
        Name = name;
        Type = type;
        Sizes = sizes;
        this.bytes = bytes;
    }

    /// <summary>Where the array comes from, for error messages.</summary>
    public string Name { get; }

    /// <summary>Type of the elements.</summary>
    public IdxType Type { get; }

    /// <summary>Length of each axis.</summary>
    public ImmutableArray<int> Sizes { get; }

    /// <summary>Number of elements.</summary>
    public int Count => bytes.Length / ElementSize(Type);

    /// <summary>The values as the file holds them, big-endian.</summary>
    public ReadOnlySpan<byte> Bytes => bytes;

    /// <summary>Reads a file; gzip is recognised by its first bytes, not by the name.</summary>
    /// <exception cref="DataException">
    /// Missing, not IDX, truncated, too long or corrupt.
    /// </exception>
    public static IdxFile Read(string path)
    {
        if (Directory.Exists(path))
        {
            throw new DataException($"{path}: is a folder; give the path of an IDX file.");
        }

        return DataFiles.Read(path, stream => Read(stream, path));
    }

    /// <summary>Reads a stream to its end; the name is for error messages.</summary>
    /// <exception cref="DataException">Not IDX, truncated, too long or corrupt.</exception>
    public static IdxFile Read(Stream stream, string name)
    {
        try
        {
            Span<byte> magic = stackalloc byte[2];
            int read = stream.ReadAtLeast(magic, 2, throwOnEndOfStream: false);
            var rest = new PrefixedStream(magic[..read].ToArray(), stream);
            if (read < 2 || magic[0] != 0x1F || magic[1] != 0x8B) return IdxReader.Read(rest, name);
            using var gzip = new GZipStream(rest, CompressionMode.Decompress, leaveOpen: true);
            return IdxReader.Read(gzip, name);
        }
        catch (InvalidDataException e)
        {
            throw new DataException(
                $"{name}: the gzip data are corrupt or cut short; fetch the file again.", e);
        }
    }

    /// <summary>
    /// Images of packed bits, (n, bytes) of uint8, as (n, height, width) of bytes 0 and 1. Each row
    /// is one image, most significant bit first, padded with zeros to a whole byte.
    /// </summary>
    /// <exception cref="DataException">Not rows of that many bits.</exception>
    public IdxFile UnpackBits(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        long pixels = (long)width * height;
        long rowBytes = (pixels + 7) / 8;
        if (Type != IdxType.UInt8 || Sizes.Length != 2 || Sizes[1] != rowBytes)
        {
            throw new DataException(
                $"{Name}: images of {width} x {height} bits are rows of {rowBytes} uint8, but this "
                + $"is {this}.");
        }

        if (Sizes[0] * pixels > Array.MaxLength)
        {
            throw new DataException(
                $"{Name}: {Sizes[0]} images of {width} x {height} do not fit into memory at a byte "
                + "a pixel; split the file.");
        }

        var unpacked = new byte[Sizes[0] * pixels];
        for (int image = 0; image < Sizes[0]; image++)
        {
            var bits = bytes.AsSpan((int)(image * rowBytes), (int)rowBytes);
            var target = unpacked.AsSpan((int)(image * pixels), (int)pixels);
            for (int i = 0; i < target.Length; i++)
            {
                target[i] = (byte)((bits[i >> 3] >> (7 - (i & 7))) & 1);
            }
        }

        return new IdxFile(Name, IdxType.UInt8, [Sizes[0], height, width], unpacked);
    }

    /// <summary>The values as float32.</summary>
    public float[] ToFloats()
    {
        var values = new float[Count];
        for (int i = 0; i < values.Length; i++) values[i] = (float)Value(i);
        return values;
    }

    /// <summary>The values as int32.</summary>
    /// <exception cref="DataException">The file holds fractions.</exception>
    public int[] ToInts()
    {
        if (Type is IdxType.Float32 or IdxType.Float64)
        {
            throw new DataException($"{Name}: whole numbers expected, but this is {this}.");
        }

        var values = new int[Count];
        for (int i = 0; i < values.Length; i++) values[i] = (int)Value(i);
        return values;
    }

    /// <summary>Type and sizes: "uint8 (60000, 28, 28)".</summary>
    public override string ToString() =>
        $"{Type.ToString().ToLowerInvariant()} ({string.Join(", ", Sizes)})";

    internal static int ElementSize(IdxType type) => type switch
    {
        IdxType.UInt8 or IdxType.Int8 => 1,
        IdxType.Int16 => 2,
        IdxType.Int32 or IdxType.Float32 => 4,
        _ => 8,
    };

    private double Value(int i)
    {
        int size = ElementSize(Type);
        var value = bytes.AsSpan(i * size, size);
        return Type switch
        {
            IdxType.UInt8 => value[0],
            IdxType.Int8 => MemoryMarshal.Cast<byte, sbyte>(value)[0],
            IdxType.Int16 => BinaryPrimitives.ReadInt16BigEndian(value),
            IdxType.Int32 => BinaryPrimitives.ReadInt32BigEndian(value),
            IdxType.Float32 => BinaryPrimitives.ReadSingleBigEndian(value),
            _ => BinaryPrimitives.ReadDoubleBigEndian(value),
        };
    }
}
