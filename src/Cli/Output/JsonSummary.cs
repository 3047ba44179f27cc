// One JSON object of figures, for --json and config.json. System.Text.Json generates the code that
// writes it.
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Engine.Cli;

/// <summary>Figures by snake_case names, in the order they were added.</summary>
internal sealed class JsonSummary
{
    private readonly OrderedDictionary<string, object?> entries = [];

    /// <summary>
    /// Adds a number, a text, a truth, a list of numbers or an object; a name is used once.
    /// </summary>
    public void Add(string name, object? value)
    {
        if (name.Length == 0 || name.Any(
            c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '_'))
        {
            throw new ArgumentException($"'{name}' is not snake_case.");
        }

        if (!entries.TryAdd(name, value))
            throw new ArgumentException($"'{name}' is there already.");
    }

    /// <summary>The object as indented JSON with a final newline.</summary>
    public override string ToString() => JsonSerializer.Serialize(
        entries, SummaryJson.Default.OrderedDictionaryStringObject) + "\n";

    /// <summary>Writes the object to a file, whole or not at all.</summary>
    public void WriteTo(string path) => OutputFile.Write(path, ToString());
}

/// <summary>The types of figures.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true, NewLine = "\n", Converters = [typeof(FiniteOrNull)])]
[JsonSerializable(typeof(OrderedDictionary<string, object?>))]
[JsonSerializable(typeof(bool))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(double))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(long[]))]
[JsonSerializable(typeof(double[]))]
[JsonSerializable(typeof(double[][]))]
internal sealed partial class SummaryJson : JsonSerializerContext;

/// <summary>Writes NaN and infinities, which JSON lacks, as null.</summary>
internal sealed class FiniteOrNull : JsonConverter<double>
{
    public override double Read(
        ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.GetDouble();

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
    {
        if (double.IsFinite(value)) writer.WriteNumberValue(value);
        else writer.WriteNullValue();
    }
}
