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
            Assert.Equal(Adapts(name), json.TryGetProperty(control, out JsonElement _));
        Assert.Contains("as:", outcome.Output);
        Assert.Contains(name, File.ReadAllText(page));
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
    [InlineData("repro omniglot", "'omniglot' is not an experiment; engine repro --list")]
    [InlineData("repro omniglot-5w1s-maml", "--data: omniglot-5w1s-maml needs Omniglot's images")]
    public void WrongExperimentsAreWrongUse(string arguments, string expected) =>
        EngineCommand.Run(arguments.Split(' ')).FailsWith(2, expected);

    private static bool Adapts(string name) => name is not (
        "glyphs-protonet" or "glyphs-matching" or "glyphs-relation" or "glyphs-r2d2");

    private string In(string name) => Path.Combine(folder, name);
}
