// The file of names beside a set of examples.
namespace Engine.Data;

/// <summary>Names of a set's labels and domains, each as its file has them; null if none.</summary>
internal sealed record SetNames(IReadOnlyList<string>? Classes, IReadOnlyList<string>? Domains)
{
    private const string ClassesKey = "classes:", DomainsKey = "domains:";

    /// <summary>
    /// Reads one of two forms: line i is the name of label i; or lines "classes: NAME NAME ..." and
    /// "domains: NAME NAME ...". No names if there is no such file.
    /// </summary>
    /// <exception cref="DataException">It cannot be read, or leaves out a name.</exception>
    public static SetNames Read(string path)
    {
        if (!File.Exists(path)) return new(null, null);
        try
        {
            string[] lines = File.ReadAllLines(path);
            string[]? classes = Keyed(lines, ClassesKey), domains = Keyed(lines, DomainsKey);
            return classes is null && domains is null
                ? new(Listed(path, lines), null) : new(classes, domains);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read: {DataFiles.OneLine(e)}", e);
        }
    }

    private static string[]? Keyed(string[] lines, string key) => lines
        .FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal))?[key.Length..]
        .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The lines of a list of names, without blank ones at its end.</summary>
    private static string[] Listed(string path, string[] lines)
    {
        int count = Array.FindLastIndex(lines, line => !string.IsNullOrWhiteSpace(line)) + 1;
        int blank = Array.FindIndex(lines, 0, count, string.IsNullOrWhiteSpace);
        if (blank >= 0)
        {
            throw new DataException(
                $"{path}: line {blank + 1} is blank, but line i is the name of label i - 1; "
                + "name every label.");
        }

        return lines[..count];
    }
}
