// A network of your own in the command: registered by name with options, trained, tested and
// resumed, all from outside of Engine.
using System.Text.Json;
using Engine;
using Engine.Cli;
using Engine.Meta;
using Engine.Nn;

namespace Seams;

/// <summary>One convolution over square patches of an image, then a linear head.</summary>
public sealed partial record Patches(Conv2d Convolution, BatchNorm Norm, Linear Head) : ITree
{
    public static Patches Create(Key key, ImageSize images, int ways, PatchOptions options)
    {
        Key[] keys = key.Split(2);
        int side = images.Height / options.Patch;
        return new(
            Conv2d.Create(
                keys[0], images.Channels, options.Filters, options.Patch, options.Patch),
            BatchNorm.Create(options.Filters),
            Linear.Create(keys[1], options.Filters * side * side, ways));
    }

    public Tensor Forward(Tensor x) =>
        Head.Forward(Norm.Forward(Convolution.Forward(x)).Tanh().Flatten(1));
}

public sealed record PatchOptions
{
    [Option("Side of a patch", Min = 2)]
    public int Patch { get; init; } = 7;

    [Option("Features of a patch")]
    public int Filters { get; init; } = 16;
}

public sealed record NamedOptions
{
    [Option("A name, which config.json has the network's by")]
    public int Name { get; init; } = 1;
}

public sealed class OwnNetworkTests : IDisposable
{
    private static readonly NetworkEntry Own = NetworkEntry.Of<Patches, PatchOptions>(
        "patches", Patches.Create,
        new(new((model, x) => model.Forward(x), (logits, y) => Loss.CrossEntropy(logits, y),
            BatchNormMode.Transductive)));

    private static readonly string[] Small =
        ["--ways", "2", "--queries", "2", "--meta-batch", "1", "--eval-tasks", "2"];

    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void AnOptionCannotBeCalledName() => Assert.Contains(
        "called Name", Assert.Throws<ArgumentException>(() =>
            NetworkEntry.Of<Patches, NamedOptions>(
                "patches", (key, images, ways, _) =>
                    Patches.Create(key, images, ways, new PatchOptions()),
                new(new(
                    (model, x) => model.Forward(x), (logits, y) => Loss.CrossEntropy(logits, y),
                    BatchNormMode.Transductive)))).Message, StringComparison.Ordinal);

    [Fact]
    public void ItIsTrainedTestedAndResumed()
    {
        string run = In("run");
        JsonElement trained = Run([
            "train", "--network", "patches", "--patch", "4", .. Small, "--iterations", "2",
            "--out", run]);
        Assert.Equal(
            "patches with patch 4, filters 16, 2 outputs",
            trained.GetProperty("network").GetString());
        Assert.Equal("exact", trained.GetProperty("order").GetString());
        JsonElement config = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(run, "config.json"))).RootElement;
        Assert.Equal(4, config.GetProperty("network").GetProperty("patch").GetInt32());

        JsonElement tested = Run(["test", run, "--eval-tasks", "2"]);
        Assert.Equal(
            trained.GetProperty("accuracy_after").GetDouble(),
            tested.GetProperty("accuracy").GetDouble());
        JsonElement resumed = Run(["--resume", run, "--iterations", "3"]);
        Assert.Equal(3, resumed.GetProperty("steps").GetInt32());
    }

    [Fact]
    public void ARunOfItIsOnlyForProgramsThatKnowIt()
    {
        string run = In("run");
        Run(["--network", "patches", .. Small, "--iterations", "1", "--out", run]);
        var (code, error) = Fail(["test", run], networks: []);
        Assert.Equal(1, code);
        Assert.Contains("the network 'patches' is not among conv4", error);
    }

    [Theory]
    [InlineData("--network patches --patch 1",
        "--patch: '1' is wrong; give a whole number from 2 up.")]
    [InlineData("--network patches --hidden 4",
        "--hidden: the network patches does not take it; it takes --patch, --filters.")]
    [InlineData("--patch 4", "--patch: the network conv4 does not take it")]
    public void WrongOptionsAreRefused(string arguments, string expected)
    {
        var (code, error) = Fail(["train", .. arguments.Split(' ')], [Own]);
        Assert.Equal(2, code);
        Assert.Contains(expected.TrimEnd('.'), error);
    }

    [Fact]
    public void ItsOptionsAreInTheHelp()
    {
        using var output = new StringWriter();
        Assert.Equal(0, EngineCommand.Run(["train", "--help"], [Own], output));
        Assert.Contains("Side of a patch [patches: 7]", output.ToString());
        Assert.Contains("Features of a patch [patches: 16]", output.ToString());
    }

    private JsonElement Run(string[] args)
    {
        string file = In("figures.json");
        using StringWriter output = new(), error = new();
        int code = EngineCommand.Run([.. args, "--json", file], [Own], output, error);
        Assert.Equal(("", 0), (error.ToString(), code));
        return JsonDocument.Parse(File.ReadAllText(file)).RootElement;
    }

    private static (int Code, string Error) Fail(string[] args, NetworkEntry[] networks)
    {
        using StringWriter output = new(), error = new();
        return (EngineCommand.Run(args, networks, output, error), error.ToString());
    }

    private string In(string name) => Path.Combine(folder, name);
}
