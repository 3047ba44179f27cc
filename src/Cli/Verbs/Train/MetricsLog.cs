// metrics.jsonl: one JSON object a line, written at once, so that a killed run keeps its metrics
// and another program can follow them.
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Engine.Cli;

/// <summary>
/// A line: the loss of a training step, or its losses by name, or an accuracy in validation. Where
/// a folder holds several trainings, Run says which one it is of.
/// </summary>
internal sealed record MetricsLine(
    long? Step = null, long? Tasks = null, double? Loss = null, double? Seconds = null,
    double? ValidationAccuracy = null, string? Run = null,
    IReadOnlyDictionary<string, double>? Losses = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(FiniteOrNull)])]
[JsonSerializable(typeof(MetricsLine))]
internal sealed partial class MetricsJson : JsonSerializerContext;

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
    }

    /// <summary>Writes one line.</summary>
    public void Append(MetricsLine line)
    {
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(line, MetricsJson.Default.MetricsLine);
        try
        {
            // One write, so that a reader never sees half a line.
            file.Write([.. text, (byte)'\n']);
            file.Flush();
        }
        catch (IOException e)
        {
            throw CliException.Fail($"{file.Name}: cannot be written: {e.Message}", e);
        }
    }

    /// <summary>
    /// Drops the lines of a training after a step: those a killed run wrote after its last
    /// checkpoint.
    /// </summary>
    public static void CutAfter(string path, long step, string? run = null)
    {
        var kept = new StringBuilder();
        foreach (var (text, line) in ReadLines(path))
        {
            if (line.Run != run || line.Step <= step) kept.Append(text).Append('\n');
        }

        OutputFile.Write(path, kept.ToString());
    }

    /// <summary>Seconds of training at the last line that has them; 0 if none has.</summary>
    public static double LastSeconds(string path) =>
        ReadLines(path).Select(l => l.Line.Seconds).OfType<double>().LastOrDefault();

    /// <summary>What a run has measured so far, in all its sessions.</summary>
    public static Curves ReadCurves(string path)
    {
        var loss = new List<(double, double)>();
        var validation = new List<(double, double)>();
        foreach (var (_, line) in ReadLines(path))
        {
            if (line.Tasks is not { } tasks) continue;
            if (line.Loss is { } l) loss.Add((tasks, l));
            if (line.ValidationAccuracy is { } v) validation.Add((tasks, v));
        }

        return new Curves(loss, validation);
    }

    /// <summary>Lines that are whole; a killed run may leave half a line at the end.</summary>
    private static List<(string Text, MetricsLine Line)> ReadLines(string path)
    {
        var lines = new List<(string, MetricsLine)>();
        if (!File.Exists(path)) return lines;
        using var reader = new StreamReader(
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (reader.ReadLine() is { } text)
        {
            try
            {
                if (JsonSerializer.Deserialize(text, MetricsJson.Default.MetricsLine) is { } line)
                    lines.Add((text, line));
            }
            catch (JsonException)
            {
                // Half a line: the step it tells of is not in the checkpoint either.
            }
        }

        return lines;
    }

    public void Dispose() => file.Dispose();
}
