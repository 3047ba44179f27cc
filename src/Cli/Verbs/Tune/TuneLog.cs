// trials.jsonl: what a search has measured, one JSON object a line, written at once, so that a
// search that is stopped goes on from it.
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Engine.Cli;

/// <summary>
/// What a setting reached after so many steps; null accuracy if its training diverged.
/// </summary>
internal sealed record TrialLine(int Trial, string Setting, int Steps, double? Accuracy);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TrialLine))]
internal sealed partial class TrialJson : JsonSerializerContext;

/// <summary>The lines of a search.</summary>
internal sealed class TuneLog(string path)
{
    private readonly List<TrialLine> lines = Read(path);

    public IReadOnlyList<TrialLine> Lines => lines;

    /// <summary>What a setting reached after so many steps, if that was measured.</summary>
    public TrialLine? Find(int trial, int steps) =>
        lines.Find(line => line.Trial == trial && line.Steps == steps);

    public void Append(TrialLine line)
    {
        lines.Add(line);
        var text = new StringBuilder();
        foreach (TrialLine each in lines)
            text.Append(JsonSerializer.Serialize(each, TrialJson.Default.TrialLine)).Append('\n');
        OutputFile.Write(path, text.ToString()); // whole or not at all
    }

    private static List<TrialLine> Read(string path)
    {
        if (!File.Exists(path)) return [];
        try
        {
            return
            [
                .. File.ReadLines(path).Select(text =>
                    JsonSerializer.Deserialize(text, TrialJson.Default.TrialLine)
                    ?? throw new JsonException("a line is null.")),
            ];
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw CliException.Fail(
                $"{path}: damaged or unreadable: {e.Message.ReplaceLineEndings(" ")} Name another "
                + "folder with --out.", e);
        }
    }
}
