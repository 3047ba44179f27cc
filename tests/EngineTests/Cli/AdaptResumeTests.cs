// Runs of engine adapt that were stopped, killed or moved go on with the bits of one that was not.
using System.Text.Json;
using Engine.Nn;

namespace Engine.Tests.Cli;

public sealed class AdaptResumeTests : IDisposable
{
    private const string Own = "seed-0: step", First = "seed-0, source only: step";

    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    // With as many looks as steps the first step has one, and a chosen model.
    private static string[] Tiny(string method)
    {
        string[] options = AdaptTests.Tiny(method);
        options[Array.IndexOf(options, "--looks") + 1] = "6";
        return options;
    }

    [Theory]
    [InlineData("mcc", Own)]
    [InlineData("mcc", First)]
    [InlineData("mcd", Own)]
    [InlineData("adda", Own)]
    [InlineData("kmm", Own)]
    public void ARunThatWasStoppedEndsAsOneThatWasNot(string method, string line)
    {
        string[] options = Tiny(method);
        EngineCommand.Run(["adapt", .. options, "--out", In("whole")]).Succeeds();
        Stop(line, options);
        string state = In(line == First
            ? "parts/seed-0-control-state.safetensors" : "parts/seed-0-state.safetensors");
        var (_, metadata) = SafeTensors.Read(state);
        Assert.Equal("1", metadata["step"]);
        if (line == Own)
        {
            Assert.Contains("\"Step\":1", metadata["notes"]);
            Assert.True(File.Exists(In("parts/seed-0-control.safetensors")));
        }

        EngineCommand.Run("adapt", "--resume", In("parts")).Succeeds();
        foreach (string file in (string[])["model", "model-on-source", "control"])
            Assert.Equal(
                File.ReadAllBytes(In($"whole/seed-0-{file}.safetensors")),
                File.ReadAllBytes(In($"parts/seed-0-{file}.safetensors")));
        Assert.Equal(Method("whole"), Method("parts"));
        Assert.Equal(
            File.ReadAllText(In("whole/metrics.jsonl")),
            File.ReadAllText(In("parts/metrics.jsonl")));
        Assert.Empty(Directory.GetFiles(In("parts"), "*-state.safetensors"));

        string Method(string run) => EngineCommand.Json(In($"{run}/seed-0.json"))
            .GetProperty("Method").GetRawText();
    }

    [Fact]
    public void AStateStaysUntilItsResultIsOnDisk()
    {
        Stop(Own, Tiny("mcc"));
        // A folder in the place of the result: it cannot be written.
        Directory.CreateDirectory(In("parts/seed-0.json"));
        EngineCommand.Run("adapt", "--resume", In("parts")).FailsWith(1, "seed-0.json");
        Assert.True(File.Exists(In("parts/seed-0-state.safetensors")));
        Directory.Delete(In("parts/seed-0.json"));
        EngineCommand.Run("adapt", "--resume", In("parts")).Succeeds();
        Assert.False(File.Exists(In("parts/seed-0-state.safetensors")));
    }

    [Fact]
    public void WhatIsFinishedIsNotDoneAgain()
    {
        EngineCommand.Run(["adapt", .. AdaptTests.Tiny("none"), "--out", In("run")]).Succeeds();
        string seed = In("run/seed-0.json"), text = File.ReadAllText(seed);
        string control = In("run/seed-0-control.safetensors");
        DateTime written = File.GetLastWriteTimeUtc(control);
        // A session that was killed at its very end leaves its state.
        File.Copy(control, In("run/seed-0-state.safetensors"));
        EngineCommand.Run("adapt", "--resume", In("run")).Succeeds();
        Assert.Equal(text, File.ReadAllText(seed));
        Assert.Equal(written, File.GetLastWriteTimeUtc(control));
        Assert.False(File.Exists(In("run/seed-0-state.safetensors")));
        File.WriteAllText(seed, text[..(text.Length / 2)]);
        EngineCommand.Run("adapt", "--resume", In("run"))
            .FailsWith(1, "seed-0.json: missing or damaged; delete it to run this seed again");
        EngineCommand.Run("adapt", "--resume", In("run"), "--steps", "9")
            .FailsWith(2, "--steps: a run goes on with the settings that it began with");
        EngineCommand.Run("adapt", "--resume", In("nowhere"))
            .FailsWith(1, "not there; name the folder of a run of engine adapt");
    }

