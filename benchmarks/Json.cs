// Figures as a file.
using System.Text.Json;

namespace Engine.Benchmarks;

internal static class Json
{
    private static readonly JsonSerializerOptions SnakeCase = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    /// <summary>Writes rows as a list of objects in snake_case, if a file is asked for.</summary>
    public static void Write<T>(FileInfo? file, IReadOnlyList<T> rows)
    {
        if (file is not null)
            File.WriteAllText(file.FullName, JsonSerializer.Serialize(rows, SnakeCase) + "\n");
    }

    /// <summary>Rows that <see cref="Write"/> wrote.</summary>
    public static T[] Read<T>(DirectoryInfo folder, string name) =>
        JsonSerializer.Deserialize<T[]>(
            File.ReadAllText(Path.Combine(folder.FullName, name)), SnakeCase)!;
}
