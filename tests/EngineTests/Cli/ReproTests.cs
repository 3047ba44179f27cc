// engine repro: the list, and every classification experiment on embedded data in its quick form.
using System.Text.Json;
using Engine.Cli;

namespace Engine.Tests.Cli;

public sealed class ReproTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public static TheoryData<string> Glyphs =>
        [.. ClassificationTable.All.Where(e => !e.Omniglot).Select(e => e.Name)];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void TheListNamesEveryExperimentOnce()
    {
        string[] names = EngineCommand.Run("repro", "--list").Succeeds().Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(ReproVerb.All(EngineCommand.Choices).Select(r => r.Name), names);
        Assert.Equal(names.Distinct(), names);
        Assert.Contains("sinusoid", names);
        Assert.Contains("omniglot-5w1s-maml", names);
        Assert.Contains("glyphs-fomaml", names);
    }

    [Theory, MemberData(nameof(Glyphs))]
    public void AnExperimentSaysWhatItMustSay(string name)
    {
        string file = In("figures.json"), page = In("page.html");
        Outcome outcome = EngineCommand.Run(
            "repro", name, "--quick", "--iterations", "1", "--json", file, "--html", page)
            .Succeeds();
        JsonElement json = EngineCommand.Json(file);
        Assert.Equal(name, json.GetProperty("name").GetString());
        foreach (string key in (string[])["value", "ci95", "seconds"])
            Assert.InRange(json.GetProperty(key).GetDouble(), 0, 1000);
        Assert.Equal(1, json.GetProperty("seeds").GetInt32());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("published").ValueKind);
        Assert.NotEmpty(json.GetProperty("batch_norm").GetString()!);
        string order = json.GetProperty("order").GetString()!;
        JsonElement error = json.GetProperty("order_error");
        if (order == "none") Assert.Equal(JsonValueKind.Null, error.ValueKind);
        else Assert.True(error.GetDouble() >= 0);
        Assert.Equal(name.EndsWith("imaml", StringComparison.Ordinal), order == "implicit");
        foreach (string control in (string[])["control_sgd", "control_adam"])
        {
            Assert.Equal(Adapts(name), json.TryGetProperty(control, out JsonElement _));
            Assert.Equal(Adapts(name), json.TryGetProperty($"{control}_rate", out JsonElement _));
        }

        Assert.False(json.GetProperty("interrupted").GetBoolean());
        Assert.Contains("as:", outcome.Output);
        string html = File.ReadAllText(page);
        foreach (string text in (string[])
            [name, "expected at this length", "batch norm", "order of differentiation"])
            Assert.Contains(text, html);
        Assert.Equal(Adapts(name), html.Contains("Adam from random"));
    }

    [Theory]
    [InlineData("glyphs-oml")]
    [InlineData("series-metalstm")]
    [InlineData("omniglot-5w1s-maml")]
    [InlineData("omniglot-5w1s-meta-transfer")]
    [InlineData("omniglot-5w1s-protonet")]
    [InlineData("omniglot-20w1s-fomaml")]
    public void OtherExperimentsSayTheSame(string name)
    {
        bool omniglot = name.StartsWith("omniglot", StringComparison.Ordinal);
        string file = In("figures.json");
        EngineCommand.Run([
            "repro", name, "--quick", "--iterations", "1", "--json", file,
            .. omniglot ? (string[])["--data", SmallOmniglot()] : []]).Succeeds();
        JsonElement json = EngineCommand.Json(file);
        foreach (string key in (string[])["name", "published", "batch_norm", "order"])
            Assert.True(json.TryGetProperty(key, out JsonElement _), key);
        foreach (string key in (string[])["value", "ci95", "seeds", "order_error", "seconds"])
            Assert.InRange(json.GetProperty(key).GetDouble(), 0, 1e4);
        Assert.Equal(name, json.GetProperty("name").GetString());
        if (omniglot) // four fifths of 125
            Assert.Equal(100, json.GetProperty("train_classes").GetInt32());
    }

    [Theory]
    [InlineData("glyphs-protonet")]
    [InlineData("omniglot-5w1s-meta-transfer")]
    public void TheCommandThatIsPrintedTrainsTheSame(string name)
    {
        string file = In("figures.json"), again = In("again.json");
        EngineCommand.Run([
            "repro", name, "--quick", "--iterations", "1", "--seed", "3", "--json", file,
            .. name.StartsWith("omniglot", StringComparison.Ordinal)
                ? (string[])["--data", SmallOmniglot()] : []]).Succeeds();
        string command = EngineCommand.Json(file).GetProperty("as").GetString()!;
        EngineCommand.Run(
            [.. command.Split(' ').Skip(1), "--out", In("run"), "--json", again]).Succeeds();
        Assert.Equal(
            EngineCommand.Json(file).GetProperty("value").GetDouble(),
            EngineCommand.Json(again).GetProperty("accuracy_after").GetDouble());
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public void OnlyATrainingOfThatLengthIsExpectedToReachIt(int iterations, bool expected)
    {
        string page = In("page.html");
        using var output = new StringWriter();
        var context = new VerbContext(output, CancellationToken.None, threads: 1);
        var experiment = new ClassificationExperiment(
            "made-up", "--ways 2 --method protonet --filters 4 --train-ways 2", 1, null, (12, 34),
            Omniglot: false, Quick: "");
        new ClassificationRepro(experiment, EngineCommand.Choices).Run(
            new() { Iterations = iterations, Seeds = 1, Quick = true, Html = page }, context);
        Assert.Equal(expected, output.ToString().Contains("12 to 34 %"));
        Assert.Equal(expected, File.ReadAllText(page).Contains("12 to 34 %"));
        Assert.Equal(expected, context.Summary.ToString().Contains("\"expected\""));
    }

    [Fact]
    public void SeedsThatWereFinishedBeforeTheEndAreKept()
    {
        string file = In("figures.json");
        using var stop = new CancellationTokenSource();
        using var output = ActingWriter.Cancelling("seed 1: step", stop);
        EngineCommand.Run(output, stop.Token, [
            "repro", "glyphs-protonet", "--quick", "--iterations", "2", "--seeds", "3", "--json",
            file]).Succeeds();
        JsonElement json = EngineCommand.Json(file);
        Assert.True(json.GetProperty("interrupted").GetBoolean());
        Assert.Equal(1, json.GetProperty("finished_seeds").GetInt32());
        Assert.Equal(1, json.GetProperty("value_per_seed").GetArrayLength());
    }

    [Fact]
    public void ThePointMassSaysWhatItMustSay()
    {
        string file = In("figures.json");
        EngineCommand.Run("repro", "pointmass", "--quick", "--json", file).Succeeds();
        JsonElement json = EngineCommand.Json(file);
        Assert.Equal("exact", json.GetProperty("order").GetString());
        Assert.InRange(json.GetProperty("order_error").GetDouble(), 0, 1e-6);
        Assert.Equal(-3.33, json.GetProperty("published").GetDouble());
        Assert.Equal(4, json.GetProperty("return_per_step").GetArrayLength());
    }

    [Theory]
    [InlineData("repro", "name an experiment; engine repro --list")]
    [InlineData("repro sinusoid --data x", "--data: sinusoid brings its own data")]
    [InlineData("repro glyphs-maml --data x", "--data: glyphs-maml brings its own data")]
    [InlineData("repro omniglot", "'omniglot' is not an experiment; engine repro --list")]
    [InlineData("repro omniglot-5w1s-maml", "--data: omniglot-5w1s-maml needs Omniglot's images")]
    public void WrongExperimentsAreWrongUse(string arguments, string expected) =>
        EngineCommand.Run(arguments.Split(' ')).FailsWith(2, expected);

    private static bool Adapts(string name) => name is not (
        "glyphs-protonet" or "glyphs-matching" or "glyphs-relation" or "glyphs-r2d2");

    /// <summary>125 classes of 16 noisy images, as an IDX set.</summary>
    private string SmallOmniglot()
    {
        const int classes = 125, each = 16, side = 16;
        var random = new Random(0);
        var images = new byte[classes * each * side * side];
        var labels = new byte[classes * each];
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = (byte)(i / each);
            for (int p = 0; p < side * side; p++)
                images[(i * side * side) + p] =
                    (byte)((p * (labels[i] + 3) % 11 * 18) + random.Next(60));
        }

        Directory.CreateDirectory(In("set"));
        File.WriteAllBytes(In("set/x-images.idx"),
            [0, 0, 8, 3, 0, 0, 7, 208, 0, 0, 0, side, 0, 0, 0, side, .. images]);
        File.WriteAllBytes(In("set/x-labels.idx"), [0, 0, 8, 1, 0, 0, 7, 208, .. labels]);
        return In("set");
    }

    private string In(string name) => Path.Combine(folder, name);
}
