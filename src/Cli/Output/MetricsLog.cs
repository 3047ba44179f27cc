// metrics.jsonl: one JSON object a line, flushed at once, so that a run that is killed keeps what
// it had and another program can follow it.
using System.Text.Json;

namespace Engine.Cli;

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

    public void Dispose()
    {
        json.Dispose();
        file.Dispose();
    }
}
