// engine finetune in its smallest form: every plan, starts, a run that goes on, what it refuses.
using System.Text.Json;
using Engine.Cli;
using Engine.Data;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests.Cli;

public sealed class FineTuneTests : IDisposable
{
    private static readonly string[] Tiny =
    [
        "--data", "mnist:200", "--few", "3", "--steps", "8", "--batch", "8", "--looks", "2",
        "--seeds", "1",
    ];

    private static readonly string[] Source =
        ["--source", "fontdigits:200", "--source-steps", "4", "--network", "lenet"];

    private static readonly string[] Quick = [.. Tiny, .. Source];

    private static readonly string[] Probe =
        ["--data", "mnist:200", "--few", "3", "--seeds", "1", .. Source, "--plan", "probe"];

    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    // The head of a LeNet is 500 x 10 and 10 numbers. Adapters of rank 2 have 2 (25 + 20) numbers,
    // 2 (500 + 50), 2 (800 + 500) and 2 (500 + 10).
    [Theory]
    [InlineData("all", 431_080)]
    [InlineData("head", 5_010)]
    [InlineData("probe", 5_010)]
    [InlineData("gradual", 431_080)]
    [InlineData("discriminative", 431_080)]
    [InlineData("two-phase", 431_080)]
    [InlineData("lora", 4_810)]
    public void EveryPlanMovesWhatItSays(string plan, long moved)
    {
        JsonElement json = plan == "probe" ? RunWith("run", Probe) : Run("run", [
            "--plan", plan, "--rate", "0.003", .. plan == "lora" ? (string[])["--rank", "2"] : []]);
        Assert.Equal(plan, json.GetProperty("plan").GetString());
        Assert.Equal(moved, json.GetProperty("moved").GetInt64());
        Assert.Equal(431_080, json.GetProperty("parameters").GetInt64());
        foreach (string name in (string[])["before", "accuracy"])
            Assert.InRange(json.GetProperty(name).GetDouble(), 0, 1);
        Assert.Equal(
            [json.GetProperty("accuracy").GetDouble()],
            EngineCommand.Numbers(json.GetProperty("per_seed")));
        Assert.Equal(JsonValueKind.Null, json.GetProperty("ci95").ValueKind); // of one seed
        Assert.False(json.GetProperty("new_head").GetBoolean());
        if (plan == "probe") Assert.Equal(JsonValueKind.Null, json.GetProperty("rate").ValueKind);
        else Assert.Equal(0.003, json.GetProperty("rate").GetDouble());
        Assert.Equal(30, json.GetProperty("tuned").GetInt32());
        Assert.Equal(170, json.GetProperty("tested").GetInt32());
        Assert.True(json.GetProperty("seconds").GetDouble() > 0);
        Assert.True(File.Exists(In("run/report.html")));

        // What is frozen did not move.
        LeNet start = Load("run/seed-0-start"), end = Load("run/seed-0-model");
        bool bodyMoved = !Tree.AllClose(start.First, end.First, 0, 0);
        Assert.Equal(plan is not ("head" or "probe"), bodyMoved);
        Assert.False(Tree.AllClose(start.Head, end.Head, 0, 0));
        if (plan == "lora")
        {
            Lora adapter = PeftFiles.Load(In("run/seed-0-adapter"), start);
            Assert.Equal((2, 4.0), (adapter.Rank, adapter.Alpha));
            Assert.True(Tree.AllClose(adapter.Merge(start), end, 1e-6, 1e-6));
        }
    }

    [Fact]
    public void TheRateIsFoundWhereNoneIsGiven()
    {
        string[] two = [.. Quick];
        two[Array.IndexOf(two, "--seeds") + 1] = "2";
        EngineCommand.Run([
            "finetune", .. two, "--l2sp", "0.01", "--out", In("run"), "--json", In("figures.json"),
        ]).Succeeds();
        JsonElement json = EngineCommand.Json(In("figures.json"));
        double rate = json.GetProperty("rate").GetDouble();
        Assert.InRange(rate, 1e-7, 0.1);
        double[] seeds = EngineCommand.Numbers(json.GetProperty("per_seed"));
        Assert.Equal(2, seeds.Length);
        Assert.Equal(StudentT.HalfInterval(seeds), json.GetProperty("ci95").GetDouble(), 1e-12);
        Assert.Equal(
            rate, EngineCommand.Json(In("run/rate.json")).GetProperty("Rate").GetDouble());
        Assert.Contains("Rate finder", File.ReadAllText(In("run/report.html")));
    }

