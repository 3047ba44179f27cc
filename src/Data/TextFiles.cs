// Text in files and resources: UTF-8, plain or gzip.
using System.Text;

namespace Engine.Data;

internal static class TextFiles
{
    private const char ByteOrderMark = '\uFEFF';

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>What a function reads from a file of text.</summary>
    /// <exception cref="DataException">The file is not there, or no text.</exception>
    public static T Read<T>(string path, Func<TextReader, T> read)
    {
        if (Directory.Exists(path))
            throw new DataException($"{path}: is a folder; give the path of a file.");
        return DataFiles.Read(path, stream => Read(stream, path, read));
    }

    /// <summary>
    /// What a function reads from a stream of text; gzip is recognised by its first bytes. The name
    /// is for error messages.
    /// </summary>
    /// <exception cref="DataException">Not UTF-8, or damaged gzip.</exception>
    public static T Read<T>(Stream stream, string name, Func<TextReader, T> read)
    {
        try
        {
            Span<byte> magic = stackalloc byte[2];
            int got = stream.ReadAtLeast(magic, 2, throwOnEndOfStream: false);
            using var whole = new PrefixedStream(magic[..got].ToArray(), stream);
            bool gzip = got == 2 && magic[0] == 0x1F && magic[1] == 0x8B;
            using Stream bytes = gzip ? new WholeGzipStream(whole) : whole;
            using var reader = new StreamReader(bytes, Strict);
            if (reader.Peek() == ByteOrderMark) reader.Read();
            return read(reader);
        }
        catch (DecoderFallbackException e)
        {
            throw new DataException($"{name}: is not UTF-8 text; convert it.", e);
        }
        catch (InvalidDataException e)
        {
            throw new DataException(
                $"{name}: the gzip data are corrupt or cut short; fetch the file again.", e);
        }
    }
}
