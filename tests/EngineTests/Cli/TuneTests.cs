// engine tune and engine compare: searches that can be stopped and repeated, methods side by side.
using System.Text.Json;
using Engine.Cli;

namespace Engine.Tests.Cli;

public sealed class TuneTests : IDisposable
{
    private static readonly string[] Small =
        ["--filters", "4", "--ways", "2", "--queries", "2", "--meta-batch", "2"];

    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(9, 90, 3, "9x10 3x30 1x90")]
    [InlineData(5, 8, 2, "5x1 3x2 2x4 1x8")]
    [InlineData(2, 1, 3, "2x1 1x1")]
    public void RoundsHalveSettingsAndLengthen(int trials, int steps, int factor, string expected) =>
        Assert.Equal(expected, string.Join(
            ' ', Halving.Rounds(trials, steps, factor).Select(r => $"{r.Settings}x{r.Steps}")));

    [Fact]
    public void ASearchThatWasStoppedGoesOnToTheSameResult()
    {
        string[] whole = Tune("whole", "--trials", "4", "--factor", "2", "--iterations", "4");
        Assert.Equal(4 + 2 + 1, whole.Length);
        Assert.Equal(4, whole.Count(line => line.Contains("\"steps\":1")));
        JsonElement json = EngineCommand.Json(In("figures.json"));
        Assert.Equal(["--rate", "--inner-steps", "--inner-rate"],
            json.GetProperty("searched").EnumerateArray().Select(n => n.GetString()));
        Assert.InRange(json.GetProperty("validation_accuracy").GetDouble(), 0, 1);
        string page = File.ReadAllText(In("whole/report.html"));
        Assert.Contains("Every setting", page);
        Assert.Contains("By --inner-rate", page);

        // Forget all but the first three lines: the models stay ahead of the log, as after a kill.
        string log = In("whole/trials.jsonl");
        File.WriteAllLines(log, whole.Take(3));
        foreach (string file in Directory.GetFiles(In("whole"), "trial-*.safetensors").Skip(3))
            File.Delete(file);
        foreach (string file in (string[])["trial-0", "trial-1", "trial-2"])
            File.Delete(In($"whole/{file}.safetensors"));
        Assert.Equal(
            whole, Tune("whole", "--trials", "4", "--factor", "2", "--iterations", "4"));
        EngineCommand.Run([
            "tune", .. Small, "--trials", "4", "--factor", "2", "--iterations", "4", "--seed", "9",
            "--out", In("whole")]).FailsWith(1, "holds another search");
    }

    [Fact]
    public void WhatIsTypedIsNotSearched()
    {
        Tune("typed", "--trials", "2", "--iterations", "1", "--inner-rate", "0.3");
        Assert.DoesNotContain("--inner-rate", File.ReadAllText(In("typed/trials.jsonl")));
    }

    [Theory]
    [InlineData("--seconds 3", "--seconds: a search is measured in steps")]
    [InlineData("--trials 1", "--trials: '1' is wrong")]
    [InlineData("--train-classes 490 --iterations 1", "too few classes to validate on")]
    public void WrongSearchesAreWrongUse(string arguments, string expected) =>
        EngineCommand.Run(["tune", "--out", In("x"), .. arguments.Split(' ')])
            .FailsWith(2, expected);

    [Fact]
    public void MethodsAreComparedAtEqualTime()
    {
        string file = In("figures.json"), page = In("compare.html");
        EngineCommand.Run([
            "compare", "maml,maml:order=first:rate=0.001", .. Small[..^2], "--seconds", "1",
            "--eval-tasks", "4", "--html", page, "--json", file]).Succeeds();
        JsonElement json = EngineCommand.Json(file);
        Assert.Equal(2, json.GetProperty("accuracy").GetArrayLength());
        Assert.All(EngineCommand.Numbers(json.GetProperty("steps")), s => Assert.True(s > 0));
        Assert.Contains("maml:order=first:rate=0.001", File.ReadAllText(page));
    }

    [Theory]
    [InlineData("maml", "give two methods or more")]
    [InlineData("maml,mamal", "'mamal' is wrong")]
    [InlineData("maml,maml:order", "'order' of maml:order is wrong; give NAME=VALUE")]
    [InlineData("maml,maml:speed=3", "maml does not take --speed")]
    public void WrongComparisonsAreWrongUse(string names, string expected) =>
        EngineCommand.Run("compare", names).FailsWith(2, expected);

    private string[] Tune(string name, params string[] arguments)
    {
        EngineCommand.Run([
            "tune", .. Small, "--validation-tasks", "4", "--out", In(name), "--json",
            In("figures.json"), .. arguments]).Succeeds();
        return File.ReadAllLines(In(name + "/trials.jsonl"));
    }

    private string In(string name) => Path.Combine(folder, name);
}