    // They move the same leaves, but not at the same rates and from the same steps on.
    [Fact]
    public void EveryPlanOfEverythingHasStepsOfItsOwn()
    {
        string[] plans = ["all", "gradual", "discriminative", "two-phase"];
        foreach (string plan in plans) Run(plan, ["--plan", plan, "--rate", "0.003"]);
        LeNet[] ends = [.. plans.Select(plan => Load($"{plan}/seed-0-model"))];
        LeNet start = Load("all/seed-0-start");
        for (int i = 0; i < plans.Length; i++)
            for (int j = i + 1; j < plans.Length; j++)
                Assert.False(
                    Tree.AllClose(ends[i], ends[j], 0, 0), $"{plans[i]} and {plans[j]}");
        // Adam's steps are as long as its rate: what is next to the input has 2.6^3 times less of it
        // in the discriminative plan, and joins late in the gradual one.
        double Moved(LeNet end) =>
            (end.First.Weight - start.First.Weight).Square().Mean().Item();
        Assert.True(Moved(ends[2]) < 0.05 * Moved(ends[0]), $"{Moved(ends[2])}");
        Assert.True(Moved(ends[1]) < Moved(ends[0]), $"{Moved(ends[1])}");
    }

    [Fact]
    public void TheChosenModelOfAnAdaptationGoesOn()
    {
        foreach (string method in (string[])["mcc", "mcd"])
            EngineCommand.Run(["adapt", .. AdaptTests.Tiny(method), "--out", In(method)])
                .Succeeds();
        // Tested on what 1 label of each class leaves of the examples that adapt tested on.
        JsonElement json = Tune("mcc", "tuned", "--data", "ucidigits:60", "--few", "1");
        LeNet chosen = Load("mcc/seed-0-model");
        LabelledSet tested = LabelledSet.From(EmbeddedData.UciDigits).Resize(28, 28)
            .Sample(60, seed: 0).Chosen.PerClass(1, seed: 0).Others;
        Assert.Equal(
            Outputs.Of(new Adapted<LeNet>(chosen, NormStatistics.For(chosen)), tested).Accuracy,
            json.GetProperty("before").GetDouble(), 1e-9);
        Assert.False(json.GetProperty("new_head").GetBoolean());
        Tune("mcc/seed-0-model.safetensors", "of-file", "--data", "mnist:200", "--few", "1");
        Tune("mcd", "two-heads", "--data", "mnist:200", "--few", "1");

        EngineCommand.Run(["finetune", "--model", In("mcd"), "--plan", "head"])
            .FailsWith(2, "--plan: mcd made a network with two heads");
        EngineCommand.Run(["finetune", "--model", In("mcc"), "--size", "8"])
            .FailsWith(2, "--size: the network of --model has a size of its own");
        EngineCommand.Run(["finetune", "--model", In("mcc"), "--source", "mnist"])
            .FailsWith(2, "--source: the network of --model is trained already");

        EngineCommand.Run(["finetune", "--model", In("mcc"), "--data", "fontdigits"])
            .FailsWith(2, "--data: 200 of its ", "are those of the start's source as well");

        // Data of other classes get a head of their own.
        JsonElement other = Tune("mcc", "other", "--data", WriteImages(1), "--few", "2");
        Assert.True(other.GetProperty("new_head").GetBoolean());
        Assert.Equal(431_080 - 5_010 + (3 * 501), other.GetProperty("parameters").GetInt64());

        // A file of another network is refused with the names and shapes that differ.
        string config = In("mcc/config.json");
        File.WriteAllText(
            config, File.ReadAllText(config).Replace("\"lenet\"", "\"conv4\""));
        EngineCommand.Run([
            "finetune", "--model", In("mcc"), .. Tiny, "--rate", "0.01", "--out", In("wrong")])
            .FailsWith(1, "seed-0-model.safetensors", "Network.");

        JsonElement Tune(string model, string run, params string[] options)
        {
            EngineCommand.Run([
                "finetune", "--model", In(model), .. options, "--steps", "8", "--batch", "8",
                "--seeds", "1", "--rate", "0.003", "--out", In(run), "--json",
                In($"{run}.json")]).Succeeds();
            return EngineCommand.Json(In($"{run}.json"));
        }
    }

    [Fact]
    public void AdaptersGoOnAndThoseOfAnotherNetworkAreRefused()
    {
        JsonElement first = Run("first", ["--plan", "lora", "--rank", "2", "--rate", "0.01"]);
        JsonElement second = Run("second", [
            "--plan", "lora", "--adapter", In("first/seed-0-adapter"), "--rate", "0.01"]);
        Assert.Equal(
            first.GetProperty("accuracy").GetDouble(), second.GetProperty("before").GetDouble(),
            1e-12);
        LeNet other = LeNet.Create(Key.From(0), 10, 3, 28);
        Lora.Create(Key.From(0), other, path => path.EndsWith("Weight"), 2, 4)
            .Save(In("other"), other);
        EngineCommand.Run([
            "finetune", .. Quick, "--plan", "lora", "--adapter", In("other"), "--rate", "0.01",
            "--out", In("third")]).FailsWith(1, "'First.Weight'", "(20, 1, 5, 5)", "(2, 3, 5, 5)");
        // Before the source is trained on.
        Assert.False(Directory.Exists(In("third")));
        EngineCommand.Run([
            "finetune", .. Quick, "--plan", "lora", "--adapter", In("nowhere"), "--out",
            In("third")]).FailsWith(1, "nowhere");
        Assert.False(Directory.Exists(In("third")));
    }

