// The three stages in the command: training that begins with pre-training, fine-tuning of what a
// meta-learner left, and the experiments that put the stages side by side.
using System.Text.Json;
using Engine.Nn;

namespace Engine.Tests.Cli;

public sealed class PipelineTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("maml")]
    [InlineData("anil")]
    [InlineData("boil")]
    [InlineData("meta-sgd")]
    [InlineData("imaml")]
    public void MetaLearningBeginsWithAPreTrainedBody(string method)
    {
        string[] quick = ["--rate", "1e-9", "--inner-steps", "1", "--test-steps", "1"];
        Train(method, "plain", quick);
        string output = Train(method, "pretrained", [.. quick, "--pretrain-steps", "3"]);
        Assert.Contains("pre-train: step", output);
        // The outer steps move nothing to speak of, so what differs is what pre-training did.
        foreach (string leaf in (string[])["Blocks.0.Convolution.Weight", "Head.Weight"])
        {
            bool same = Tree.AllClose(
                Leaf("plain", leaf), Leaf("pretrained", leaf), 1e-6, 1e-6);
            Assert.Equal(leaf == "Head.Weight", same);
        }

        Tensor Leaf(string run, string name) => SafeTensors.Read(In($"{run}/model.safetensors"))
            .Tensors.Single(t => t.Key == name || t.Key == $"Model.{name}").Value;
    }

    [Fact]
    public void ARunOfTrainIsFineTuned()
    {
        Train("maml", "run", "--pretrain-steps", "2");
        JsonElement json = Tune("run", "tuned");
        Assert.True(json.GetProperty("new_head").GetBoolean()); // 2 ways, 10 digits
        Assert.InRange(json.GetProperty("accuracy").GetDouble(), 0, 1);
        Assert.Contains("2-way by MAML", json.GetProperty("model").GetString());
        Tune("run/model.safetensors", "of-file");

        // A meta-learned head of as many classes is where fine-tuning starts.
        Train("meta-sgd", "ten", "--ways", "10");
        Assert.False(Tune("ten", "kept").GetProperty("new_head").GetBoolean());

        EngineCommand.Run(["finetune", "--model", In("run"), "--norm", "shared"])
            .FailsWith(2, "--norm: meta-learning keeps no running statistics", "per-domain");
        EngineCommand.Run(["finetune", "--model", In("run"), "--plan", "probe"])
            .FailsWith(2, "another plan than probe");
        EngineCommand.Run(["finetune", "--model", In("run"), "--size", "8"])
            .FailsWith(2, "--size: the network of --model has a size of its own");
        Train("protonet", "metric", "--train-ways", "2");
        EngineCommand.Run(["finetune", "--model", In("metric"), "--norm", "per-domain"])
            .FailsWith(2, "--model: protonet of conv4 left no network", "give a run of maml");
        File.Delete(In("run/model.safetensors"));
        EngineCommand.Run(["finetune", "--model", In("run"), "--norm", "per-domain"])
            .FailsWith(2, "not there; engine train --resume");
    }

    [Theory]
    [InlineData("glyphs-pipeline")]
    [InlineData("digits-pipeline")]
    public void TheStagesStandSideBySide(string name)
    {
        JsonElement json = Repro(name);
        foreach (string start in (string[])["scratch", "pretrained", "maml", "pretrained_maml"])
        {
            Assert.InRange(json.GetProperty(start).GetDouble(), 0, 1);
            Assert.Equal(1, json.GetProperty($"{start}_per_seed").GetArrayLength());
        }
        Assert.Equal(
            json.GetProperty("pretrained_maml").GetDouble(),
            json.GetProperty("value").GetDouble());
        string page = File.ReadAllText(In("page.html"));
        foreach (string stage in (string[])["pretraining", "meta-learning", "fine-tuning"])
            Assert.Contains($"Loss: {stage}", page);
    }

    [Fact]
    public void TheInvariantLearnerStandsBesideTheOneAlone()
    {
        JsonElement json = Repro("digits-anil-dann");
        foreach (string figure in (string[])["control", "critic", "critic_control"])
            Assert.InRange(json.GetProperty(figure).GetDouble(), 0, 2);
    }

    [DataFact("pacs32-images.idx.gz")]
    public void AMobileNetIsTunedOnPictures()
    {
        string data = Path.GetDirectoryName(DataFactAttribute.Find("pacs32-images.idx.gz"))!;
        foreach (string plan in (string[])["probe", "lora"])
        {
            string file = In($"{plan}.json");
            EngineCommand.Run(
                "repro", $"pacs-mobilenet-{plan}", "--quick", "--data", data, "--json", file)
                .Succeeds();
            JsonElement json = EngineCommand.Json(file);
            Assert.Equal(plan, json.GetProperty("plan").GetString());
            foreach (string figure in (string[])["value", "scratch"])
                Assert.InRange(json.GetProperty(figure).GetDouble(), 0, 1);
        }
    }

    [Theory]
    [InlineData("digits-pipeline --data x", "--data: digits-pipeline brings its own data")]
    [InlineData("glyphs-pipeline --order first", "--order: glyphs-pipeline has its own")]
    [InlineData("digits-anil-dann --data x", "--data: digits-anil-dann brings its own data")]
    [InlineData("pacs-mobilenet-head", "--data: pacs-mobilenet-head needs mobilenet_v1_025_224")]
    public void WrongExperimentsAreWrongUse(string arguments, string expected) =>
        EngineCommand.Run(["repro", .. arguments.Split(' ')]).FailsWith(2, expected);

    private JsonElement Repro(string name)
    {
        string file = In("figures.json");
        EngineCommand.Run(
            "repro", name, "--quick", "--iterations", "1", "--json", file, "--html",
            In("page.html")).Succeeds();
        JsonElement json = EngineCommand.Json(file);
        Assert.Equal(name, json.GetProperty("name").GetString());
        Assert.Equal("exact", json.GetProperty("order").GetString());
        Assert.InRange(json.GetProperty("order_error").GetDouble(), 0, 1e-4);
        Assert.InRange(json.GetProperty("value").GetDouble(), 0, 1);
        return json;
    }

    private string Train(string method, string run, params string[] options) =>
        EngineCommand.Run([
            "train", "--method", method, "--filters", "4", "--iterations", "1", "--meta-batch",
            "2", "--queries", "2", "--eval-tasks", "2", .. options.Contains("--ways")
                ? (string[])[] : ["--ways", "2"],
            .. options, "--out", In(run)]).Succeeds().Output;

    private JsonElement Tune(string model, string run)
    {
        string file = In($"{run}.json");
        EngineCommand.Run([
            "finetune", "--model", In(model), "--norm", "per-domain", "--data", "mnist:200",
            "--few", "3", "--steps", "8", "--batch", "8", "--looks", "2", "--seeds", "1", "--rate",
            "0.003", "--out", In(run), "--json", file]).Succeeds();
        return EngineCommand.Json(file);
    }

    private string In(string name) => Path.Combine(folder, name);
}
