// A stream that computes the CRC-32 of what is read through it (ISO 3309, as in zip archives):
// .NET's readers of archives do not compare it. System.IO.Hashing would compute it, but that is a
// package, and the libraries take none. Eight bytes are taken at once, by eight tables
// (slicing-by-8; Kounavis and Berry, 2005).
using System.Buffers.Binary;

namespace Engine.Data;

internal sealed class Crc32Stream(Stream inner) : ForwardStream
{
    private const uint Polynomial = 0xEDB88320; // bits in reverse

    private static readonly uint[][] Tables = Remainders();

    private uint register = uint.MaxValue;

    /// <summary>The CRC-32 of the bytes read so far.</summary>
    public uint Crc32 => ~register;

    public override int Read(Span<byte> buffer)
    {
        int count = inner.Read(buffer);
        ReadOnlySpan<byte> rest = buffer[..count];
        uint crc = register;
        for (; rest.Length >= 8; rest = rest[8..])
        {
            ulong bytes = BinaryPrimitives.ReadUInt64LittleEndian(rest) ^ crc;
            crc = Tables[7][(byte)bytes] ^ Tables[6][(byte)(bytes >> 8)]
                ^ Tables[5][(byte)(bytes >> 16)] ^ Tables[4][(byte)(bytes >> 24)]
                ^ Tables[3][(byte)(bytes >> 32)] ^ Tables[2][(byte)(bytes >> 40)]
                ^ Tables[1][(byte)(bytes >> 48)] ^ Tables[0][(byte)(bytes >> 56)];
        }
        foreach (byte value in rest) crc = Tables[0][(byte)crc ^ value] ^ (crc >> 8);
        register = crc;
        return count;
    }

    /// <summary>[k][b]: the remainder of byte b with k zero bytes behind it.</summary>
    private static uint[][] Remainders()
    {
        uint[] one = [.. Enumerable.Range(0, 256).Select(Remainder)];
        var tables = new uint[8][];
        tables[0] = one;
        for (int k = 1; k < 8; k++)
            tables[k] = [.. tables[k - 1].Select(crc => one[(byte)crc] ^ (crc >> 8))];
        return tables;
    }

    private static uint Remainder(int value)
    {
        uint crc = (uint)value;
        for (int bit = 0; bit < 8; bit++) crc = (crc & 1) == 1 ? Polynomial ^ (crc >> 1) : crc >> 1;
        return crc;
    }
}
