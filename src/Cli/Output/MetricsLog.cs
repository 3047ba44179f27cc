// metrics.jsonl: one JSON object a line, flushed at once, so that a run that is killed keeps what
// it had and another program can follow it.
using System.Text.Json;

namespace Engine.Cli;

internal sealed class MetricsLog : IDisposable
{
    private readonly FileStream _file;
    private readonly MemoryStream _line = new();
    private readonly Utf8JsonWriter _json;

    /// <summary>Appends to a file, made if missing.</summary>
    public MetricsLog(string path)
    {
        try
        {
            _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Fail($"{path}: cannot be written: {e.Message}", e);
        }

        _json = new Utf8JsonWriter(_line);
    }

    /// <summary>Writes one line: {"name": value, ...}.</summary>
    public void Append(params ReadOnlySpan<(string Name, JsonValue Value)> entries)
    {
        _line.SetLength(0);
        _json.Reset();
        _json.WriteStartObject();
        foreach (var (name, value) in entries)
        {
            _json.WritePropertyName(name);
            value.Write(_json);
        }

        _json.WriteEndObject();
        _json.Flush();
        _line.WriteByte((byte)'\n');
        try
        {
            // One write, so that a reader never sees half a line.
            _file.Write(_line.GetBuffer().AsSpan(0, (int)_line.Length));
            _file.Flush();
        }
        catch (IOException e)
        {
            throw CliException.Fail($"{_file.Name}: cannot be written: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        _json.Dispose();
        _file.Dispose();
    }
}
