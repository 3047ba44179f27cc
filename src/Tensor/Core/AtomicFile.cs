// Files that are there whole or not at all: written beside their place, then renamed.
namespace Engine;

/// <summary>Writes files whole or not at all.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Replaces a file by what the action writes; an error, of the action too, leaves the old one
    /// as it was and passes through.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        string temporary = path + ".part";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.ReadWrite))
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
}
