// Files that are there whole or not at all: written beside their place, then renamed.
namespace Engine;

/// <summary>Writes files whole or not at all.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Replaces a file by what the action writes. If anything fails, the action included, the old
    /// file stays as it was and the exception goes on to the caller.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        string temporary = Temporary(path);
        try
        {
            using (var stream = Create(path, temporary))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            if (File.Exists(temporary)) File.Delete(temporary);
        }
    }

    /// <summary>
    /// Finds out early whether a file can be written: throws what <see cref="Write"/> would, and
    /// leaves nothing behind.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Check(string path)
    {
        string temporary = Temporary(path);
        Create(path, temporary).Dispose();
        File.Delete(temporary);
        if (Directory.Exists(path)) throw new IOException($"'{path}' is a folder.");
    }

    private static string Temporary(string path) => Path.GetFullPath(path) + ".part";

    /// <summary>Opens the temporary file; errors name the file it is for instead.</summary>
    private static FileStream Create(string path, string temporary)
    {
        try
        {
            return new FileStream(temporary, FileMode.Create, FileAccess.ReadWrite);
        }
        catch (IOException e) when (Names(e))
        {
            throw new IOException(Renamed(e), e);
        }
        catch (UnauthorizedAccessException e) when (Names(e))
        {
            throw new UnauthorizedAccessException(Renamed(e), e);
        }

        bool Names(Exception e) => e.Message.Contains(temporary, StringComparison.Ordinal);
        string Renamed(Exception e) => e.Message.Replace(temporary, path, StringComparison.Ordinal);
    }
}
