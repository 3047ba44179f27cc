// metrics.jsonl: one JSON object a line, flushed at once, so that a run that is killed keeps what
// it had and another program can follow it.
using System.Text;
using System.Text.Json;

namespace Engine.Cli;

/// <summary>Query loss and validation accuracy by tasks seen.</summary>
internal sealed record Curves(
    IReadOnlyList<(double Tasks, double Value)> Loss,
    IReadOnlyList<(double Tasks, double Value)> Validation)
{
    /// <summary>Mean loss of the last tenth of the steps; NaN without any.</summary>
    public double FinalLoss => Loss.TakeLast(Math.Max(1, Loss.Count / 10))
        .Select(l => l.Value).DefaultIfEmpty(double.NaN).Average();
}

internal sealed class MetricsLog : IDisposable
{
    private readonly FileStream file;
    private readonly MemoryStream line = new();
    private readonly Utf8JsonWriter json;

    /// <summary>Appends to a file, made if missing.</summary>
    public MetricsLog(string path)
    {
        try
        {
            file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Fail($"{path}: cannot be written: {e.Message}", e);
        }

        json = new Utf8JsonWriter(line);
    }

    /// <summary>Writes one line: {"name": value, ...}.</summary>
    public void Append(params ReadOnlySpan<(string Name, JsonValue Value)> entries)
    {
        line.SetLength(0);
        json.Reset();
        json.WriteStartObject();
        foreach (var (name, value) in entries)
        {
            json.WritePropertyName(name);
            value.Write(json);
        }

        json.WriteEndObject();
        json.Flush();
        line.WriteByte((byte)'\n');
        try
        {
            // One write, so that a reader never sees half a line.
            file.Write(line.GetBuffer().AsSpan(0, (int)line.Length));
            file.Flush();
        }
        catch (IOException e)
        {
            throw CliException.Fail($"{file.Name}: cannot be written: {e.Message}", e);
        }
    }

    /// <summary>
    /// Drops the lines after a step: those a killed run wrote after its last checkpoint.
    /// </summary>
    public static void CutAfter(string path, long step)
    {
        var kept = new StringBuilder();
        foreach (var (line, values) in ReadLines(path))
        {
            if (Number(values, "step") <= step) kept.Append(line).Append('\n');
        }

        OutputFile.Write(path, kept.ToString());
    }

    /// <summary>Seconds of training at the last line that has them; 0 if none has.</summary>
    public static double LastSeconds(string path) => ReadLines(path)
        .Select(l => Number(l.Values, "seconds")).OfType<double>().DefaultIfEmpty(0).Last();

    /// <summary>What a run has measured so far, in all its sessions.</summary>
    public static Curves ReadCurves(string path)
    {
        var loss = new List<(double, double)>();
        var validation = new List<(double, double)>();
        foreach (var (_, values) in ReadLines(path))
        {
            if (Number(values, "tasks") is not { } tasks) continue;
            if (Number(values, "loss") is { } l) loss.Add((tasks, l));
            if (Number(values, "validation_accuracy") is { } v) validation.Add((tasks, v));
        }

        return new Curves(loss, validation);
    }

    /// <summary>Lines that are whole; a killed run may leave half a line at the end.</summary>
    private static List<(string Line, JsonElement Values)> ReadLines(string path)
    {
        var lines = new List<(string, JsonElement)>();
        if (!File.Exists(path)) return lines;
        using var reader = new StreamReader(
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (reader.ReadLine() is { } line)
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(line);
                lines.Add((line, document.RootElement.Clone()));
            }
            catch (JsonException)
            {
                // Half a line: the step it tells of is not in the checkpoint either.
            }
        }

        return lines;
    }

    private static double? Number(JsonElement values, string name) =>
        values.ValueKind == JsonValueKind.Object
        && values.TryGetProperty(name, out JsonElement value)
        && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    public void Dispose()
    {
        json.Dispose();
        file.Dispose();
    }
}
