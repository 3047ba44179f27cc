// Networks by name: each is trained, tested and resumed from what config.json records; wrong ones
// and wrong options are one line.
using System.Text.Json.Nodes;
using Engine.Cli;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Tests.Cli;

public sealed class NetworkTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public static TheoryData<string> Names => [.. BuiltInNetworks.All.Select(entry => entry.Name)];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory, MemberData(nameof(Names))]
    public void ANetworkIsTrainedTestedAndResumed(string name)
    {
        string run = In("run"), file = In("figures.json"), trained = In("trained.json");
        string[] small = name switch
        {
            "conv4" or "resnet12" => ["--filters", "4"],
            "mlp" => ["--hidden", "8", "--layers", "1"],
            _ => [],
        };
        Run(["--network", name, .. small, "--iterations", "1", "--out", run, "--json", trained]);
        EngineCommand.Run("test", run, "--eval-tasks", "2", "--json", file).Succeeds();
        Assert.Equal(
            EngineCommand.Json(trained).GetProperty("accuracy_after").GetDouble(),
            EngineCommand.Json(file).GetProperty("accuracy").GetDouble());
        EngineCommand.Run("--resume", run, "--iterations", "2", "--json", file).Succeeds();
        Assert.Equal(2, EngineCommand.Json(file).GetProperty("steps").GetInt32());
        Assert.Contains(
            EngineCommand.Json(file).GetProperty("network").GetString()!.Split(',')[0],
            File.ReadAllText(Path.Combine(run, "report.html")));

        JsonNode network = Config(run)["network"]!;
        Assert.Equal(name, (string?)network["name"]);
        foreach (var (option, value) in small.Chunk(2).Select(pair => (pair[0], pair[1])))
            Assert.Equal(value, network[option[2..]]!.ToJsonString());
    }

    [Fact]
    public void ARunOfBeforeThereWereOthersIsAConv4()
    {
        string run = In("run"), path = In("run/config.json"), file = In("figures.json");
        Run(["--filters", "4", "--iterations", "1", "--out", run, "--json", file]);
        JsonObject config = Config(run);
        config.Remove("network");
        config["filters"] = 4;
        File.WriteAllText(path, config.ToJsonString());
        double trained = EngineCommand.Json(file).GetProperty("accuracy_after").GetDouble();
        EngineCommand.Run("test", run, "--eval-tasks", "2", "--json", file).Succeeds();
        Assert.Equal(trained, EngineCommand.Json(file).GetProperty("accuracy").GetDouble());
        EngineCommand.Run("--resume", run, "--iterations", "2").Succeeds();
        Assert.Equal(4, (int?)Config(run)["network"]!["filters"]);
    }

    [Theory]
    [InlineData("--network vgg", "--network: 'vgg' is wrong; give one of conv4, resnet12")]
    [InlineData("--network mlp --filters 4",
        "--filters: the network mlp does not take it; it takes --hidden, --layers.")]
    [InlineData("--hidden 4", "--hidden: the network conv4 does not take it; it takes --filters.")]
    [InlineData("--network lenet --hidden 4", "the network lenet does not take it; it takes no")]
    [InlineData("--filters 0", "--filters: '0' is wrong; give a whole number from 1 up.")]
    [InlineData("--network mlp --resume x", "--network: a run is resumed with the settings")]
    [InlineData("--filters 4 --resume x", "--filters: a run is resumed with the settings")]
    public void WrongNetworksAndOptionsAreWrongUse(string arguments, string expected) =>
        EngineCommand.Run(["train", .. arguments.Split(' ')])
            .FailsWith(2, expected.TrimEnd('.'), "See 'engine train --help'");

    [Fact]
    public void NamesAreUsedOnce()
    {
        NetworkEntry Entry<T>(string name) where T : class, new() => NetworkEntry.Of<Mlp, T>(
            name, (key, _, _, _) => Mlp.Create(key, [1, 1]), new(Objective.Regression));
        Assert.Contains("two networks are named 'mlp'", Assert.Throws<ArgumentException>(
            () => Engine.Cli.EngineCommand.Run(["info"], [Entry<Taken>("mlp")])).Message);
        Assert.Contains("two options of train are named --ways", Assert.Throws<ArgumentException>(
            () => Engine.Cli.EngineCommand.Run(["info"], [Entry<Taken>("other")])).Message);
    }

    [Fact]
    public void DivergenceOutsideTheTrainingLoopSaysWhatHelps()
    {
        // Pre-training comes before the loop, and these features are never finite in it.
        bool pretraining = false;
        using var output = new ActingWriter("accuracy before training", () => pretraining = true);
        using var error = new StringWriter();
        NetworkEntry network = NetworkEntry.Of<Mlp>(
            "sick", (key, images, ways) => Mlp.Create(
                key, [images.Height * images.Width, 8, ways]),
            new(new(
                (model, x) => model.Forward(x.Flatten(1)),
                (logits, labels) => Loss.CrossEntropy(logits, labels), BatchNormMode.None))
            {
                Features = (model, x, _) =>
                    model.Features(x.Flatten(1)) * (pretraining ? double.NaN : 1),
            });
        Assert.Equal(1, Engine.Cli.EngineCommand.Run(
            ["--network", "sick", "--method", "meta-transfer", "--ways", "2", "--iterations", "1",
                "--eval-tasks", "2", "--out", In("sick")], [network], output, error));
        Assert.Contains("training diverged at step 1", error.ToString());
        Assert.Contains("--diverging skip", error.ToString());
        Assert.False(Directory.Exists(In("sick")));
    }

    /// <summary>An option that the command has already.</summary>
    private sealed record Taken
    {
        [Option("Of the network")]
        public int Ways { get; init; } = 3;
    }

    private static void Run(string[] arguments) => EngineCommand.Run([
        "train", "--eval-tasks", "2", "--meta-batch", "1", "--queries", "2", "--ways", "2",
        .. arguments]).Succeeds();

    private static JsonObject Config(string run) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(run, "config.json")))!.AsObject();

    private string In(string name) => Path.Combine(folder, name);
}
