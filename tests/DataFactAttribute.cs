// Tests of data that are not part of the project: ENGINE_DATA names their folder, else shared/data
// above the tests is looked for. Compiled into each project of tests that has some.
namespace Engine.Tests;

/// <summary>A test that is skipped, and says so, unless a file of the data folder exists.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DataFactAttribute : FactAttribute
{
    public DataFactAttribute(string file)
    {
        if (Find(file) is null)
            Skip = $"{file} is not here; set ENGINE_DATA to the folder that holds it.";
    }

    public static string? Find(string file)
    {
        if (Environment.GetEnvironmentVariable("ENGINE_DATA") is { Length: > 0 } data)
            return File.Exists(Path.Combine(data, file)) ? Path.Combine(data, file) : null;
        for (string? at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
            if (Path.Combine(at, "shared", "data", file) is var path && File.Exists(path))
                return path;
        return null;
    }
}
