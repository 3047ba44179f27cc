// Reads texts with labels, such as the intents of requests, and makes classes of vectors of them.
using System.Collections.Immutable;
using System.Text.Json;

namespace Engine.Data;

/// <summary>A text and its label.</summary>
public sealed record LabelledText(string Text, string Label);

/// <summary>
/// Reads labelled texts from files, plain or gzip: CSV with a column of texts and one of labels
/// (banking77: text, category), or JSON whose parts are lists of [text, label] (clinc150).
/// </summary>
public static class TextClasses
{
    /// <summary>The texts of a CSV file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="text">The column of texts.</param>
    /// <param name="label">The column of labels.</param>
    /// <param name="separator">What stands between fields.</param>
    /// <exception cref="DataException">Not such a file; line and column are named.</exception>
    public static ImmutableArray<LabelledText> ReadCsv(
        string path, string text = "text", string label = "label", char separator = ',') =>
        TextFiles.Read(path, reader => ReadCsv(reader, path, text, label, separator));

    /// <summary>
    /// The texts of a JSON file: an object whose members are lists of [text, label].
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="parts">
    /// Members to read, such as "train"; if none is named, all but those out of scope, whose names
    /// begin with "oos".
    /// </param>
    /// <exception cref="DataException">Not such a file.</exception>
    public static ImmutableArray<LabelledText> ReadJson(string path, params string[] parts) =>
        TextFiles.Read(path, reader => ReadJson(reader, path, parts));

    /// <summary>A class of vectors for each label, in the order of the labels.</summary>
    /// <param name="name">What to call the set.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="ngrams">How a text becomes a vector.</param>
    /// <param name="group">The group of a label, such as its domain.</param>
    public static VectorClasses ToVectors(
        string name, IReadOnlyList<LabelledText> texts, HashedNgrams? ngrams = null,
        Func<string, string>? group = null)
    {
        ngrams ??= new();
        var rows = new SortedDictionary<string, List<int>>(StringComparer.Ordinal);
        for (int i = 0; i < texts.Count; i++)
        {
            if (!rows.TryGetValue(texts[i].Label, out List<int>? list))
                rows[texts[i].Label] = list = [];
            list.Add(i);
        }

        return VectorClasses.From(
            name, ngrams.Length, texts.Select(t => ngrams.Of(t.Text)),
            rows.Select(r => new VectorClass(r.Key, group?.Invoke(r.Key) ?? "", [.. r.Value])));
    }

    internal static ImmutableArray<LabelledText> ReadCsv(
        TextReader reader, string path, string text, string label, char separator)
    {
        var csv = new CsvReader(path, reader, separator);
        int textColumn = csv.Column(text), labelColumn = csv.Column(label);
        var all = ImmutableArray.CreateBuilder<LabelledText>();
        while (csv.Read())
        {
            if (string.IsNullOrWhiteSpace(csv[textColumn]))
                throw csv.Error(textColumn, "the text is missing.");
            if (string.IsNullOrWhiteSpace(csv[labelColumn]))
                throw csv.Error(labelColumn, "the label is missing.");
            all.Add(new(csv[textColumn], csv[labelColumn].Trim()));
        }

        return NotEmpty(path, all);
    }

    internal static ImmutableArray<LabelledText> ReadJson(
        TextReader reader, string path, string[] parts)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(reader.ReadToEnd());
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw NotParts(path);
            var all = ImmutableArray.CreateBuilder<LabelledText>();
            IEnumerable<string> members = document.RootElement.EnumerateObject()
                .Select(member => member.Name)
                .Where(member => !member.StartsWith("oos", StringComparison.Ordinal));
            foreach (string part in parts.Length > 0 ? parts : members)
            {
                if (!document.RootElement.TryGetProperty(part, out JsonElement list)
                    || list.ValueKind != JsonValueKind.Array)
                {
                    throw new DataException(
                        $"{path}: has no list '{part}'; it has {string.Join(", ",
                            document.RootElement.EnumerateObject().Select(m => m.Name).Take(20))}.");
                }

                int entry = 0;
                foreach (JsonElement pair in list.EnumerateArray())
                {
                    all.Add(Pair(pair) ?? throw new DataException(
                        $"{path}: entry {entry} of '{part}' is not [text, label]."));
                    entry++;
                }
            }

            return NotEmpty(path, all);
        }
        // Half of a surrogate pair is JSON, but no text: that is an InvalidOperationException.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new DataException($"{path}: is not JSON: {DataFiles.OneLine(e)}", e);
        }
    }

    private static LabelledText? Pair(JsonElement pair) =>
        pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() == 2
        && pair[0].ValueKind == JsonValueKind.String && pair[1].ValueKind == JsonValueKind.String
            ? new(pair[0].GetString()!, pair[1].GetString()!) : null;

    private static DataException NotParts(string path) => new(
        $"{path}: should be an object whose members are lists of [text, label].");

    private static ImmutableArray<LabelledText> NotEmpty(
        string path, ImmutableArray<LabelledText>.Builder all) => all.Count > 0
        ? all.ToImmutable() : throw new DataException($"{path}: holds no texts.");
}
