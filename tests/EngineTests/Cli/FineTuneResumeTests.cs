// Runs of engine finetune that were stopped go on with the bits of one that was not, and never as
// another run.
using System.Text.Json.Nodes;

namespace Engine.Tests.Cli;

public sealed class FineTuneResumeTests : IDisposable
{
    private const string Own = "seed-0: step", Source = "seed 0, source: step";

    private static readonly string[] Quick =
    [
        "--data", "mnist:200", "--few", "3", "--steps", "8", "--batch", "8", "--looks", "8",
        "--source", "fontdigits:200", "--source-steps", "4", "--network", "lenet",
    ];

    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    // By its fourth step a gradual run has had groups join, and looks at every one.
    [Theory]
    [InlineData(Source, "gradual", 1)]
    [InlineData(Own, "gradual", 4)]
    [InlineData(Own, "lora", 1)]
    public void ARunThatWasStoppedEndsAsOneThatWasNot(string line, string plan, int stops)
    {
        string[] options = [.. Quick, "--seeds", "1", "--plan", plan, "--rate", "0.003"];
        EngineCommand.Run(["finetune", .. options, "--out", In("whole")]).Succeeds();
        Stop(line, ["finetune", .. options, "--out", In("parts")]);
        for (int i = 1; i < stops; i++) Stop(line, ["finetune", "--resume", In("parts")]);
        Assert.Single(Directory.GetFiles(In("parts"), "*-state.safetensors"));
        EngineCommand.Run("finetune", "--resume", In("parts")).Succeeds();
        Assert.Equal(
            File.ReadAllBytes(In("whole/seed-0-model.safetensors")),
            File.ReadAllBytes(In("parts/seed-0-model.safetensors")));
        Assert.Equal(Looks("whole"), Looks("parts"));
        Assert.Equal(
            File.ReadAllText(In("whole/metrics.jsonl")),
            File.ReadAllText(In("parts/metrics.jsonl")));
        Assert.Equal(12, File.ReadAllLines(In("parts/metrics.jsonl")).Length);
        Assert.Empty(Directory.GetFiles(In("parts"), "*-state.safetensors"));

        string Looks(string run) => EngineCommand.Json(In($"{run}/seed-0.json"))
            .GetProperty("Looks").GetRawText();
    }

    [Fact]
    public void RatesOfOneRunAreNotMixed()
    {
        Stop(Own, ["finetune", .. Quick, "--seeds", "2", "--out", In("run")]);
        string file = In("run/rate.json"), text = File.ReadAllText(file);
        JsonNode rate = JsonNode.Parse(text)!;
        rate["Rate"] = 0.5;
        File.WriteAllText(file, rate.ToJsonString());
        EngineCommand.Run("finetune", "--resume", In("run"))
            .FailsWith(1, "was stopped at the rate", "but the run's is now 0.5");
        File.WriteAllText(file, text);
        Stop("seed-1: step", ["finetune", "--resume", In("run")]);
        File.Delete(file);
        EngineCommand.Run("finetune", "--resume", In("run"))
            .FailsWith(1, "seed-0.json: was tuned at the rate", "(rate.json)");
        File.WriteAllText(file, text);
        EngineCommand.Run("finetune", "--resume", In("run")).Succeeds();
    }

    [Fact]
    public void ARunKeepsTheNetworksThatItBeganWith()
    {
        string[] two = [.. AdaptTests.Tiny("mcc")[..^1], "2"];
        EngineCommand.Run(["adapt", .. two, "--out", In("adapted")]).Succeeds();
        string second = In("adapted/seed-1-model.safetensors"), away = In("away");
        string[] options =
        [
            "finetune", "--model", In("adapted"), "--data", "mnist:200", "--few", "3",
            "--steps", "8", "--batch", "8", "--seeds", "2", "--rate", "0.003", "--out",
        ];
        // While the adaptation has finished one seed, both seeds start from it.
        File.Move(second, away);
        EngineCommand.Run([.. options, In("whole")]).Succeeds();
        Stop(Own, [.. options, In("parts")]);
        File.Move(away, second);
        EngineCommand.Run("finetune", "--resume", In("parts")).Succeeds();
        foreach (int seed in (int[])[0, 1])
            Assert.Equal(
                File.ReadAllBytes(In($"whole/seed-{seed}-model.safetensors")),
                File.ReadAllBytes(In($"parts/seed-{seed}-model.safetensors")));
    }

    [Fact]
    public void ARunWithoutStepsCanBeStopped()
    {
        EngineCommand.Run(["adapt", .. AdaptTests.Tiny("none"), "--out", In("run")]).Succeeds();
        using var stopped = new CancellationTokenSource();
        stopped.Cancel();
        EngineCommand.Run(stopped.Token, [
            "finetune", "--model", In("run"), "--data", "mnist:200", "--few", "3", "--plan",
            "probe", "--out", In("probed")])
            .FailsWith(130, "stopped before anything was made; nothing is kept");
        Assert.False(Directory.Exists(In("probed")));
    }

    [Fact]
    public void ARateThatIsTooHighIsNamed()
    {
        EngineCommand.Run([
            "finetune", .. Quick, "--seeds", "1", "--rate", "1e9", "--out", In("run")])
            .FailsWith(1, "seed-0: training diverged at step", "Lower --rate.");
        // The start that it made is worth keeping.
        Assert.True(File.Exists(In("run/seed-0-start.safetensors")));
    }

    private void Stop(string line, string[] words)
    {
        using var stop = new CancellationTokenSource();
        using var output = ActingWriter.Cancelling(line, stop);
        EngineCommand.Run(output, stop.Token, words).FailsWith(130, "engine finetune --resume");
    }

    private string In(string name) => Path.Combine(folder, name);
}
