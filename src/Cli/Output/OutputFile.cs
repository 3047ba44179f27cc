// Writes files whole or not at all; an error is one line.
using System.Text;

namespace Engine.Cli;

internal static class OutputFile
{
    /// <summary>Replaces a file by what the action writes; an error leaves the old one.</summary>
    public static void Write(string path, Action<Stream> write) =>
        Try(path, () => AtomicFile.Write(path, write));

    /// <summary>Fails now if the file could not be written later.</summary>
    public static void Check(string path) => Try(path, () => AtomicFile.Check(path));

    /// <summary>
    /// Fails now, not after hours, if a file that an option names could not be written later.
    /// </summary>
    public static void CheckTyped(string option, string file)
    {
        if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(file))))
        {
            throw CliException.Use(
                $"{option}: the folder of {file} does not exist; make it first.");
        }

        if (Directory.Exists(file))
            throw CliException.Use($"{option}: {file} is a folder; name a file in it.");
        Check(file);
    }

    /// <summary>Replaces a text file.</summary>
    public static void Write(string path, string text) =>
        Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>Makes a folder that may be there already.</summary>
    public static void MakeFolder(string path) => Try(path, () => Directory.CreateDirectory(path));

    private static void Try(string path, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Fail(
                $"{path}: cannot be written: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }
}
