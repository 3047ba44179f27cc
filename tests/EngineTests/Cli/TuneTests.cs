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

        // A kill may leave the last model ahead of the log.
        string log = In("whole/trials.jsonl");
        File.WriteAllLines(log, whole.SkipLast(1));
        Assert.Equal(
            whole, Tune("whole", "--trials", "4", "--factor", "2", "--iterations", "4"));

        // Models that are lost are trained again.
        File.WriteAllLines(log, whole.Take(3));
        foreach (string file in Directory.GetFiles(In("whole"), "trial-*.safetensors"))
            File.Delete(file);
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
        Assert.Equal(["--rate", "--inner-steps"],
            EngineCommand.Json(In("figures.json")).GetProperty("searched").EnumerateArray()
                .Select(n => n.GetString()));
    }

    [Theory]
    [InlineData("--method anil")]
    [InlineData("--test-steps 2")]
    [InlineData("--iterations 2")]
    [InlineData("--trials 3")]
    [InlineData("--validation-tasks 5")]
    [InlineData("--ways 3")]
    public void AnotherSearchOfTheSameFolderIsRefused(string other)
    {
        // Trial 0 has no values of its own, so that they cannot tell the searches apart.
        string[] Words(string arguments) =>
        [
            "tune", "--filters", "4", "--ways", "2", "--queries", "2", "--meta-batch", "2",
            "--trials", "2", "--iterations", "1", "--validation-tasks", "4", "--out", In("one"),
            .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        ];
        EngineCommand.Run(Words("")).Succeeds();
        string[] changed = Words(other);
        if (Array.IndexOf(changed, other.Split(' ')[0]) is var at && at < changed.Length - 2)
            changed = [.. changed[..at], .. changed[(at + 2)..]]; // an option is given once
        EngineCommand.Run(changed)
            .FailsWith(1, "holds another search; name another folder with --out");
        EngineCommand.Run(Words("")).Succeeds();
    }

    [Fact]
    public void OneSearchAtATimeWritesIntoAFolder()
    {
        Directory.CreateDirectory(In("one"));
        using var held = FolderLock.Take(In("one"));
        EngineCommand.Run([
            "tune", .. Small, "--trials", "2", "--iterations", "1", "--out", In("one")])
            .FailsWith(1, "another command is training in this folder");
    }

    [Fact]
    public void TheOuterRateIsSearchedAroundThatOfTheMethod()
    {
        var rate = new OptionSet<RunOptions>().Specs.Single(o => o.Name == "--rate");
        foreach (double usual in (double[])[1, 4e-3])
        {
            var space = new SearchSpace(rate, usual, [], _ => null);
            double[] drawn = [.. Enumerable.Range(1, 200).Select(
                trial => double.Parse(space.Draw(0, trial).Values["--rate"]) / usual)];
            Assert.InRange(drawn.Min(), 0.099, 0.13);
            Assert.InRange(drawn.Max(), 4, 5.01);
        }
    }

    [Theory]
    [InlineData("--seconds 3", "--seconds: a search is measured in steps")]
    [InlineData("--trials 1", "--trials: '1' is wrong")]
    [InlineData("--eval-tasks 9", "--eval-tasks: a search does not test")]
    [InlineData("--method protonet --rate 0.1", "--rate: nothing is left to search")]
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
        Assert.Equal(["exact", "first"], Texts(json, "order"));
        Assert.Equal(["transductive", "transductive"], Texts(json, "batch_norm"));
        Assert.InRange(json.GetProperty("order_error")[0].GetDouble(), 0, 1e-4);
        Assert.All(EngineCommand.Numbers(json.GetProperty("training_seconds")),
            s => Assert.True(s >= 1, $"{s} seconds"));
        Assert.False(json.GetProperty("interrupted").GetBoolean());
    }

    [Fact]
    public void WhatAnnealsIsComparedAtAsManyStepsAsFit()
    {
        // As long as the others, not its 1,500 steps: that many would take minutes here.
        string file = In("figures.json");
        EngineCommand.Run([
            "compare", "maml++,maml:schedule=cosine", .. Small[..^2], "--seconds", "2",
            "--eval-tasks", "2", "--html", In("c.html"), "--json", file]).Succeeds();
        JsonElement json = EngineCommand.Json(file);
        Assert.All(
            EngineCommand.Numbers(json.GetProperty("steps")), s => Assert.InRange(s, 1, 1000));
        Assert.Equal(["transductive", "transductive"], Texts(json, "batch_norm"));
    }

    [Fact]
    public void AContenderThatDivergesIsNamedAndTheOthersGoOn()
    {
        string file = In("figures.json");
        Outcome outcome = EngineCommand.Run([
            "compare", "maml:rate=1e30,maml", .. Small[..^2], "--seconds", "1",
            "--eval-tasks", "2", "--html", In("c.html"), "--json", file]).Succeeds();
        JsonElement json = EngineCommand.Json(file);
        Assert.Contains("diverged at step", outcome.Output);
        Assert.Contains("diverged at step", File.ReadAllText(In("c.html")));
        Assert.Equal(JsonValueKind.Null, json.GetProperty("accuracy")[0].ValueKind);
        Assert.True(json.GetProperty("diverged_at")[0].GetInt32() > 0);
        Assert.InRange(json.GetProperty("accuracy")[1].GetDouble(), 0, 1);
    }

    [Fact]
    public void ComparisonsThatAreStoppedKeepWhatIsFinished()
    {
        string file = In("figures.json");
        using var stop = new CancellationTokenSource();
        using var output = ActingWriter.Cancelling("maml:inner-rate=0.3:", stop);
        EngineCommand.Run(output, stop.Token, [
            "compare", "maml:inner-rate=0.3,maml", .. Small[..^2], "--seconds", "1",
            "--eval-tasks", "2", "--html", In("c.html"), "--json", file]).Succeeds();
        Assert.Equal(["maml:inner-rate=0.3"], Texts(EngineCommand.Json(file), "methods"));
        Assert.True(EngineCommand.Json(file).GetProperty("interrupted").GetBoolean());
    }

    [Fact]
    public void APageThatCannotBeWrittenIsFoundAtTheStart()
    {
        foreach (string[] command in
            new[] { new[] { "compare", "maml,anil" }, ["repro", "glyphs-maml"] })
        {
            EngineCommand.Run([.. command, "--html", In("none/page.html")])
                .FailsWith(2, "--html: the folder of", "does not exist");
            EngineCommand.Run([.. command, "--html", folder])
                .FailsWith(2, "--html:", "is a folder; name a file in it");
        }
    }

    [Theory]
    [InlineData("maml", "give two methods or more")]
    [InlineData("maml,mamal", "'mamal' is wrong")]
    [InlineData("maml,maml:order", "'order' of maml:order is wrong; give NAME=VALUE")]
    [InlineData("maml,maml:speed=3", "maml does not take --speed")]
    [InlineData("maml,maml:ways=2", "--ways is the same for all methods")]
    [InlineData("maml,maml:seconds=2", "--seconds is the same for all methods")]
    [InlineData("maml,maml:iterations=2", "--iterations: methods are compared at equal time")]
    public void WrongComparisonsAreWrongUse(string names, string expected) =>
        EngineCommand.Run("compare", names).FailsWith(2, expected);

    private string[] Tune(string name, params string[] arguments)
    {
        EngineCommand.Run([
            "tune", .. Small, "--validation-tasks", "4", "--out", In(name), "--json",
            In("figures.json"), .. arguments]).Succeeds();
        return File.ReadAllLines(In(name + "/trials.jsonl"));
    }

    private static IEnumerable<string> Texts(JsonElement json, string name) =>
        json.GetProperty(name).EnumerateArray().Select(text => text.GetString()!);

    private string In(string name) => Path.Combine(folder, name);
}
