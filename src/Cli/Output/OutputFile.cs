// Files the command writes: whole or not at all, and a line that says why not.
using System.Text;

namespace Engine.Cli;

internal static class OutputFile
{
    /// <summary>Replaces a file by what the action writes; an error leaves the old one.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        try
        {
            AtomicFile.Write(path, write);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Fail(
                $"{path}: cannot be written: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>Replaces a text file.</summary>
    public static void Write(string path, string text) =>
        Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));
}
