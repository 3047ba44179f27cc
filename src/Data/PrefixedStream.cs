// A stream whose first bytes were already read, for looking at magic bytes of streams that cannot
// seek.
namespace Engine.Data;

internal sealed class PrefixedStream(byte[] prefix, Stream rest) : ForwardStream
{
    private int position;

    public override int Read(Span<byte> buffer)
    {
        if (position == prefix.Length) return rest.Read(buffer);
        int count = Math.Min(buffer.Length, prefix.Length - position);
        prefix.AsSpan(position, count).CopyTo(buffer);
        position += count;
        return count;
    }
}
