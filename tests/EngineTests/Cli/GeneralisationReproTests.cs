// engine repro with one domain left out: what it says, and that joint training stands beside it.
using System.IO.Compression;
using System.Text.Json;

namespace Engine.Tests.Cli;

public sealed class GeneralisationReproTests : IDisposable
{
    private const int Each = 30;

    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("pacs-joint")]
    [InlineData("pacs-mldg")]
    [InlineData("pacs-maml")]
    [InlineData("amazon-joint")]
    [InlineData("amazon-mldg")]
    [InlineData("amazon-maml")]
    public void AnExperimentSaysWhatItMustSay(string name)
    {
        string file = In("figures.json"), page = In("page.html");
        EngineCommand.Run(
            "repro", name, "--data", Data(name), "--iterations", "3", "--seeds", "2", "--json",
            file, "--html", page).Succeeds();
        JsonElement json = EngineCommand.Json(file);
        Assert.Equal(name, json.GetProperty("name").GetString());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("published").ValueKind);
        foreach (string key in (string[])["value", "ci95", "control", "control_ci95", "seconds"])
            Assert.InRange(json.GetProperty(key).GetDouble(), 0, 1000);
        bool joint = name.EndsWith("joint", StringComparison.Ordinal);
        Assert.Equal(joint ? "first" : "exact", json.GetProperty("order").GetString());
        if (joint) Assert.Equal(JsonValueKind.Null, json.GetProperty("order_error").ValueKind);
        else Assert.InRange(json.GetProperty("order_error").GetDouble(), 0, 1e-4);

        double[] values = Numbers("value_per_seed"), controls = Numbers("control_per_seed");
        Assert.Equal(2, values.Length);
        Assert.Equal(
            values.Zip(controls, (v, c) => v - c).Average(),
            json.GetProperty("difference").GetDouble(), 12);
        Assert.Equal(values.Average(), Numbers("value_per_pair").Average(), 12);
        Assert.Equal(controls.Average(), Numbers("control_per_pair").Average(), 12);
        Assert.Equal(4, json.GetProperty("pairs").GetArrayLength());
        if (joint) Assert.Equal(controls, values);
        Assert.Contains("kept examples of the sources", File.ReadAllText(page));

        double[] Numbers(string key) => EngineCommand.Numbers(json.GetProperty(key));
    }

    [Fact]
    public void TheControlOfAMethodIsJointTraining()
    {
        string file = In("figures.json");
        double[] Of(string name, string key)
        {
            EngineCommand.Run(
                "repro", name, "--data", Data(name), "--quick", "--json", file).Succeeds();
            return EngineCommand.Numbers(EngineCommand.Json(file).GetProperty(key));
        }

        Assert.Equal(Of("pacs-joint", "value_per_seed"), Of("pacs-mldg", "control_per_seed"));
        Assert.Single(Of("pacs-maml", "value_per_pair"));
    }

    [Theory]
    [InlineData("pacs-mldg", "--data: pacs-mldg needs pacs_mnet025_feat256_u8 and pacs32")]
    [InlineData("amazon-maml", "--data: amazon-maml needs amazon_books_train.svmlight.gz")]
    [InlineData("pacs-maml --data . --order first", "--order: pacs-maml has its own")]
    public void WrongUseIsSaid(string arguments, string expected) =>
        EngineCommand.Run(["repro", .. arguments.Split(' ')]).FailsWith(2, expected);

    /// <summary>Four domains of three classes that the first numbers tell apart.</summary>
    private string Data(string name)
    {
        var random = new Random(0);
        if (name.StartsWith("amazon", StringComparison.Ordinal))
        {
            foreach (string goods in (string[])["books", "dvd", "electronics", "kitchen"])
                foreach (string part in (string[])["train", "test"])
                {
                    using var text = new StreamWriter(new GZipStream(
                        File.Create(In($"amazon_{goods}_{part}.svmlight.gz")),
                        CompressionLevel.Fastest));
                    for (int i = 0; i < Each; i++)
                        text.Write($"{i % 2} {i % 2}:{1 + random.Next(3)} "
                            + $"{2 + random.Next(20)}:{1 + random.Next(3)}\n");
                }

            return folder;
        }

        const int features = 6;
        var values = new byte[4 * Each * features];
        byte[] labels = new byte[4 * Each], domains = new byte[4 * Each];
        for (int i = 0; i < labels.Length; i++)
        {
            (labels[i], domains[i]) = ((byte)(i % 3), (byte)(i / Each));
            for (int f = 0; f < features; f++)
                values[(i * features) + f] = (byte)(random.Next(40) + (f == labels[i] ? 60 : 0));
        }

        const byte count = 4 * Each;
        File.WriteAllBytes(
            In("pacs_mnet025_feat256_u8-images.idx"),
            [0, 0, 8, 2, 0, 0, 0, count, 0, 0, 0, features, .. values]);
        File.WriteAllBytes(
            In("pacs32-images.idx"),
            [0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 1, 0, 0, 0, 1, .. labels]);
        File.WriteAllBytes(In("pacs32-labels.idx"), [0, 0, 8, 1, 0, 0, 0, count, .. labels]);
        File.WriteAllBytes(In("pacs32-domains.idx"), [0, 0, 8, 1, 0, 0, 0, count, .. domains]);
        File.WriteAllText(
            In("pacs32-names.txt"), "domains: photo art cartoon sketch\nclasses: a b c\n");
        return folder;
    }

    private string In(string name) => Path.Combine(folder, name);
}
