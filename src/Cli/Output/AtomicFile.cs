// Files that are there whole or not at all: written beside their place, then renamed.
using System.Text;

namespace Engine.Cli;

internal static class AtomicFile
{
    /// <summary>Replaces a file by what the action writes; an error leaves the old one.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        string temporary = path + ".part";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Fail(
                $"{path}: cannot be written: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        finally
        {
            if (File.Exists(temporary)) File.Delete(temporary);
        }
    }

    /// <summary>Replaces a text file.</summary>
    public static void Write(string path, string text) =>
        Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));
}
