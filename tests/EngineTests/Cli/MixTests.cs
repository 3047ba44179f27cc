// engine train and test on several sets at once, and on tasks whose ways and shots vary.
using System.Text.Json;

namespace Engine.Tests.Cli;

public sealed class MixTests : IDisposable
{
    private const string Mix = "mix:glyphs,ucidigits";

    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void EachSetIsJudgedByItself()
    {
        string run = In("run"), file = In("figures.json");
        Outcome outcome = EngineCommand.Train(
            run, "--data", Mix, "--eval-tasks", "9", "--image-size", "16", "--json", file)
            .Succeeds();
        JsonElement json = EngineCommand.Json(file);
        Assert.Equal(
            ["glyphs", "UCI digits"],
            json.GetProperty("sets").EnumerateArray().Select(s => s.GetString()));
        Assert.Contains("1 x 16 x 16", json.GetProperty("data").GetString());
        double[] each = EngineCommand.Numbers(json.GetProperty("accuracy_per_set"));
        double[] intervals = EngineCommand.Numbers(json.GetProperty("ci95_per_set"));
        Assert.Equal(2, each.Length);
        Assert.Equal(each.Average(), json.GetProperty("accuracy_after").GetDouble(), 12);
        Assert.Equal(
            Math.Sqrt(intervals.Sum(h => h * h)) / 2, json.GetProperty("ci95").GetDouble(), 12);
        Assert.Equal(
            EngineCommand.Numbers(json.GetProperty("accuracy_per_set_before")).Average(),
            json.GetProperty("accuracy_before").GetDouble(), 12);
        Assert.Equal(10, json.GetProperty("eval_tasks_after").GetInt32());
        Assert.Contains("of 5 tasks", outcome.Output);
        Assert.Contains(
            "Accuracy on each set", File.ReadAllText(Path.Combine(run, "report.html")));

        // The run knows its sets: tested again, it has the same figures.
        EngineCommand.Run("test", run, "--eval-tasks", "9", "--json", file).Succeeds();
        Assert.Equal(each, EngineCommand.Numbers(
            EngineCommand.Json(file).GetProperty("accuracy_per_set")));

        // On one of them alone, and on another mix that is brought to the model's shape.
        EngineCommand.Run(
            "test", run, "--eval-tasks", "4", "--data", "mix:mnist,fontdigits", "--json", file)
            .Succeeds();
        json = EngineCommand.Json(file);
        Assert.Equal(
            ["MNIST (2,000)", "font digits"],
            json.GetProperty("sets").EnumerateArray().Select(s => s.GetString()));
        Assert.Contains("1 x 16 x 16", json.GetProperty("data").GetString());
    }

    [Fact]
    public void AFileOfColouredImagesMixesWithGreyOnes()
    {
        string file = In("figures.json");
        EngineCommand.Train(
            In("run"), "--data", $"mix:mnist,{Coloured(12)}", "--ways", "2", "--json", file)
            .Succeeds();
        Assert.Contains("1 x 28 x 28", EngineCommand.Json(file).GetProperty("data").GetString());
        EngineCommand.Train(
            In("other"), "--data", $"mix:{Coloured(12)},ucidigits", "--ways", "2", "--json", file)
            .Succeeds();
        Assert.Contains("3 x 16 x 16", EngineCommand.Json(file).GetProperty("data").GetString());
    }

    [Fact]
    public void AResumedRunHasTheBitsOfAnUninterruptedOne()
    {
        string[] options = ["--data", Mix, "--train-ways", "2..3", "--train-shots", "1,2"];
        EngineCommand.Train(In("whole"), [.. options, "--iterations", "6"]).Succeeds();
        EngineCommand.Train(In("half"), [.. options, "--iterations", "2"]).Succeeds();
        EngineCommand.Run("train", "--resume", In("half"), "--iterations", "6").Succeeds();
        byte[] Model(string run) =>
            File.ReadAllBytes(Path.Combine(In(run), "model.safetensors"));
        Assert.Equal(Model("whole"), Model("half"));
    }

