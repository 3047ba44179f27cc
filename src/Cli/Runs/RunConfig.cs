// config.json of a run: every option and what else is needed to build the same network again.
using System.Text.Json;

namespace Engine.Cli;

/// <summary>The size of images.</summary>
public sealed record ImageSize
{
    /// <summary>1 (grey) or 3 (red, green, blue).</summary>
    [Option("Channels of an image")]
    public int Channels { get; init; } = 1;

    /// <summary>Rows of pixels.</summary>
    [Option("Rows of an image")]
    public int Height { get; init; } = 1;

    /// <summary>Columns of pixels.</summary>
    [Option("Columns of an image")]
    public int Width { get; init; } = 1;

    /// <inheritdoc/>
    public override string ToString() => $"{Channels} x {Height} x {Width}";
}

/// <summary>How a run was made.</summary>
internal sealed record RunConfig(
    RunOptions Options, MethodChoice Method, NetworkChoice Network, ImageSize Images)
{
    public const string File = "config.json";

    private static readonly OptionSet<RunOptions> OptionsSet = new();
    private static readonly OptionSet<ImageSize> ImagesSet = new();

    /// <summary>All of it as an object, which says for which verb it was made.</summary>
    public JsonSummary ToJson(string verb = "train")
    {
        var json = new JsonSummary();
        json.Add("command", verb);
        json.Add("version", EngineVersion.Text);
        foreach (var (name, value) in OptionsSet.Entries(Options)) json.Add(name, value);
        json.Add("method", Named(Method.Name, Method.Options));
        json.Add("network", Named(Network.Name, Network.Options));
        foreach (var (name, value) in ImagesSet.Entries(Images)) json.Add(name, value);
        return json;
    }

    /// <summary>The settings to show in a report.</summary>
    public IEnumerable<(string Name, object? Value)> Settings() =>
    [
        .. OptionsSet.Entries(Options), ("method", Method.Name), .. Method.Options,
        ("network", Network.Name), .. Network.Options,
        .. ImagesSet.Entries(Images),
    ];

    /// <summary>The verb that a config.json was made for; null if none can be read.</summary>
    public static string? VerbOf(string path)
    {
        try
        {
            using JsonDocument file = JsonDocument.Parse(System.IO.File.ReadAllBytes(path));
            return file.RootElement.TryGetProperty("command", out JsonElement verb)
                ? verb.GetString() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException
            or JsonException or InvalidOperationException)
        {
            return null; // whoever reads the rest of it says what is wrong
        }
    }

    private static OrderedDictionary<string, object?> Named(
        string name, IReadOnlyList<(string Name, object? Value)> options)
    {
        var entries = new OrderedDictionary<string, object?> { ["name"] = name };
        foreach (var (option, value) in options) entries.Add(option, value);
        return entries;
    }

    /// <summary>
    /// Reads a run's config.json, but for those options of its method that were typed.
    /// </summary>
    /// <exception cref="CliException">It is missing or not what this version writes.</exception>
    public static RunConfig Read(
        string path, Choices choices, Func<string, string?>? typed = null)
    {
        try
        {
            using JsonDocument file = JsonDocument.Parse(System.IO.File.ReadAllBytes(path));
            JsonElement json = file.RootElement;
            if (json.ValueKind != JsonValueKind.Object)
                throw new FormatException("it is not a JSON object.");
            return new(
                OptionsSet.Read(json), choices.Methods.Read(json, typed),
                choices.Networks.Read(json), ImagesSet.Read(json));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw CliException.Fail(
                $"{path}: not there; name the folder of a run, such as runs/20300102-120000.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Fail($"{path}: cannot be read: {e.Message}", e);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw CliException.Fail(
                $"{path}: damaged, or written by another version: "
                + e.Message.ReplaceLineEndings(" "), e);
        }
    }
}
