// engine train, test and gradcheck from end to end, with tiny settings.
using System.Text.Json;
using Engine.Nn;

namespace Engine.Tests.Cli;

public sealed class TrainingTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void ARunLeavesItsFilesAndFigures()
    {
        string run = In("run"), file = In("figures.json");
        Outcome outcome = EngineCommand.Train(run, "--json", file).Succeeds();
        foreach (string name in new[]
        {
            "config.json", "metrics.jsonl", "model.safetensors", "checkpoint.safetensors",
            "report.html",
        })
            Assert.True(new FileInfo(Path.Combine(run, name)).Length > 0, name);
        Assert.Equal(5, Directory.GetFiles(run).Length);

        JsonElement json = EngineCommand.Json(file);
        foreach (string name in new[]
        {
            "accuracy_before", "accuracy_after", "accuracy_scratch", "ci95", "seconds",
            "order_error",
        })
            Assert.Equal(JsonValueKind.Number, json.GetProperty(name).ValueKind);
        Assert.Equal("exact", json.GetProperty("order").GetString());
        Assert.Equal("transductive", json.GetProperty("batch_norm").GetString());
        Assert.InRange(json.GetProperty("order_error").GetDouble(), 0, 1e-4);
        Assert.Equal(4, json.GetProperty("accuracy_per_step").GetArrayLength());
        Assert.Equal(3, json.GetProperty("steps").GetInt32());
        Assert.Contains("accuracy after training:", outcome.Output);

        string[] losses = [.. File.ReadLines(Path.Combine(run, "metrics.jsonl"))
            .Where(l => l.Contains("\"loss\""))];
        Assert.Equal(3, losses.Length);
        string report = File.ReadAllText(Path.Combine(run, "report.html"));
        Assert.Contains("An example episode", report);
        Assert.Contains("Accuracy by inner step", report);
    }

    [Fact]
    public void ATrainedModelIsTested()
    {
        string run = In("run"), file = In("figures.json"), trained = In("trained.json");
        EngineCommand.Train(run, "--json", trained).Succeeds();
        EngineCommand.Run("test", run, "--eval-tasks", "4", "--json", file).Succeeds();
        JsonElement json = EngineCommand.Json(file);
        Assert.InRange(json.GetProperty("accuracy").GetDouble(), 0, 1);
        Assert.Equal(4, json.GetProperty("accuracy_per_step").GetArrayLength());

        // With the seed that training had, on the same tasks, the same figure comes out.
        EngineCommand.Run("test", Path.Combine(run, "model.safetensors"),
            "--eval-tasks", "4", "--json", file).Succeeds();
        Assert.Equal(
            EngineCommand.Json(trained).GetProperty("accuracy_after").GetDouble(),
            EngineCommand.Json(file).GetProperty("accuracy").GetDouble());
        EngineCommand.Run("test", run, "--ways", "9").FailsWith(2, "exceeds the 3 outputs");
    }

    [Fact]
    public void TestingTakesTheTasksOfTheRun()
    {
        string run = In("run"), file = In("figures.json"), trained = In("trained.json");
        EngineCommand.Train(run, "--seed", "7", "--json", trained).Succeeds();
        Outcome same =
            EngineCommand.Run("test", run, "--eval-tasks", "4", "--json", file).Succeeds();
        Assert.Contains("7, that of the run", same.Output);
        Assert.Equal(7, EngineCommand.Json(file).GetProperty("seed").GetInt32());
        Assert.Equal(
            EngineCommand.Json(trained).GetProperty("accuracy_after").GetDouble(),
            EngineCommand.Json(file).GetProperty("accuracy").GetDouble());
        foreach (string[] other in new[] { new[] { "--seed", "8" }, ["--queries", "3"] })
            Assert.DoesNotContain("that of the run", EngineCommand.Run(
                ["test", run, "--eval-tasks", "4", .. other]).Succeeds().Output);
    }

    [Fact]
    public void AResumedRunEndsWhereAnUninterruptedOneDoes()
    {
        string whole = In("whole"), parts = In("parts");
        EngineCommand.Train(whole, "--iterations", "6").Succeeds();
        EngineCommand.Train(parts, "--iterations", "3").Succeeds();

        // What a killed run wrote after its checkpoint does not count, nor does half a line.
        File.AppendAllText(Path.Combine(parts, "metrics.jsonl"),
            "{\"step\":4,\"tasks\":8,\"loss\":9,\"seconds\":1}\n{\"step\":5,\"ta");
        EngineCommand.Run("train", "--resume", parts, "--iterations", "6").Succeeds();
        foreach (string name in new[] { "model.safetensors", "checkpoint.safetensors" })
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(whole, name)),
                File.ReadAllBytes(Path.Combine(parts, name)));
        Assert.Equal(Losses(whole), Losses(parts));
    }

    [Fact]
    public void ResumingRefusesWhatCannotBe()
    {
        string run = In("run");
        EngineCommand.Run("--resume", run).FailsWith(1, "config.json: not there");
        EngineCommand.Train(run).Succeeds();
        EngineCommand.Run("--resume", run).FailsWith(2, "has taken 3 of 3 steps already");
        EngineCommand.Run("--resume", run, "--ways", "4").FailsWith(2, "--ways: a run is resumed");
        string checkpoint = Path.Combine(run, "checkpoint.safetensors");
        File.WriteAllBytes(checkpoint, File.ReadAllBytes(checkpoint)[..^5]);
        EngineCommand.Run("--resume", run, "--iterations", "5").FailsWith(1, "is damaged");
        File.Copy(Path.Combine(run, "model.safetensors"), checkpoint, overwrite: true);
        EngineCommand.Run("--resume", run, "--iterations", "5")
            .FailsWith(1, "another kind of model");
    }

    [Fact]
    public void DivergenceKeepsTheLastGoodModel()
    {
        string run = In("run");
        EngineCommand.Train(run, "--rate", "1e30", "--iterations", "50")
            .FailsWith(
                1, "training diverged", "at step", "--diverging skip", "--clip-norm",
                "model.safetensors");
        EngineCommand.Run("test", run, "--eval-tasks", "2").Succeeds();
        foreach (Tensor weights in
            SafeTensors.Read(Path.Combine(run, "model.safetensors")).Tensors.Values)
            Assert.InRange(weights.Abs().Max().Item(), 0, 100);
    }

    [Fact]
    public void CtrlCKeepsTheModel()
    {
        using var stop = new CancellationTokenSource();
        using var output = ActingWriter.Cancelling("train: step 1", stop);
        string run = In("run"), file = In("figures.json");
        EngineCommand.Run(output, stop.Token,
            [.. EngineCommand.Tiny, "--iterations", "100000", "--out", run, "--json", file])
            .FailsWith(2, "--iterations");

        string[] tiny = [.. EngineCommand.Tiny.Select(o => o == "3" ? "100000" : o)];
        tiny[^1] = "3";
        EngineCommand.Run(output, stop.Token, [.. tiny, "--out", run, "--json", file]).Succeeds();
        Assert.True(EngineCommand.Json(file).GetProperty("interrupted").GetBoolean());
        Assert.InRange(EngineCommand.Json(file).GetProperty("steps").GetInt32(), 1, 1000);
        Assert.Equal(5, Directory.GetFiles(run).Length);
        EngineCommand.Run("test", run, "--eval-tasks", "2").Succeeds();
    }

    [Fact]
    public void StoppingBeforeTrainingIsOneLine()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        EngineCommand.Run(stop.Token, [.. EngineCommand.Tiny, "--out", In("run")])
            .FailsWith(130, "stopped");
    }

    [Fact]
    public void StoppingBeforeTrainingLeavesNoNewRunAndAnOldOneAsItWas()
    {
        string run = In("run");
        using (var stop = new CancellationTokenSource())
        using (var output = ActingWriter.Cancelling("order of diff", stop))
        {
            EngineCommand.Run(output, stop.Token, [.. EngineCommand.Tiny, "--out", run])
                .FailsWith(130, "stopped before training; nothing is kept");
        }

        Assert.False(Directory.Exists(run));
        EngineCommand.Train(run).Succeeds();
        File.AppendAllText(Path.Combine(run, "metrics.jsonl"), "{\"step\":4,\"loss\":9}\n");
        byte[][] before = Contents();
        using (var stop = new CancellationTokenSource())
        using (var output = ActingWriter.Cancelling("order of diff", stop))
        {
            EngineCommand.Run(
                output, stop.Token, ["train", "--resume", run, "--iterations", "6"])
                .FailsWith(130, "stopped before training", "is as it was");
        }

        Assert.Equal(before, Contents());

        byte[][] Contents() =>
            [.. Directory.GetFiles(run).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
    }

    [Fact]
    public void PreTrainingSaysHowFarItIsAndCanBeStopped()
    {
        string run = In("run");
        using var stop = new CancellationTokenSource();
        using var output = ActingWriter.Cancelling("pre-train: step 1 of 3,000", stop);
        EngineCommand.Run(output, stop.Token,
            [.. EngineCommand.Tiny, "--method", "meta-transfer", "--out", run])
            .FailsWith(130, "stopped before training; nothing is kept");
        Assert.False(Directory.Exists(run));
    }

    [Fact]
    public void AScheduleWithoutAnEndLeavesNoFolder()
    {
        EngineCommand.Run(
            "train", "--schedule", "cosine", "--filters", "4", "--out", In("run"))
            .FailsWith(2, "--iterations: with --schedule cosine");
        Assert.False(Directory.Exists(In("run")));
    }

    [Fact]
    public void StoppingInTheLastTestShortensIt()
    {
        string run = In("run"), file = In("figures.json");
        using var stop = new CancellationTokenSource();
        using var output = ActingWriter.Cancelling("ended by the user", stop);
        string[] tiny = [.. EngineCommand.Tiny];
        tiny[Array.IndexOf(tiny, "--eval-tasks") + 1] = "120";
        EngineCommand.Run(output, stop.Token, [.. tiny, "--out", run, "--json", file]).Succeeds();
        Assert.Equal(100, EngineCommand.Json(file).GetProperty("eval_tasks_after").GetInt32());
        Assert.True(File.Exists(Path.Combine(run, "report.html")));
    }

    [Fact]
    public void AResumedScheduleKeepsItsEndUnlessAnotherIsAskedFor()
    {
        string run = In("run"), file = In("figures.json");
        using (var stop = new CancellationTokenSource())
        using (var output = ActingWriter.Cancelling("train: step 1", stop))
        {
            EngineCommand.Run(output, stop.Token,
                [.. EngineCommand.Tiny, "--schedule", "cosine", "--out", run]).Succeeds();
        }

        Outcome outcome = EngineCommand.Run(
            "--resume", run, "--seconds", "100", "--json", file).Succeeds();
        Assert.Equal(3, EngineCommand.Json(file).GetProperty("steps").GetInt32());
        Assert.DoesNotContain("schedule now ends", outcome.Output);
        Assert.Contains("the schedule now ends at step 5", EngineCommand.Run(
            "--resume", run, "--iterations", "5").Succeeds().Output);
    }

    [Fact]
    public void ARunFolderThatVanishesWhileTrainingIsOneLine()
    {
        // A file in the place of the folder: nobody, root included, can write into it.
        string run = In("run");
        using var output = new ActingWriter("train: step 1", () =>
        {
            Directory.Delete(run, recursive: true);
            File.WriteAllText(run, "");
        });
        EngineCommand.Run(output, CancellationToken.None, [.. EngineCommand.Tiny, "--out", run])
            .FailsWith(1, "model.safetensors cannot be written");
        Assert.Equal("", File.ReadAllText(run));
    }

    [Fact]
    public void FiguresOfAResumedRunAreTotalsWithThoseOfTheSession()
    {
        string run = In("run"), whole = In("whole.json"), file = In("figures.json");
        EngineCommand.Train(In("whole"), "--iterations", "20", "--json", whole).Succeeds();
        EngineCommand.Train(run, "--iterations", "8").Succeeds();
        EngineCommand.Run("--resume", run, "--iterations", "20", "--json", file).Succeeds();
        JsonElement json = EngineCommand.Json(file);
        Assert.Equal(20, json.GetProperty("steps").GetInt32());
        Assert.Equal(40, json.GetProperty("tasks").GetInt32());
        Assert.Equal(12, json.GetProperty("session_steps").GetInt32());
        Assert.Equal(24, json.GetProperty("session_tasks").GetInt32());
        double session = json.GetProperty("session_seconds").GetDouble();
        Assert.True(json.GetProperty("training_seconds").GetDouble() > session);
        Assert.Equal(
            24 / session, json.GetProperty("tasks_per_second").GetDouble(),
            tolerance: 1e-9 / session);
        Assert.Equal(
            EngineCommand.Json(whole).GetProperty("loss").GetDouble(),
            json.GetProperty("loss").GetDouble());
        double[] validated = EngineCommand.Numbers(json.GetProperty("validation_tasks"));
        Assert.True(validated.Min() < 16 && validated.Max() == 40, string.Join(", ", validated));
        Assert.False(EngineCommand.Json(whole).TryGetProperty("session_steps", out _));
    }

    [Fact]
    public void ThreadsChangeNothingButTime()
    {
        string one = In("one"), two = In("two"), file = In("figures.json");
        EngineCommand.Train(one, "--threads", "1", "--json", file).Succeeds();
        Assert.Equal(1, EngineCommand.Json(file).GetProperty("threads").GetInt32());
        EngineCommand.Train(two, "--threads", "2").Succeeds();
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(one, "model.safetensors")),
            File.ReadAllBytes(Path.Combine(two, "model.safetensors")));
    }

    [Fact]
    public void FirstOrderIsSaid()
    {
        string file = In("figures.json");
        EngineCommand.Train(In("run"), "--order", "first", "--json", file).Succeeds();
        Assert.Equal("first", EngineCommand.Json(file).GetProperty("order").GetString());
        Assert.True(EngineCommand.Json(file).GetProperty("order_error").GetDouble() > 1e-3);
    }

    [Fact]
    public void DerivativesAreRight()
    {
        string file = In("figures.json");
        Outcome outcome = EngineCommand.Run("gradcheck", "--json", file).Succeeds();
        Assert.InRange(EngineCommand.Json(file).GetProperty("worst_error").GetDouble(), 0, 1e-6);
        Assert.Contains("maml_mlp", outcome.Output);
    }

    private string In(string name) => Path.Combine(folder, name);

    private static double[] Losses(string run) =>
        [.. File.ReadLines(Path.Combine(run, "metrics.jsonl"))
            .Select(l => JsonDocument.Parse(l).RootElement)
            .Where(l => l.TryGetProperty("loss", out _))
            .Select(l => l.GetProperty("loss").GetDouble())];
}