    [Theory]
    [InlineData("maml")]
    [InlineData("maml++")]
    [InlineData("reptile")]
    [InlineData("cavia")]
    [InlineData("meta-transfer --pretrain-steps 2")]
    [InlineData("protonet")]
    [InlineData("matching")]
    [InlineData("relation")]
    [InlineData("r2d2")]
    public void MethodsTakeMixesOfTasksOfSeveralForms(string method)
    {
        string file = In("figures.json");
        EngineCommand.Train(
            In("run"), ["--method", .. method.Split(' '), "--data", Mix, "--train-ways", "2..3",
                "--train-shots", "2", "--json", file]).Succeeds();
        JsonElement json = EngineCommand.Json(file);
        Assert.Equal(2, json.GetProperty("accuracy_per_set").GetArrayLength());
        Assert.Contains("2 or 3-way in training", json.GetProperty("task").GetString());
    }

    [Theory]
    [InlineData("mix:glyphs", "'mix:glyphs' is no mix; name two sets or more")]
    [InlineData("mix:glyphs,,mnist", "is no mix")]
    [InlineData("mix:glyphs,mnist,glyphs", "glyphs is in the mix twice; name each set once")]
    [InlineData(
        "mix:glyphs,ucidigits --ways 8",
        "ways: 8 exceeds the 2 classes of UCI digits, training; choose at most 2")]
    [InlineData("mix:glyphs,mnist --train-classes 5", "each set of a mix is divided by its own")]
    [InlineData(
        "mix:glyphs,mnist --train-ways 2..4 --train-shots 1..3", "these are 9 forms of tasks")]
    [InlineData("mix:glyphs,mnist --train-ways 4..2", "give a whole number from 2 up, a range")]
    [InlineData("mix:glyphs,mnist --train-ways 1..3", "give a whole number from 2 up, a range")]
    [InlineData("mix:glyphs,mnist --train-shots 1,,2", "give a whole number from 1 up, a range")]
    [InlineData(
        "mix:glyphs,mnist --method maml++ --train-ways 2..4", "maml++ has 2 at most")]
    public void WrongMixesSayWhatToDo(string data, string expected) => EngineCommand.Train(
        In("run"), ["--data", .. data.Split(' ')]).FailsWith(2, expected);

    [Fact]
    public void WhatIsNotThereOrCannotBeBroughtTogetherIsNamed()
    {
        EngineCommand.Train(In("run"), "--data", $"mix:glyphs,{In("none")}")
            .FailsWith(1, $"{In("none")}: no such folder");
        EngineCommand.Train(In("run"), "--data", $"mix:glyphs,{Coloured(12, channels: 2)}")
            .FailsWith(2, "images of 2 channels cannot have 1; only grey (1) becomes red");
        EngineCommand.Train(
            In("run"), "--data", $"mix:{Coloured(12, width: 9)},glyphs").FailsWith(
            2, "are 16 x 9; the networks take square ones. --image-size 84 makes all images");
    }

    /// <summary>Classes of ten random images, as an IDX set.</summary>
    private string Coloured(int classes, byte channels = 3, byte width = 16)
    {
        const int each = 10, height = 16;
        string set = In($"set{channels}x{width}");
        if (Directory.Exists(set)) return set;
        var images = new byte[classes * each * channels * height * width];
        new Random(1).NextBytes(images);
        Directory.CreateDirectory(set);
        File.WriteAllBytes(Path.Combine(set, "x-images.idx"), [
            0, 0, 8, 4, 0, 0, 0, (byte)(classes * each), 0, 0, 0, channels, 0, 0, 0, height, 0, 0,
            0, width, .. images]);
        File.WriteAllBytes(Path.Combine(set, "x-labels.idx"), [
            0, 0, 8, 1, 0, 0, 0, (byte)(classes * each),
            .. Enumerable.Range(0, classes * each).Select(i => (byte)(i / each))]);
        return set;
    }

    private string In(string name) => Path.Combine(folder, name);
}
