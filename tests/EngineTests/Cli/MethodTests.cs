// Methods by name: each is trained, tested and resumed from what config.json records; wrong ones
// and wrong options are one line.
using System.Text.Json.Nodes;
using Engine.Cli;
using Engine.Nn;

namespace Engine.Tests.Cli;

public sealed class MethodTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public static TheoryData<string> Names => [.. BuiltInMethods.All.Select(entry => entry.Name)];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory, MemberData(nameof(Names))]
    public void AMethodIsTrainedTestedAndResumed(string name)
    {
        string run = In("run"), file = In("figures.json"), trained = In("trained.json");
        Run(["--method", name, "--iterations", "2", "--out", run, "--json", trained]);
        EngineCommand.Run("test", run, "--eval-tasks", "2", "--json", file).Succeeds();
        Assert.Equal(
            EngineCommand.Json(trained).GetProperty("accuracy_after").GetDouble(),
            EngineCommand.Json(file).GetProperty("accuracy").GetDouble());
        Assert.Equal(name, (string?)Config(run)["method"]!["name"]);

        // Resumed after one step, the second step is the same as without a break.
        string parts = In("parts");
        Run(["--method", name, "--iterations", "1", "--out", parts]);
        EngineCommand.Run("--resume", parts, "--iterations", "2", "--json", file).Succeeds();
        Assert.Equal(
            Hash(Path.Combine(run, "model.safetensors")),
            Hash(Path.Combine(parts, "model.safetensors")));
    }

    /// <summary>Numbers drawn from one key are the same, and only their scale is another.</summary>
    [Fact]
    public void CaviasGeneratorIsDrawnApartFromTheNetwork()
    {
        string run = In("run");
        Run(["--method", "cavia", "--iterations", "1", "--out", run]);
        var (tensors, _) = SafeTensors.Read(Path.Combine(run, "model.safetensors"));
        double[] Values(string ending) => tensors.Single(
            t => t.Key.EndsWith(ending, StringComparison.Ordinal)).Value.ToDoubles();
        double[] generator = Values("Generator.Weight");
        for (int block = 1; block < 4; block++)
        {
            double[] weights = Values($"Blocks.{block}.Convolution.Weight");
            double Product(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
            double cosine = Product(weights, generator) / Math.Sqrt(
                Product(weights, weights)
                * Product(generator[..weights.Length], generator[..weights.Length]));
            Assert.InRange(cosine, -0.5, 0.5);
        }
    }

    [Fact]
    public void ARunOfBeforeThereWereOthersIsByMaml()
    {
        string run = In("run"), path = In("run/config.json"), file = In("figures.json");
        Run(["--inner-rate", "0.3", "--iterations", "1", "--out", run, "--json", file]);
        JsonObject config = Config(run);
        foreach (var (key, value) in config["method"]!.AsObject().ToArray())
            if (key != "name")
                config[key] = value!.DeepClone();
        config.Remove("method");
        File.WriteAllText(path, config.ToJsonString());
        double trained = EngineCommand.Json(file).GetProperty("accuracy_after").GetDouble();
        EngineCommand.Run("test", run, "--eval-tasks", "2", "--json", file).Succeeds();
        Assert.Equal(trained, EngineCommand.Json(file).GetProperty("accuracy").GetDouble());
    }

    [Fact]
    public void TestingTakesOtherOptionsOfTheMethod()
    {
        string run = In("run"), file = In("figures.json");
        Run(["--iterations", "1", "--out", run]);
        EngineCommand.Run("test", run, "--eval-tasks", "2", "--test-steps", "5",
            "--inner-rate", "0.1", "--json", file).Succeeds();
        Assert.Equal(6, EngineCommand.Json(file).GetProperty("accuracy_per_step").GetArrayLength());
        Assert.Contains(
            "at rate 0.1 (test: 5)", EngineCommand.Json(file).GetProperty("method").GetString());
    }

    [Theory]
    [InlineData("--method mamal", "--method: 'mamal' is wrong; give one of maml")]
    [InlineData("--inner-steps 0", "--inner-steps: '0' is wrong; give a whole number from 1 up.")]
    [InlineData("--method maml --resume x", "--method: a run is resumed with the settings")]
    [InlineData("--schedule cosine --seconds 1", "--iterations: with --schedule cosine the outer")]
    [InlineData("--method reptile --schedule up", "--schedule: 'up' is wrong; give constant or")]
    [InlineData("--validation-classes 3", "--validation-classes: needs --train-classes")]
    [InlineData("--train-classes 500 --iterations 1", "500 of the 500 classes of glyphs leave")]
    public void WrongMethodsAndOptionsAreWrongUse(string arguments, string expected) =>
        EngineCommand.Run(["train", .. arguments.Split(' ')]).FailsWith(2, expected.TrimEnd('.'));

    private static void Run(string[] arguments) => EngineCommand.Run([
        "train", "--filters", "4", "--eval-tasks", "2", "--meta-batch", "2", "--queries", "2",
        "--ways", "2",
        .. arguments.Contains("meta-transfer") ? (string[])["--pretrain-steps", "2"] : [],
        .. arguments]).Succeeds();

    private static string Hash(string file) => Convert.ToHexString(
        System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)));

    private string In(string name) => Path.Combine(folder, name);

    private static JsonObject Config(string run) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(run, "config.json")))!.AsObject();
}
