// Run folders, their files, JSON and progress lines.
using System.Text.Json;
using Engine.Cli;

namespace Engine.Tests.Cli;

public sealed class RunFolderTests : IDisposable
{
    private static readonly DateTime Noon = new(2030, 1, 2, 12, 0, 0);
    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void ARunNeverWritesIntoAnothers()
    {
        string path = Path.Combine(folder, "deep", "run");
        var run = RunFolder.Create(path, Noon);
        Assert.True(File.Exists(run.PathOf("metrics.jsonl")));
        var e = Assert.Throws<CliException>(() => RunFolder.Create(path, Noon));
        Assert.Equal(2, e.ExitCode);
        Assert.Contains("holds files already; name a new folder", e.Message);
    }

    [Fact]
    public void AFolderThatCannotBeMadeIsOneLine()
    {
        string file = Path.Combine(folder, "file");
        File.WriteAllText(file, "");
        var e =
            Assert.Throws<CliException>(() => RunFolder.Create(Path.Combine(file, "run"), Noon));
        Assert.Equal(1, e.ExitCode);
        Assert.Contains("cannot be written", e.Message);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void AFailedReplacementKeepsTheOldFile()
    {
        var run = RunFolder.Create(Path.Combine(folder, "run"), Noon);
        run.Replace("model", s => s.Write([1, 2]));
        Assert.Throws<InvalidOperationException>(() => run.Replace("model", s =>
        {
            s.Write([3]);
            throw new InvalidOperationException();
        }));
        Assert.Equal([1, 2], File.ReadAllBytes(run.PathOf("model")));
        run.Replace("model", s => s.Write([4]));
        Assert.Equal([4], File.ReadAllBytes(run.PathOf("model")));
        Assert.Equal(2, Directory.GetFiles(run.FullPath).Length);
    }

    [Fact]
    public void AFolderThatVanishedIsOneLine()
    {
        var run = RunFolder.Create(Path.Combine(folder, "run"), Noon);
        Directory.Delete(run.FullPath, recursive: true);
        Assert.Contains(
            "cannot be written",
            Assert.Throws<CliException>(() => run.Replace("model", s => s.Write([1]))).Message);
        Assert.Contains(
            "cannot be written", Assert.Throws<CliException>(() => run.OpenMetrics()).Message);
    }

    [Fact]
    public void ErrorsNameTheFileThatWasAskedFor()
    {
        string path = Path.Combine(folder, "none", "model");
        var e = Assert.Throws<CliException>(() => OutputFile.Write(path, "text"));
        Assert.StartsWith($"{path}: cannot be written: ", e.Message);
        Assert.DoesNotContain(".part", e.Message);
    }

    [Fact]
    public void FilesAreCheckedWithoutATrace()
    {
        string path = Path.Combine(folder, "figures.json");
        OutputFile.Check(path);
        Assert.Empty(Directory.GetFiles(folder));
        File.WriteAllText(path, "old");
        OutputFile.Check(path);
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Throws<CliException>(() => OutputFile.Check(folder));
        Assert.Throws<CliException>(
            () => OutputFile.Check(Path.Combine(folder, new string('a', 300))));
        Assert.Single(Directory.GetFiles(folder));
    }

    [Fact]
    public void OneCommandAtATimeTrainsInAFolder()
    {
        string path = Path.Combine(folder, "run");
        using (var run = RunFolder.Create(path, Noon))
        {
            run.Lock();
            using var other = RunFolder.Open(path);
            Assert.Contains(
                "another command is training in this folder",
                Assert.Throws<CliException>(other.Lock).Message);
        }

        using (var later = RunFolder.Open(path)) later.Lock();
        Assert.Equal(["metrics.jsonl"], Directory.GetFiles(path).Select(Path.GetFileName));
    }

    [Fact]
    public void AnAbandonedRunLeavesWhatWasThere()
    {
        string made = Path.Combine(folder, "made"), given = Path.Combine(folder, "given");
        Directory.CreateDirectory(given);
        foreach (string path in new[] { made, given })
        {
            using var run = RunFolder.Create(path, Noon);
            run.Lock();
            run.WriteConfig(new JsonSummary());
            run.Abandon();
        }

        Assert.False(Directory.Exists(made));
        Assert.Empty(Directory.GetFileSystemEntries(given));
    }

    [Fact]
    public void TheReportIsWritten()
    {
        var run = RunFolder.Create(Path.Combine(folder, "run"), Noon);
        run.WriteReport(SampleReport.Make());
        Assert.StartsWith("<!DOCTYPE html>", File.ReadAllText(run.ReportPath));
    }

    [Fact]
    public void MetricsAreOneObjectALineAtOnce()
    {
        var run = RunFolder.Create(Path.Combine(folder, "run"), Noon);
        using var log = run.OpenMetrics();
        log.Append(new(Step: 1, Loss: 1.5));
        log.Append(new(Step: 2, Loss: double.NaN, ValidationAccuracy: 0.25));
        using var reader = new StreamReader(new FileStream(
            run.PathOf("metrics.jsonl"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        Assert.Equal("{\"step\":1,\"loss\":1.5}", reader.ReadLine());
        Assert.Equal(
            "{\"step\":2,\"loss\":null,\"validation_accuracy\":0.25}", reader.ReadLine());
        Assert.Null(reader.ReadLine());
    }

    [Fact]
    public void SummariesKeepOrderAndRefuseBadNames()
    {
        var summary = new JsonSummary();
        summary.Add("accuracy_after", 0.83);
        summary.Add("mse_5shot", new[] { 0.8, double.PositiveInfinity });
        summary.Add("exact", true);
        summary.Add("data", null);
        using var json = JsonDocument.Parse(summary.ToString());
        Assert.Equal(
            ["accuracy_after", "mse_5shot", "exact", "data"],
            json.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("mse_5shot")[1].ValueKind);
        Assert.Throws<ArgumentException>(() => summary.Add("Accuracy", 1));
        Assert.Throws<ArgumentException>(() => summary.Add("exact", false));
    }

    [Fact]
    public void ProgressElsewhereIsPlainLines()
    {
        using var output = new StringWriter { NewLine = "\n" };
        int result = ProgressBar.Run("train", output, null, progress =>
        {
            progress.Note("hello");
            for (int i = 1; i <= 100; i++) progress.Report(new ProgressState(i, 100, 16 * i, 0.5));
            return 7;
        });
        Assert.Equal(7, result);
        var lines = output.ToString().TrimEnd().Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.Equal("hello", lines[0]);
        Assert.StartsWith("train: step 1 of 100, 16 tasks, ", lines[1]);
    }

    [Fact]
    public void ResumedProgressCountsItsOwnSteps() => Assert.Equal(
        "step 60 of 100, 960 tasks, 16.0 tasks/s, loss 0.500, 0:40 left",
        ProgressBar.Describe(
            new ProgressState(60, 100, 960, 0.5, Before: 50), TimeSpan.FromSeconds(10), null));

    [Theory]
    [InlineData(
        50, 100L, 10, null, "step 50 of 100, 800 tasks, 80.0 tasks/s, loss 0.500, 0:10 left")]
    [InlineData(50, null, 30, 90.0, "step 50, 800 tasks, 26.7 tasks/s, loss 0.500, 1:00 left")]
    [InlineData(
        1, 3601L, 1, null, "step 1 of 3,601, 16 tasks, 16.0 tasks/s, loss 0.500, 1:00:00 left")]
    [InlineData(50, null, 1, null, "step 50, 800 tasks, 800.0 tasks/s, loss 0.500")]
    [InlineData(50, null, 20, 10.0, "step 50, 800 tasks, 40.0 tasks/s, loss 0.500, 0:00 left")]
    public void ProgressTellsRateAndTimeLeft(
        long step, long? steps, int seconds, double? limit, string expected)
    {
        TimeSpan? end = limit is { } l ? TimeSpan.FromSeconds(l) : null;
        Assert.Equal(expected, ProgressBar.Describe(
            new ProgressState(step, steps, 16 * step, 0.5), TimeSpan.FromSeconds(seconds), end));
    }
}
