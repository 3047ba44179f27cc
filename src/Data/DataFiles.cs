// Opens and writes files; an error is one line.
namespace Engine.Data;

internal static class DataFiles
{
    /// <summary>What a function reads from a file.</summary>
    /// <exception cref="DataException">The file cannot be opened or read.</exception>
    public static T Read<T>(string path, Func<Stream, T> read)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return read(stream);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataException($"{path}: no such file; check the path.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read: {OneLine(e)}", e);
        }
    }

    /// <summary>Replaces a file by what is written, whole or not at all.</summary>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        try
        {
            AtomicFile.Write(path, write);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be written: {OneLine(e)}", e);
        }
    }

    /// <summary>What an exception says, without line breaks.</summary>
    public static string OneLine(Exception e) => e.Message.ReplaceLineEndings(" ");
}
