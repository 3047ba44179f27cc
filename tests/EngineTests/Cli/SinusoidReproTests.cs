// engine repro sinusoid from end to end, with few steps.
using System.Text.Json;
using Engine.Cli;

namespace Engine.Tests.Cli;

public sealed class SinusoidReproTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void AShortSinusoidRunBeatsPredictingZero()
    {
        string file = In("figures.json");
        Outcome outcome = EngineCommand.Run(
            "repro", "sinusoid", "--iterations", "600", "--seeds", "2", "--json", file).Succeeds();
        JsonElement json = EngineCommand.Json(file);
        foreach (string name in new[] { "mse_5shot", "mse_10shot", "median_5shot" })
            Assert.Equal(3, json.GetProperty(name).GetArrayLength());
        Assert.Equal(2, json.GetProperty("seeds").GetInt32());
        double[] first = EngineCommand.Numbers(json.GetProperty("mse_5shot_per_seed")[0]);
        double[] second = EngineCommand.Numbers(json.GetProperty("mse_5shot_per_seed")[1]);
        Assert.Equal(
            first.Zip(second, (a, b) => (a + b) / 2),
            EngineCommand.Numbers(json.GetProperty("mse_5shot")));
        Assert.Equal(
            first.Zip(second, Math.Max),
            json.GetProperty("range_mse_5shot").EnumerateArray().Select(r => r[1].GetDouble()));
        // No one measured 600 steps, so nothing is expected of them.
        Assert.DoesNotContain("expected", outcome.Output);
        Assert.DoesNotContain("published", outcome.Output);
        // The mean of y^2 over the family is (5^3 - 0.1^3) / (3 * 4.9) / 2 = 4.25.
        Assert.InRange(json.GetProperty("mse_10shot")[2].GetDouble(), 0, 4);
        Assert.Equal("none", json.GetProperty("batch_norm").GetString());
        Assert.InRange(json.GetProperty("order_error").GetDouble(), 0, 1e-4);
        Assert.True(json.GetProperty("seconds").GetDouble() > 0);
    }

    [Fact]
    public void SeedsDoNotDependOnHowManyRunSideBySide()
    {
        string both = In("both.json"), alone = In("alone.json");
        string[] sinusoid = ["repro", "sinusoid", "--iterations", "40"];
        EngineCommand.Run(
            [.. sinusoid, "--seeds", "2", "--threads", "2", "--json", both]).Succeeds();
        EngineCommand.Run([.. sinusoid, "--seed", "1", "--seeds", "1", "--threads", "1",
            "--json", alone]).Succeeds();
        foreach (string name in new[] { "mse_5shot", "ci95_10shot", "median_10shot" })
            Assert.Equal(
                EngineCommand.Numbers(EngineCommand.Json(both).GetProperty(name + "_per_seed")[1]),
                EngineCommand.Numbers(
                    EngineCommand.Json(alone).GetProperty(name + "_per_seed")[0]));
    }

    [Fact]
    public void ReproductionsCanBeInterrupted()
    {
        using var stop = new CancellationTokenSource();
        using var output = ActingWriter.Cancelling("train: step", stop);
        EngineCommand.Run(output, stop.Token, ["repro", "sinusoid"]).FailsWith(130, "stopped");
    }

    [Theory]
    [InlineData("exact", 70_000, 5, 2)]
    [InlineData("exact", 70_000, 10, 1)]
    [InlineData("exact", 15_000, 5, 1)]
    [InlineData("exact", 15_000, 10, 0)]
    [InlineData("exact", 20_000, 5, 0)]
    [InlineData("first", 70_000, 5, 1)]
    [InlineData("first", 15_000, 5, 0)]
    public void OnlyFiguresOfTheProtocolAreExpected(
        string order, int iterations, int shots, int count)
    {
        var options = new ReproOptions
        {
            Name = "sinusoid",
            Iterations = iterations,
            Seed = 0,
            Seeds = 9,
            Order = Enum.Parse<DerivativeOrder>(order, ignoreCase: true),
        };
        var found = SinusoidExpectation.Of(options, shots).ToList();
        Assert.Equal(count, found.Count);
        foreach (var (low, high) in found.SelectMany(e => e.Low.Zip(e.High)))
            Assert.True(low <= high);
    }

    private string In(string name) => Path.Combine(folder, name);
}
