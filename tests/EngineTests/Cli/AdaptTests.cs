// engine adapt in its smallest form: figures, a run that goes on, what it refuses.
using System.Collections.Immutable;
using System.Text.Json;
using Engine.Cli;
using Engine.Transfer;

namespace Engine.Tests.Cli;

public sealed class AdaptTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Options of a run that takes a second.</summary>
    public static string[] Tiny(string method) =>
    [
        "--method", method, "--source", "fontdigits:200", "--target", "mnist:100",
        "--target-test", "ucidigits:60", "--network", "lenet", "--batch", "8", "--steps", "6",
        .. method == "none" ? (string[])[] : ["--looks", "3"], "--seeds", "1",
    ];

    [Theory]
    [InlineData("domain", 0.69, 0.9, 1, null)]
    [InlineData("domain", 0.001, 0.9, 1, "the critic's loss ended at 0.001 (0.693 is chance): it "
        + "tells the domains apart, and the features do not heed it.")]
    [InlineData("critic", 9.5, 0.9, 1, "the critic's loss ended at 9.500 (1.386 is chance): it "
        + "diverged; a lower --weight or --rate may help.")]
    [InlineData("similarity", 0.001, 0.9, 1, "the critic's loss ended at 0.001 (0.173 is chance): "
        + "it tells the domains apart, and the features do not heed it.")]
    [InlineData("similarity", 0.9, 0.9, 3, null)] // its chance is weighed as it is
    [InlineData("rebuild", 9.5, 0.9, 1, null)]
    [InlineData("domain", 0.69, 0.5, 1, "the run ended at 50.0 %, after it had reached 90.0 %: it "
        + "collapsed. See the report.")]
    public void WhatWentWrongIsSaid(
        string loss, double critic, double end, double weight, string? warning)
    {
        SeedFigures seed = Made(loss, critic, [0.9, end], chosen: 0, control: 0.6);
        Assert.Equal(
            warning is null ? [] : [warning], AdaptWarnings.Of(seed, weight));
    }

    [Fact]
    public void ARunThatIsBadFromItsFirstLookIsWarnedOf()
    {
        SeedFigures bad = Made("domain", 0.69, [0.1, 0.1], chosen: 1, control: 0.6);
        Assert.Equal(
            ["the chosen model has 10.0 %, but the control 60.0 %: adapting did harm."],
            AdaptWarnings.Of(bad, 1));
        SeedFigures end = Made("domain", 0.69, [0.55, 0.46], chosen: 0, control: 0.6);
        Assert.Equal(
            ["the run ended at 46.0 %, but the control has 60.0 %: adapting did harm."],
            AdaptWarnings.Of(end, 1));
        SeedFigures few = Made("domain", 0.69, [0.6, 0.6], 0, 0.6, predicted: 2.5);
        Assert.Equal(
            ["in the end predictions spread over 2.5 classes, labels over 10.0: they fell into a "
                + "few classes."],
            AdaptWarnings.Of(few, 1));
        Assert.Empty(AdaptWarnings.Of(Made("domain", 0.69, [0.6, 0.6], 0, 0.6, predicted: 6), 1));
    }

    [Fact]
    public void WarningsStandOnThePage()
    {
        RunFolder folder = RunFolder.Create(In("run"), DateTime.Now);
        AdaptOptions options = new();
        AdaptReport.Write(
            folder, options, AdaptVerb.Load(options, 0),
            [Made("domain", 0.69, [0.9, 0.5], chosen: 1, control: 0.9)]);
        string page = File.ReadAllText(folder.ReportPath);
        Assert.Contains("seed 3: the run ended at 50.0 %, after it had reached 90.0 %", page);
        Assert.Contains("seed 3: the chosen model has 50.0 %", page);
        Assert.Contains("of a single seed", page);
    }

    private static SeedFigures Made(
        string loss, double critic, double[] accuracies, int chosen, double control,
        double predicted = 9)
    {
        Look[] looks =
        [
            .. accuracies.Select((accuracy, i) => new Look(
                i + 1, [0.1, critic, -0.5], ImmutableDictionary<string, double>.Empty, 1, accuracy)
            {
                PredictedClasses = predicted,
            }),
        ];
        return new(
            3, 0.5, control, new(["task", loss, "information"], [.. looks], looks[chosen]), 1)
        {
            Classes = 10,
        };
    }

    [Fact]
    public void FiguresStandSideBySide()
    {
        string file = In("figures.json");
        string[] two = [.. Tiny("mcc")[..^1], "2"];
        Outcome outcome = EngineCommand.Run(
            ["adapt", .. two, "--out", In("run"), "--json", file]).Succeeds();
        JsonElement json = EngineCommand.Json(file);
        foreach (string name in (string[])["source_only", "control", "chosen", "oracle"])
        {
            double mean = json.GetProperty(name).GetDouble();
            Assert.InRange(mean, 0, 1);
            double[] seeds = EngineCommand.Numbers(json.GetProperty($"{name}_per_seed"));
            Assert.Equal(2, seeds.Length);
            Assert.Equal(mean, seeds.Average(), 1e-12);
        }

        double[] chosen = EngineCommand.Numbers(json.GetProperty("chosen_per_seed"));
        double[] best = EngineCommand.Numbers(json.GetProperty("oracle_per_seed"));
        for (int seed = 0; seed < 2; seed++)
        {
            JsonElement[] looks = [.. EngineCommand.Json(In($"run/seed-{seed}.json"))
                .GetProperty("Method").GetProperty("Looks").EnumerateArray()];
            Assert.Equal([2, 4, 6], looks.Select(l => l.GetProperty("Step").GetInt32()));
            double Accuracy(JsonElement look) => look.GetProperty("TargetAccuracy").GetDouble();
            Assert.Equal(looks.Max(Accuracy), best[seed]);
            Assert.Equal(
                Accuracy(looks.MaxBy(l => l.GetProperty("Scores").GetProperty("information")
                    .GetDouble())),
                chosen[seed]);
        }

        Assert.Equal("mcc", json.GetProperty("method").GetString());
        Assert.Equal("information", json.GetProperty("validator").GetString());
        Assert.Equal(
            StudentT.HalfInterval(chosen), json.GetProperty("ci95").GetDouble(), 1e-12);
        Assert.True(json.GetProperty("seconds").GetDouble() > 0);
        Assert.Contains("chosen by the validator", outcome.Output);
        string page = File.ReadAllText(In("run/report.html"));
        foreach (string text in (string[])["Accuracy on the target", "Loss: task", "oracle"])
            Assert.Contains(text, page);
    }

    [Fact]
    public void OfOneSeedThereAreNoIntervals()
    {
        EngineCommand.Run([
            "adapt", .. Tiny("none"), "--out", In("run"), "--json", In("figures.json")]).Succeeds();
        JsonElement json = EngineCommand.Json(In("figures.json"));
        foreach (string name in (string[])
            ["ci95", "source_only_ci95", "control_ci95", "oracle_ci95"])
            Assert.Equal(JsonValueKind.Null, json.GetProperty(name).ValueKind);
        Assert.DoesNotContain("NaN", File.ReadAllText(In("run/report.html")));
    }

    public static TheoryData<string> Methods => [.. AdaptationMethods.All.Select(m => m.Name)];

    [Theory, MemberData(nameof(Methods))]
    public void EveryMethodRunsOnVectors(string method)
    {
        EngineCommand.Run([
            "adapt", "--method", method, .. Vectors.Domains(folder), "--steps", "2", "--batch", "8",
            "--seeds", "1", "--out", In("run"), "--json", In("figures.json")]).Succeeds();
        JsonElement json = EngineCommand.Json(In("figures.json"));
        Assert.Equal(method, json.GetProperty("method").GetString());
        Assert.InRange(json.GetProperty("chosen").GetDouble(), 0.0, 1.0);
        // Source only and, but of the control, the method: a line of each step.
        string[] lines = File.ReadAllLines(In("run/metrics.jsonl"));
        Assert.Equal(method == "none" ? 2 : 4, lines.Length);
        Assert.Contains("\"run\":\"seed-0, source only\",\"losses\":{\"task\":", lines[0]);
    }

    [Theory]
    [InlineData("mcc")]
    [InlineData("mcd")]
    [InlineData("kmm")]
    public void TheTargetsLabelsChangeNothingButTheFigures(string method)
    {
        string Run(string name, Func<int, int> permute)
        {
            EngineCommand.Run([
                "adapt", "--method", method, .. Vectors.Domains(folder, permute), "--steps", "4",
                "--batch", "8", "--seeds", "1", "--out", In(name), "--json", In($"{name}.json"),
            ]).Succeeds();
            return In(name);
        }

        string right = Run("right", label => label), wrong = Run("wrong", label => (label + 1) % 3);
        foreach (string file in (string[])["model", "model-on-source", "control"])
            Assert.Equal(
                File.ReadAllBytes($"{right}/seed-0-{file}.safetensors"),
                File.ReadAllBytes($"{wrong}/seed-0-{file}.safetensors"));
        double Chosen(string name) =>
            EngineCommand.Json(In($"{name}.json")).GetProperty("chosen").GetDouble();
        Assert.NotEqual(Chosen("right"), Chosen("wrong"));
    }

    private string In(string name) => Path.Combine(folder, name);
}
