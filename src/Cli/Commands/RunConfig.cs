// config.json of a run: every option and what else is needed to build the same network again.
using System.Globalization;
using System.Text.Json;

namespace Engine.Cli;

/// <summary>
/// How a run was made. Data is an absolute path, or null for the embedded glyphs.
/// </summary>
internal sealed record RunConfig(TrainOptions Options, int Channels, int Height, int Width)
{
    public const string File = "config.json";

    public JsonSummary ToJson()
    {
        var json = new JsonSummary();
        json.Add("command", "train");
        json.Add("version", InfoVerb.Version());
        foreach (var (name, value) in Settings()) json.Add(name, value);
        return json;
    }

    /// <summary>Options and image sizes by their names in the file.</summary>
    public IEnumerable<(string Name, JsonValue Value)> Settings() =>
    [
        ("data", Options.Data),
        ("ways", Options.Ways),
        ("shots", Options.Shots),
        ("queries", Options.Queries),
        ("meta_batch", Options.MetaBatch),
        ("inner_steps", Options.InnerSteps),
        ("test_steps", Options.TestSteps),
        ("inner_rate", Options.InnerRate),
        ("rate", Options.Rate),
        ("iterations", OrNull(Options.Iterations)),
        ("seconds", OrNull(Options.Seconds)),
        ("filters", Options.Filters),
        ("seed", Options.Seed),
        ("order", Options.FirstOrder ? "first" : "exact"),
        ("rotations", Options.Rotations),
        ("eval_tasks", Options.EvalTasks),
        ("channels", Channels),
        ("height", Height),
        ("width", Width),
    ];

    /// <summary>Reads a run's config.json.</summary>
    /// <exception cref="CliException">It is missing or not what this version writes.</exception>
    public static RunConfig Read(string path)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(System.IO.File.ReadAllBytes(path));
            return From(json.RootElement);
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

    private static RunConfig From(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new FormatException("it is no JSON object.");
        int Whole(string name) => Positive(name, Entry(json, name, e => e.GetInt32()));
        double Number(string name) => Positive(name, Entry(json, name, e => e.GetDouble()));
        var options = new TrainOptions
        {
            Data = Entry(json, "data", e => e.GetString()),
            Ways = Whole("ways"),
            Shots = Whole("shots"),
            Queries = Whole("queries"),
            MetaBatch = Whole("meta_batch"),
            InnerSteps = Whole("inner_steps"),
            TestSteps = Whole("test_steps"),
            InnerRate = Number("inner_rate"),
            Rate = Number("rate"),
            Iterations = IsNull(json, "iterations") ? null : Whole("iterations"),
            Seconds = IsNull(json, "seconds") ? null : Number("seconds"),
            Filters = Whole("filters"),
            Seed = Entry(json, "seed", e => e.GetInt64()),
            FirstOrder = Entry(json, "order", IsFirstOrder),
            Rotations = Entry(json, "rotations", e => e.GetBoolean()),
            EvalTasks = Whole("eval_tasks"),
            Out = null,
            Resume = null,
        };
        return new RunConfig(options, Whole("channels"), Whole("height"), Whole("width"));
    }

    /// <summary>Reads a field; an error names it and what it holds.</summary>
    private static T Entry<T>(JsonElement json, string name, Func<JsonElement, T> read)
    {
        if (!json.TryGetProperty(name, out JsonElement value))
            throw new FormatException($"it has no '{name}'.");
        try
        {
            return read(value);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw new FormatException($"'{name}' is {value.GetRawText()}.", e);
        }
    }

    private static bool IsNull(JsonElement json, string name) =>
        Entry(json, name, e => e.ValueKind == JsonValueKind.Null);

    private static bool IsFirstOrder(JsonElement order) => order.GetString() switch
    {
        "first" => true,
        "exact" => false,
        _ => throw new FormatException("neither first nor exact"),
    };

    private static T Positive<T>(string name, T value) where T : IComparable<T> =>
        value.CompareTo(default!) > 0 ? value : throw new FormatException(
            string.Create(CultureInfo.InvariantCulture, $"'{name}' is {value}."));

    private static JsonValue OrNull(double? value) => value is { } v ? v : (string?)null;

    private static JsonValue OrNull(int? value) => value is { } v ? v : (string?)null;
}
