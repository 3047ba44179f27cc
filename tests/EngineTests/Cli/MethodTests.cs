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

    [Fact]
    public void ARunOfBeforeOptionsCameIsTestedAndResumed()
    {
        // What version 0.1.0 wrote, as it is: without a schedule or a policy for divergence.
        string run = In("run"), file = In("figures.json");
        Run(["--iterations", "1", "--out", run, "--json", file]);
        double trained = EngineCommand.Json(file).GetProperty("accuracy_after").GetDouble();
        File.WriteAllText(In("run/config.json"), """
            {
              "command": "train", "version": "0.1.0", "ways": 2, "shots": 1, "queries": 2,
              "meta_batch": 2, "inner_steps": 1, "test_steps": 3, "inner_rate": 0.4,
              "rate": 0.004, "iterations": 1, "seconds": null, "filters": 4, "seed": 0,
              "order": "exact", "rotations": true, "eval_tasks": 2, "data": null,
              "channels": 1, "height": 28, "width": 28
            }
            """);
        EngineCommand.Run("test", run, "--json", file, "--eval-tasks", "2").Succeeds();
        Assert.Equal(trained, EngineCommand.Json(file).GetProperty("accuracy").GetDouble());
        EngineCommand.Run("--resume", run, "--iterations", "2").Succeeds();
    }

    [Theory]
    [InlineData("--inner-steps 2")]
    [InlineData("--order first")]
    [InlineData("--pretrain-steps 2")]
    public void TestingOffersNoOptionsOfTraining(string option)
    {
        EngineCommand.Run(["test", "run", .. option.Split(' ')])
            .FailsWith(2, "Unrecognized command or argument");
        string help = EngineCommand.Run("test", "--help").Output;
        Assert.DoesNotContain(option.Split(' ')[0] + " ", help);
        Assert.Contains("default: as trained", help);
    }

    [Fact]
    public void ManyInnerStepsAreTestedAtAFew()
    {
        string run = In("run"), file = In("figures.json");
        Run(["--method", "reptile", "--iterations", "1", "--out", run]);
        EngineCommand.Run("test", run, "--eval-tasks", "2", "--json", file).Succeeds();
        Assert.Equal([0, 1, 5, 10, 50],
            EngineCommand.Numbers(EngineCommand.Json(file).GetProperty("inner_steps")));
    }

    [Fact]
    public void TheHeadOfMetaTransferAndTheFigureAreOfTheLargerTasks()
    {
        string file = In("figures.json");
        Run(["--method", "meta-transfer", "--train-ways", "4", "--iterations", "1", "--out",
            In("run"), "--json", file]);
        Assert.EndsWith(
            ", 4 outputs", EngineCommand.Json(file).GetProperty("network").GetString());
    }

    [Fact]
    public void ReportsOfMethodsWithoutInnerStepsHaveNoChartOfThem()
    {
        Run(["--method", "protonet", "--train-ways", "2", "--iterations", "1", "--out", In("run")]);
        Assert.DoesNotContain(
            "Accuracy by inner step", File.ReadAllText(In("run/report.html")));
    }

    [Theory]
    [InlineData("train", "meta-lstm: 4", "maml++: 1500; reptile: 2000", "FOLDER/NAME")]
    [InlineData("tune", "[default: 900]")]
    [InlineData("compare", "[default: 60]", "[default: compare.html]")]
    public void HelpTellsTheDefaultsThereAre(string verb, params string[] expected)
    {
        // Long help is broken into lines.
        string help = System.Text.RegularExpressions.Regex.Replace(
            EngineCommand.Run(verb, "--help").Succeeds().Output, @"\s+", " ");
        foreach (string text in expected) Assert.Contains(text, help);
        Assert.DoesNotContain("[default: compare.html] [default", help);
        Assert.DoesNotContain("some methods have another default", help);
        Assert.Equal(verb == "train", help.Contains("--seconds") && help.Contains("--iterations"));
        Assert.Equal(verb != "tune", help.Contains("--eval-tasks"));
    }

    [Theory]
    [InlineData("relation", "mlp", "choose --network conv4.")]
    [InlineData("cavia", "mlp", "choose --network conv4 or resnet12.")]
    public void AdviceForOtherNetworksIsPossible(string method, string network, string expected) =>
        EngineCommand.Run("train", "--method", method, "--network", network, "--iterations", "1")
            .FailsWith(2, expected);

    [Theory]
    [InlineData("--method mamal", "--method: 'mamal' is wrong; give one of maml")]
    [InlineData("--inner-steps 0", "--inner-steps: '0' is wrong; give a whole number from 1 up.")]
    [InlineData("--method maml --resume x", "--method: a run is resumed with the settings")]
    [InlineData("--schedule cosine --seconds 1", "--iterations: with --schedule cosine the outer")]
    [InlineData("--method reptile --schedule up", "--schedule: 'up' is wrong; give constant or")]
    [InlineData("--validation-classes 3", "--validation-classes: needs --train-classes")]
    [InlineData("--method protonet --train-classes 12", "see --train-ways and --train-shots")]
    [InlineData("--train-classes 500 --iterations 1", "500 of the 500 classes of glyphs leave")]
    public void WrongMethodsAndOptionsAreWrongUse(string arguments, string expected) =>
        EngineCommand.Run(["train", .. arguments.Split(' ')]).FailsWith(2, expected.TrimEnd('.'));

    /// <summary>The outer rate at the first step, half way and at the last.</summary>
    [Theory]
    [InlineData("constant", 2, 2, 2)]
    [InlineData("linear", 2, 1, 0)]
    [InlineData("cosine", 2, 1, 0)]
    public void TheOuterRateFallsAsAsked(string schedule, double first, double middle, double last)
    {
        var run = new RunOptions
        {
            Rate = 2,
            Iterations = 40,
            Schedule = Enum.Parse<RateSchedule>(schedule, ignoreCase: true),
        };
        Tensor rates = run.OuterRate()(Tensor.From([0L, 20, 40]));
        foreach (var (x, y) in new[] { first, middle, last }.Zip(rates.ToDoubles()))
            Assert.Equal(x, y, 12);
        double quarter = schedule == "linear" ? 1.5 : schedule == "cosine" ? 1 + Math.Sqrt(0.5) : 2;
        Assert.Equal(quarter, run.OuterRate()(Tensor.Scalar(10L)).Item(), 12);
    }

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