    [Fact]
    public void AConfigIsCheckedAsWhatIsTypedIs()
    {
        EngineCommand.Run(["adapt", .. AdaptTests.Tiny("mcc"), "--out", In("run")]).Succeeds();
        string config = In("run/config.json"), text = File.ReadAllText(config);
        Says(text.Replace("\"information\"", "\"eyes\""), "damaged", "--validator: 'eyes' is");
        Says(text.Replace("\"lenet\"", "\"vgg\""), "damaged", "--network: 'vgg' is wrong");
        Says(text.Replace("\"adapt\"", "\"tune\""), "it is of another verb, engine tune");
        Says(text[..^9], "damaged, or written by another version");
        Says("[]", "damaged, or written by another version");

        void Says(string wrong, params string[] expected)
        {
            File.WriteAllText(config, wrong);
            EngineCommand.Run("adapt", "--resume", In("run")).FailsWith(1, expected);
            EngineCommand.Run("analyse", In("run")).FailsWith(1, expected);
            EngineCommand.Run("finetune", "--model", In("run")).FailsWith(1, expected);
        }
    }

    // Whoever goes on from another working directory finds the same files.
    [Fact]
    public void ConfigsHoldWholePaths()
    {
        string[] typed = Vectors.Domains(folder);
        string Here(string path) => Path.GetRelativePath(Environment.CurrentDirectory, path);
        string run = In("run"), tuned = In("tuned");
        EngineCommand.Run([
            "adapt", "--source", Here(typed[1]), "--target", Here(typed[3]), "--source-test",
            $"{Here(typed[1])}@36..40", "--target-test", $"{Here(typed[3])}@30..40:9",
            "--features", "6", "--steps", "2", "--batch", "4", "--seeds", "1", "--out", run])
            .FailsWith(2, "--source-test: 4 of its 4 examples are those of --source as well");
        EngineCommand.Run([
            "adapt", "--source", $"{Here(typed[1])}@0..36", "--target", $"{Here(typed[3])}@0..30",
            "--source-test", $"{Here(typed[1])}@36..40", "--target-test",
            $"{Here(typed[3])}@30..40:9", "--features", "6", "--steps", "2", "--batch", "4",
            "--seeds", "1", "--out", run]).Succeeds();
        JsonElement config = EngineCommand.Json(In("run/config.json"));
        string Said(string name) => config.GetProperty(name).GetString()!;
        Assert.Equal($"{typed[1]}@0..36", Said("source"));
        Assert.Equal($"{typed[3]}@0..30", Said("target"));
        Assert.Equal($"{typed[1]}@36..40", Said("source_test"));
        Assert.Equal($"{typed[3]}@30..40:9", Said("target_test"));
        EngineCommand.Run("adapt", "--resume", run).Succeeds();

        EngineCommand.Run([
            "finetune", "--model", Here(run), "--data", Here(typed[3]), "--features", "6", "--few",
            "2", "--steps", "8", "--batch", "4", "--seeds", "1", "--rate", "0.01", "--out", tuned])
            .Succeeds();
        config = EngineCommand.Json(In("tuned/config.json"));
        Assert.Equal(run, Said("model"));
        Assert.Equal(typed[3], Said("data"));
        Assert.Equal(
            Path.GetFullPath("x"), new Engine.Cli.FineTuneOptions { Adapter = "x" }.Adapter);
        Assert.Equal(
            $"mobilenet:{Path.GetFullPath("x")}",
            new Engine.Cli.FineTuneOptions { Model = "mobilenet:x" }.Model);
    }

    private void Stop(string line, string[] options)
    {
        // The first line of progress ends the session at the first step.
        using var stop = new CancellationTokenSource();
        using var output = ActingWriter.Cancelling(line, stop);
        EngineCommand.Run(output, stop.Token, ["adapt", .. options, "--out", In("parts")])
            .FailsWith(130, "engine adapt --resume");
    }

    private string In(string name) => Path.Combine(folder, name);
}
