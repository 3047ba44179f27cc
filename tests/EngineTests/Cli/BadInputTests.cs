// Every bad input is one line that says what is wrong, with exit code 2 for use and 1 for failure.
using Engine.Cli;

namespace Engine.Tests.Cli;

public sealed class BadInputTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("--ways", "200", "ways: 200 exceeds the 99 classes of glyphs, test")]
    [InlineData("--ways", "400", "ways: 400 exceeds the 350 classes of glyphs, training")]
    [InlineData("--shots", "19", "shots + queries: 19 + 2 exceeds the 20 images")]
    [InlineData("--eval-tasks", "1", "--eval-tasks: '1' is wrong; give a whole number from 2 up.")]
    [InlineData("--threads", "0", "--threads: '0' is wrong")]
    [InlineData("--threads", "5000", "5000 threads; choose 1 to 1024")]
    public void ImpossibleSettingsAreWrongUse(string option, string value, string expected)
    {
        EngineCommand.Train(In("run"), option, value).FailsWith(2, expected);
        Assert.False(Directory.Exists(In("run"))); // said before anything is written
    }

    [Fact]
    public void MissingAndDamagedDataFail()
    {
        EngineCommand.Train(In("run"), "--data", In("none")).FailsWith(1, "no such folder");
        byte[] images = Idx([0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 16, 0, 0, 0, 16], 6 * 256);
        byte[] labels = Idx([0, 0, 8, 1, 0, 0, 0, 6], 6);
        Write("a", images[..^9], labels);
        EngineCommand.Train(In("run"), "--data", In("a")).FailsWith(1, "a-images.idx");
        Write("b", [1, 2, 3, 4, .. images], labels);
        EngineCommand.Train(In("run"), "--data", In("b")).FailsWith(1, "b-images.idx");
        Write("c", images, labels[..^1]);
        EngineCommand.Train(In("run"), "--data", In("c")).FailsWith(1, "c-labels.idx");
        Write("d", images, labels); // one class
        EngineCommand.Train(In("run"), "--data", In("d")).FailsWith(2, "ways: 3 exceeds");
        Write("e", Idx([0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 16, 0, 0, 0, 8], 6 * 128), labels);
        EngineCommand.Train(In("run"), "--data", In("e")).FailsWith(2, "take square ones");
        labels = Idx([0, 0, 8, 1, 0, 0, 0, 12], 12);
        for (int i = 8; i < 20; i++) labels[i] = (byte)((i - 8) / 2);
        Write("f", Idx([0, 0, 8, 3, 0, 0, 0, 12, 0, 0, 0, 8, 0, 0, 0, 8], 12 * 64), labels);
        foreach (string network in (string[])["conv4", "resnet12"])
            EngineCommand.Train(
                In("run"), "--data", In("f"), "--network", network, "--ways", "2", "--queries", "1")
                .FailsWith(2, "at least 16 x 16");
        Assert.False(Directory.Exists(In("run")));
    }

    [Fact]
    public void FoldersThatCannotBeWrittenFail()
    {
        File.WriteAllText(In("file"), "");
        EngineCommand.Train(In("file/run")).FailsWith(1, "cannot be written");
        Directory.CreateDirectory(In("used"));
        File.WriteAllText(In("used/note"), "");
        EngineCommand.Train(In("used")).FailsWith(2, "holds files already");
    }

    [Fact]
    public void DamagedRunsFail()
    {
        EngineCommand.Run("test", In("none")).FailsWith(1, "config.json: not there");
        string run = In("run"), model = In("run/model.safetensors"), config = In("run/config.json");
        EngineCommand.Train(run).Succeeds();
        byte[] whole = File.ReadAllBytes(model);
        string text = File.ReadAllText(config);

        File.WriteAllBytes(model, whole[..(whole.Length / 2)]);
        EngineCommand.Run("test", run).FailsWith(1, "model.safetensors is damaged");
        File.Delete(model);
        EngineCommand.Run("test", run).FailsWith(1, "model.safetensors cannot be read");
        File.WriteAllBytes(model, whole);
        File.WriteAllText(config, text.Replace("\"filters\": 4", "\"filters\": 5"));
        EngineCommand.Run("test", run).FailsWith(1, "but the model needs float32 (5");
        foreach (string wrong in new[]
        {
            "", "[]", text[..(text.Length / 2)], text.Replace("\"ways\": 3", "\"ways\": \"3\""),
            text.Replace("\"ways\": 3", "\"ways\": -3"), text.Replace("\"ways\"", "\"wayz\""),
        })
        {
            File.WriteAllText(config, wrong);
            EngineCommand.Run("test", run).FailsWith(1, "config.json: damaged");
        }
    }

    [Theory]
    [InlineData("\"ways\": 3", "\"ways\": \"3\"", "'ways' is \"3\".")]
    [InlineData("\"ways\": 3", "\"ways\": 2.5", "'ways' is 2.5.")]
    [InlineData("\"ways\": 3", "\"ways\": -3", "'ways' is -3.")]
    [InlineData("\"ways\": 3", "\"ways\": 1", "'ways' is 1.")]
    [InlineData("\"ways\"", "\"wayz\"", "it has no 'ways'.")]
    [InlineData("\"seed\": 0", "\"seed\": null", "'seed' is null.")]
    [InlineData("\"order\": \"exact\"", "\"order\": \"third\"", "'order' is \"third\".")]
    [InlineData("\"rotations\": true", "\"rotations\": 1", "'rotations' is 1.")]
    [InlineData("\"data\": null", "\"data\": [", "config.json: damaged")]
    [InlineData("\"filters\": 32", "\"filters\": 0", "'filters' is 0.")]
    [InlineData("\"filters\": 32", "\"filtres\": 32", "it has no 'filters'.")]
    [InlineData("\"name\": \"conv4\"", "\"name\": 4", "'network' is {")]
    [InlineData("\"name\": \"conv4\"", "\"name\": \"mine\"", "the network 'mine'")]
    public void ADamagedConfigurationNamesTheField(string right, string wrong, string expected)
    {
        string path = In("config.json");
        var options = new RunOptions { Ways = 3 };
        var images = new ImageSize { Channels = 1, Height = 28, Width = 28 };
        Choices choices = EngineCommand.Choices;
        MethodChoice maml = choices.Methods.Read(_ => null);
        NetworkChoice conv4 = choices.Networks.Read(_ => null);
        string text = new RunConfig(options, maml, conv4, images).ToJson().ToString();
        Assert.Contains(right, text);
        File.WriteAllText(path, text);
        RunConfig read = RunConfig.Read(path, choices);
        Assert.Equal((options, images), (read.Options, read.Images));
        Assert.Equal((maml.Name, maml.Learning), (read.Method.Name, read.Method.Learning));
        Assert.Equal(conv4.Name, read.Network.Name);
        Assert.Equal(conv4.Options, read.Network.Options);
        File.WriteAllText(path, text.Replace(right, wrong));
        EngineCommand.Run("test", folder).FailsWith(1, path, expected);
    }

    [Fact]
    public void SetsOfSeveralDomainsAreRefused()
    {
        byte[] images = Idx([0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 16, 0, 0, 0, 16], 6 * 256);
        byte[] labels = Idx([0, 0, 8, 1, 0, 0, 0, 6], 6);
        Write("mixed", images, labels);
        File.WriteAllBytes(In("mixed-domains.idx"), labels);
        foreach (string data in new[] { In("mixed"), folder })
            EngineCommand.Train(In("run"), "--data", data)
                .FailsWith(2, "mixed-domains.idx", "several domains", "images and labels of one");
        Write("other", images, labels);
        EngineCommand.Train(In("run"), "--data", In("other")).FailsWith(2, "ways: 3 exceeds");
        EngineCommand.Train(In("run"), "--data", folder).FailsWith(1, "holds 2 image sets");
    }

    [Fact]
    public void StackTracesAreShownOnRequest()
    {
        Outcome outcome = EngineCommand.Run("test", In("none"), "--verbose");
        Assert.Equal(1, outcome.Code);
        Assert.Contains("   at Engine.Cli.", outcome.Error);
    }

    private string In(string name) => Path.Combine(folder, name);

    private static byte[] Idx(byte[] header, int bytes) => [.. header, .. new byte[bytes]];

    private void Write(string name, byte[] images, byte[] labels)
    {
        File.WriteAllBytes(In($"{name}-images.idx"), images);
        File.WriteAllBytes(In($"{name}-labels.idx"), labels);
    }
}
