// The CRC-32 of whatever is read, in whatever pieces, against a bit at a time.
using System.Text;
using Engine.Data;

namespace Engine.Tests.Data;

public class Crc32StreamTests
{
    [Fact]
    public void TheCheckOfTheStandardIsMet() =>
        Assert.Equal(0xCBF43926, Counted(Encoding.ASCII.GetBytes("123456789"), 9));

    [Theory]
    [InlineData(1), InlineData(7), InlineData(8), InlineData(9), InlineData(21), InlineData(64)]
    public void PiecesOfAnyLengthCountAlike(int piece)
    {
        for (int length = 0; length < 70; length++)
        {
            byte[] bytes = [.. Enumerable.Range(0, length).Select(i => (byte)(i * i + 151 * i))];
            Assert.Equal(BitByBit(bytes), Counted(bytes, piece));
        }
    }

    private static uint Counted(byte[] bytes, int piece)
    {
        using var stream = new Crc32Stream(new MemoryStream(bytes));
        byte[] buffer = new byte[piece];
        while (stream.Read(buffer) > 0)
        {
        }
        return stream.Crc32;
    }

    private static uint BitByBit(byte[] bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
        }
        return ~crc;
    }
}
