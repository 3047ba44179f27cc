// Lists folders, in the order of names, and reads the lists that lie beside images.
using Engine.Data;

namespace Engine.Images;

internal static class Folders
{
    private static readonly string[] Litter = ["Thumbs.db", "desktop.ini"];

    /// <summary>The folders in a folder.</summary>
    /// <exception cref="DataException">It cannot be listed.</exception>
    public static string[] FoldersIn(string folder) =>
        List(folder, () => Directory.EnumerateDirectories(folder));

    /// <summary>The files in a folder without those that systems hide in it.</summary>
    /// <exception cref="DataException">It cannot be listed.</exception>
    public static string[] FilesIn(string folder) =>
        List(folder, () => Directory.EnumerateFiles(folder));

    /// <summary>The folder of that name in a folder, if it is there.</summary>
    public static string? Find(string folder, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
            if (Path.Combine(folder, name) is var path && Directory.Exists(path)) return path;
        return null;
    }

    /// <summary>The lines of a list that are not empty, without spaces around them.</summary>
    /// <exception cref="DataException">It cannot be read.</exception>
    public static string[] Lines(string path) => DataFiles.Read(path, stream =>
    {
        using var reader = new StreamReader(stream);
        var lines = new List<string>();
        while (reader.ReadLine() is { } line)
            if (line.Trim() is { Length: > 0 } text) lines.Add(text);
        return lines.ToArray();
    });

    private static string[] List(string folder, Func<IEnumerable<string>> list)
    {
        try
        {
            return [.. list().Where(Counts).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{folder}: cannot be read: {DataFiles.OneLine(e)}", e);
        }
    }

    private static bool Counts(string path) =>
        Path.GetFileName(path) is var name && !name.StartsWith('.') && !Litter.Contains(name);
}
