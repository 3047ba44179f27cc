// One JSON object of figures, for --json and config.json.
using System.Text;
using System.Text.Json;

namespace Engine.Cli;

/// <summary>
/// A value in a summary: text, number, whole number, truth, a list of values, or nothing.
/// </summary>
internal readonly record struct JsonValue(object? Value)
{
    public static implicit operator JsonValue(string? value) => new(value);

    public static implicit operator JsonValue(double value) => new(value);

    public static implicit operator JsonValue(long value) => new(value);

    public static implicit operator JsonValue(int value) => new((long)value);

    public static implicit operator JsonValue(bool value) => new(value);

    public static implicit operator JsonValue(double[] values) =>
        new(Array.ConvertAll(values, v => (JsonValue)v));

    public static implicit operator JsonValue(JsonValue[] values) => new(values);

    /// <summary>Writes the value; NaN and infinities, which JSON lacks, become null.</summary>
    public void Write(Utf8JsonWriter json)
    {
        switch (Value)
        {
            case string text: json.WriteStringValue(text); break;
            case long number: json.WriteNumberValue(number); break;
            case bool truth: json.WriteBooleanValue(truth); break;
            case double number when double.IsFinite(number): json.WriteNumberValue(number); break;
            case JsonValue[] values:
                json.WriteStartArray();
                foreach (JsonValue value in values) value.Write(json);
                json.WriteEndArray();
                break;
            default: json.WriteNullValue(); break;
        }
    }
}

/// <summary>Figures by snake_case names, in the order they were added.</summary>
internal sealed class JsonSummary
{
    private readonly List<(string Name, JsonValue Value)> entries = [];

    /// <summary>Adds a figure; a name can be used once.</summary>
    public void Add(string name, JsonValue value)
    {
        if (name.Length == 0 || name.Any(
            c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '_'))
        {
            throw new ArgumentException($"'{name}' is not snake_case.");
        }

        if (entries.Any(e => e.Name == name))
        {
            throw new ArgumentException($"'{name}' is there already.");
        }
        entries.Add((name, value));
    }

    /// <summary>The object as indented JSON with a final newline.</summary>
    public override string ToString()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(
            stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            foreach (var (name, value) in entries)
            {
                json.WritePropertyName(name);
                value.Write(json);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    /// <summary>Writes the object to a file, whole or not at all.</summary>
    public void WriteTo(string path) => OutputFile.Write(path, ToString());
}