    [DataFact("mobilenet_v1_025_224/model.json")]
    public void AMobileNetIsTunedWithAHeadOfItsOwn()
    {
        string weights = Path.GetDirectoryName(
            DataFactAttribute.Find("mobilenet_v1_025_224/model.json"))!;
        foreach (string plan in (string[])["lora", "probe"])
        {
            string run = In(plan), json = In($"{plan}.json");
            EngineCommand.Run([
                "finetune", "--model", $"mobilenet:{weights}", "--data", WriteImages(3), "--few",
                "2", "--size", "32", "--plan", plan, "--seeds", "1",
                .. plan == "probe" ? (string[])[]
                    : ["--norm", "fixed", "--steps", "8", "--batch", "2", "--rate", "0.01"],
                "--out", run, "--json", json]).Succeeds();
            JsonElement figures = EngineCommand.Json(json);
            Assert.True(figures.GetProperty("new_head").GetBoolean());
            Assert.InRange(figures.GetProperty("accuracy").GetDouble(), 0, 1);
        }

        EngineCommand.Run("finetune", "--model", $"mobilenet:{weights}", "--data", "mnist")
            .FailsWith(2, "--data: MobileNet takes images of 3 channels, but MNIST");
    }

    [Theory]
    [InlineData("--plan magic", 2, "--plan: 'magic' is wrong; give all or head or probe")]
    [InlineData("--few 50", 2, "--few: ", "50 examples of each class asked for, but there are")]
    [InlineData("--few 0", 2, "--few: '0' is wrong")]
    [InlineData("--data nowhere", 1, "no such set")]
    [InlineData("--model nowhere", 2, "--model: ", "nowhere: not there")]
    [InlineData("--network vgg", 2, "--network: 'vgg' is wrong; give one of lenet-bn")]
    [InlineData("--network mlp", 2, "--network: mlp is for vectors, but font digits has images")]
    [InlineData("--source mnist:50", 2, "--data: 50 of its 200 examples are those of the start's "
        + "source as well")]
    [InlineData("--features 7", 2, "--features: no svmlight file is named; leave it out")]
    [InlineData("--model mobilenet:nowhere", 2, "not there; name the folder of MobileNet's")]
    [InlineData("--rank 2", 2, "--rank: plan all has no adapters")]
    [InlineData("--alpha 2", 2, "--alpha: plan all has no adapters")]
    [InlineData("--plan probe --rate 1", 2, "--rate: plan probe takes no steps")]
    [InlineData("--plan probe", 2, "--steps: plan probe takes no steps")]
    [InlineData("--plan probe --steps 200", 2, "--batch: plan probe takes no steps")]
    [InlineData("--plan probe --steps 200 --batch 32", 2, "--looks: plan probe takes no steps")]
    [InlineData("--plan probe --steps 200 --batch 32 --looks 8 --norm fixed", 2, "--norm: plan")]
    [InlineData("--plan lora --l2sp 1", 2, "--l2sp: under plan lora no weight leaves the start")]
    [InlineData("--steps 4", 2, "--steps: '4' is wrong; give a whole number from 8 up")]
    public void WrongOptionsAreRefused(string typed, int code, params string[] texts)
    {
        string[] words = typed.Split(' ');
        string[] options = words[0] == "--model" ? Tiny : Quick;
        foreach (string word in words.Where(w => w.StartsWith("--", StringComparison.Ordinal)))
        {
            int at = Array.IndexOf(options, word);
            if (at >= 0) options = [.. options[..at], .. options[(at + 2)..]];
        }

        EngineCommand.Run(["finetune", .. options, .. words, "--out", In("run")])
            .FailsWith(code, texts);
        Assert.False(Directory.Exists(In("run")));
    }

    private LeNet Load(string file)
    {
        LeNet like = LeNet.Create(Key.From(0), 10, 1, 28);
        return SafeTensors.Load(
            In($"{file}.safetensors"), new Adapted<LeNet>(like, NormStatistics.For(like))).Network;
    }

    private JsonElement Run(string run, string[] options) => RunWith(run, [.. Quick, .. options]);

    private JsonElement RunWith(string run, string[] options)
    {
        string file = In($"{run}.json");
        EngineCommand.Run(["finetune", .. options, "--out", In(run), "--json", file])
            .Succeeds();
        return EngineCommand.Json(file);
    }

    /// <summary>Three classes of six images.</summary>
    private string WriteImages(int channels)
    {
        string data = In($"images-{channels}");
        for (int c = 0; c < 3; c++)
        {
            string place = Path.Combine(data, $"class{c}");
            Directory.CreateDirectory(place);
            for (int i = 0; i < 6; i++)
            {
                float[] pixels = [.. Enumerable.Range(0, channels * 28 * 28)
                    .Select(p => ((p * (c + 1)) + i) % 7 / 7f)];
                string uri = Png.DataUri(pixels, channels, 28, 28);
                File.WriteAllBytes(
                    Path.Combine(place, $"{i}.png"), Convert.FromBase64String(uri.Split(',')[1]));
            }
        }

        return data;
    }

    private string In(string name) => Path.Combine(folder, name);
}
