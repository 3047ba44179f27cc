// Gzip that notices where it was cut short. GZipStream ends there without a word, as if all had been
// read. But it also reads several members one after the other; so a last member of one byte is put
// behind the file's own. Only if that byte comes out at the end was everything before it whole.
using System.IO.Compression;

namespace Engine.Data;

internal sealed class WholeGzipStream : ForwardStream
{
    private const byte Mark = 0x1A;

    private static readonly byte[] LastMember = Pack(Mark);

    private readonly GZipStream gzip;
    private readonly byte[] one = new byte[1];
    private int held = -1; // the last byte so far, which may be the mark

    public WholeGzipStream(Stream packed) =>
        gzip = new(new Followed(packed, LastMember), CompressionMode.Decompress);

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        if (held < 0)
        {
            if (gzip.Read(one) == 0) throw CutShort();
            held = one[0];
        }

        // What was held goes first, and the last byte that comes is held in its place.
        int read = gzip.Read(buffer);
        if (read == 0) return held == Mark ? 0 : throw CutShort();
        int last = buffer[read - 1];
        buffer[..(read - 1)].CopyTo(buffer[1..]);
        buffer[0] = (byte)held;
        held = last;
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) gzip.Dispose();
        base.Dispose(disposing);
    }

    private static InvalidDataException CutShort() => new("The data end within a member.");

    private static byte[] Pack(byte value)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            gzip.WriteByte(value);
        return packed.ToArray();
    }

    /// <summary>A stream and then some bytes.</summary>
    private sealed class Followed(Stream first, byte[] suffix) : ForwardStream
    {
        private int position;

        public override int Read(Span<byte> buffer)
        {
            if (position == 0 && first.Read(buffer) is > 0 and int read) return read;
            int count = Math.Min(buffer.Length, suffix.Length - position);
            suffix.AsSpan(position, count).CopyTo(buffer);
            position += count;
            return count;
        }
    }
}
