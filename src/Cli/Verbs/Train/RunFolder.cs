// The folder of one training run. A run never writes into a folder that another has used.
using System.Globalization;
using System.Text.Json;

namespace Engine.Cli;

internal sealed class RunFolder : IDisposable
{
    /// <summary>Which networks a run began with, where it chose among several.</summary>
    public const string Starts = "starts.json";

    private const string Metrics = "metrics.jsonl";

    // What a run has before it has done anything.
    private static readonly string[] Beginnings = [RunConfig.File, Metrics, Starts];

    private readonly bool made;
    private FolderLock? held;

    private RunFolder(string path, bool made) => (FullPath, this.made) = (path, made);

    /// <summary>Absolute path of the folder.</summary>
    public string FullPath { get; }

    /// <summary>The trained model.</summary>
    public string ModelPath => PathOf("model.safetensors");

    /// <summary>The state of training, to resume from.</summary>
    public string CheckpointPath => PathOf("checkpoint.safetensors");

    /// <summary>The metrics, one JSON object a line.</summary>
    public string MetricsPath => PathOf(Metrics);

    /// <summary>The report.</summary>
    public string ReportPath => PathOf("report.html");

    /// <summary>
    /// Makes the folder of a path, which must be new or empty; without a path runs/DATE-TIME, with
    /// a number after it if two runs start in the same second.
    /// </summary>
    public static RunFolder Create(string? path, DateTime now)
    {
        if (path is not null)
        {
            return TryClaim(Path.GetFullPath(path)) ?? throw CliException.Use(
                $"--out: {path} holds files already; name a new folder.");
        }

        string name = now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        for (int i = 1; ; i++)
        {
            string candidate =
                Path.GetFullPath(Path.Combine("runs", i == 1 ? name : $"{name}-{i}"));
            if (TryClaim(candidate) is { } folder) return folder;
        }
    }

    /// <summary>The folder of an earlier run.</summary>
    public static RunFolder Open(string path) => new(Path.GetFullPath(path), made: false);

    /// <summary>
    /// Keeps other commands from training in the folder until disposed of. A process that is killed
    /// lets go of it too.
    /// </summary>
    /// <exception cref="CliException">Another command trains in it.</exception>
    public void Lock() => held = FolderLock.Take(FullPath);

    /// <summary>
    /// Whether there is nothing to go on from: settings and metrics at most, and the lock.
    /// </summary>
    public bool IsUnused => Directory.EnumerateFileSystemEntries(FullPath)
        .Select(Path.GetFileName).All(file => file == FolderLock.Name || Beginnings.Contains(file));

    /// <summary>
    /// Removes a new run that has not trained: its files, and the folder if it was made here.
    /// </summary>
    public void Abandon()
    {
        Dispose();
        try
        {
            foreach (string file in Beginnings) File.Delete(PathOf(file));
            if (made && !Directory.EnumerateFileSystemEntries(FullPath).Any())
                Directory.Delete(FullPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What cannot be deleted stays; why the run ended matters more.
        }
    }

    public void Dispose() => held?.Dispose();

    /// <summary>Path of a file in the folder.</summary>
    public string PathOf(string file) => Path.Combine(FullPath, file);

    /// <summary>Replaces a file whole or not at all.</summary>
    public void Replace(string file, Action<Stream> write) => OutputFile.Write(PathOf(file), write);

    /// <summary>Reads what was written as JSON into a file of the folder.</summary>
    /// <exception cref="CliException">
    /// It is missing or damaged; the advice says what to do.
    /// </exception>
    public T ReadJson<T>(string file, string advice, JsonSerializerOptions? options = null)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllBytes(PathOf(file)), options)
                ?? throw new JsonException("it is null");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw CliException.Fail($"{PathOf(file)}: missing or damaged; {advice}.", e);
        }
    }

    /// <summary>
    /// What a file holds, or what is made and kept in it now: what a run once chose stays so.
    /// </summary>
    /// <exception cref="CliException">The file is damaged.</exception>
    public T Once<T>(
        string file, string advice, Func<T> make, JsonSerializerOptions? options = null)
    {
        if (File.Exists(PathOf(file))) return ReadJson<T>(file, advice, options);
        T made = make();
        Replace(file, stream => JsonSerializer.Serialize(stream, made, options));
        return made;
    }

    /// <summary>Writes config.json.</summary>
    public void WriteConfig(JsonSummary config) => config.WriteTo(PathOf(RunConfig.File));

    /// <summary>Writes report.html.</summary>
    public void WriteReport(ReportData report) =>
        OutputFile.Write(ReportPath, HtmlReport.Render(report));

    /// <summary>Opens metrics.jsonl.</summary>
    public MetricsLog OpenMetrics() => new(MetricsPath);

    /// <summary>
    /// Makes the folder ours, or returns null if it is in use. The exclusive creation of the
    /// metrics file decides between two processes.
    /// </summary>
    private static RunFolder? TryClaim(string path)
    {
        try
        {
            bool made = !Directory.Exists(path);
            Directory.CreateDirectory(path);
            if (Directory.EnumerateFileSystemEntries(path).Any()) return null;
            string metrics = Path.Combine(path, Metrics);
            try
            {
                new FileStream(metrics, FileMode.CreateNew).Dispose();
            }
            catch (IOException) when (File.Exists(metrics))
            {
                return null;
            }

            return new RunFolder(path, made);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Fail(
                $"--out: {path} cannot be written: {e.Message.ReplaceLineEndings(" ")} Name "
                + "another folder.",
                e);
        }
    }
}
