// A stream that counts the CRC-32 of what is read through it (ISO 3309, as zip archives have it):
// the base library's readers of archives do not compare it.
namespace Engine.Data;

internal sealed class Crc32Stream(Stream inner) : Stream
{
    private const uint Polynomial = 0xEDB88320; // bits in reverse

    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(Remainder)];

    private uint register = uint.MaxValue;

    /// <summary>The CRC-32 of the bytes read so far.</summary>
    public uint Crc32 => ~register;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) =>
        Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        int count = inner.Read(buffer);
        uint crc = register;
        foreach (byte value in buffer[..count]) crc = Table[(byte)crc ^ value] ^ (crc >> 8);
        register = crc;
        return count;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException();

    private static uint Remainder(int value)
    {
        uint crc = (uint)value;
        for (int bit = 0; bit < 8; bit++) crc = (crc & 1) == 1 ? Polynomial ^ (crc >> 1) : crc >> 1;
        return crc;
    }
}
