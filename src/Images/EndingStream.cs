// A file in memory for a decoder that reads on and on behind the end of a damaged one.
namespace Engine.Images;

/// <summary>
/// Reading at the end throws, where other streams say that there is nothing more.
/// </summary>
internal sealed class EndingStream(byte[] bytes) : MemoryStream(bytes, writable: false)
{
    public override int ReadByte()
    {
        CheckMore();
        return base.ReadByte();
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        if (count > 0) CheckMore();
        return base.Read(buffer, offset, count);
    }

    private void CheckMore()
    {
        if (Position >= Length) throw new EndOfStreamException("it is cut short");
    }
}
