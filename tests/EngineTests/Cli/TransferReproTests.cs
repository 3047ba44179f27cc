// engine repro of adaptation experiments: their quick form, and what is reported when they end
// early.
using System.Text.Json;
using Engine.Cli;
using Engine.Data;
using Engine.Transfer;

namespace Engine.Tests.Cli;

public sealed class TransferReproTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("digits-font-mnist-none")]
    [InlineData("digits-font-mnist-mcc")]
    public void ExperimentsOfDigitsRunInTheirQuickForm(string name) => Quick(name);

    [Fact]
    public void DamlStandsBesideItsAblations()
    {
        string file = In("figures.json"), page = In("page.html");
        EngineCommand.Run(
            "repro", "daml-digits", "--quick", "--iterations", "2", "--json", file, "--html", page)
            .Succeeds();
        JsonElement json = EngineCommand.Json(file);
        double Value(string name) => json.GetProperty(name).GetDouble();
        foreach (string part in (string[])
            ["source_only", "control", "gan_only", "meta_only", "daml", "oracle"])
        {
            Assert.InRange(Value($"font_mnist_{part}_before"), 0, 1);
            Assert.Equal(
                Value("font_mnist_daml_after") - Value($"font_mnist_{part}_after"),
                Value($"font_mnist_{part}_daml_above"), 12);
        }

        Assert.Equal(Value("font_mnist_daml_after"), Value("value"), 12);
        Assert.Equal("exact", json.GetProperty("order").GetString());
        Assert.InRange(Value("order_error"), 0, 1e-5);
        string text = File.ReadAllText(page);
        Assert.Contains("What the generator makes: font-mnist", text);
        // Six images of each of ten classes, at three stages.
        Assert.Equal(180, text.Split("data:image/png").Length - 1);
        Assert.DoesNotContain("NaN", text);
    }

    [Fact]
    public void SeedsOfDamlThatWereFinishedBeforeTheEndAreKept()
    {
        string file = In("figures.json");
        using var stop = new CancellationTokenSource();
        using var output = ActingWriter.Cancelling("seed 1: step", stop);
        EngineCommand.Run(output, stop.Token, [
            "repro", "daml-digits", "--quick", "--iterations", "2", "--seeds", "3", "--json",
            file]).Succeeds();
        JsonElement json = EngineCommand.Json(file);
        Assert.True(json.GetProperty("interrupted").GetBoolean());
        Assert.Equal(1, json.GetProperty("finished_seeds").GetInt32());
        Assert.Equal(1, json.GetProperty("value_per_seed").GetArrayLength());
    }

    [Fact]
    public void ExperimentsOfFilesSayWhichTheyNeed() => EngineCommand
        .Run("repro", "digits-mnist-usps-mcc", "--quick").FailsWith(2, "--data:", "usps16");

    [DataFact("amazon_books_train.svmlight.gz")]
    public void ExperimentsOfReviewsRunInTheirQuickForm() =>
        Quick("amazon-coral", "amazon_books_train.svmlight.gz");

    [DataFact("officecaltech_surf800-images.idx.gz")]
    public void ExperimentsOfPhotographsRunInTheirQuickForm()
    {
        const string File = "officecaltech_surf800-images.idx.gz";
        Quick("officecaltech-kmm", File);
        Linear("officecaltech-linear", "control");
        Linear("officecaltech-coral-linear", "aligned");

        void Linear(string name, string own)
        {
            string data = Path.GetDirectoryName(DataFactAttribute.Find(File))!;
            EngineCommand.Run(
                "repro", name, "--quick", "--data", data, "--json", In("linear.json"), "--html",
                In("linear.html")).Succeeds();
            JsonElement json = EngineCommand.Json(In("linear.json"));
            Assert.InRange(json.GetProperty("value").GetDouble(), 0.15, 1);
            Assert.Equal(
                json.GetProperty(own).GetDouble(), json.GetProperty("value").GetDouble());
            Assert.InRange(json.GetProperty("control").GetDouble(), 0.15, 1);
            Assert.InRange(json.GetProperty("aligned").GetDouble(), 0.15, 1);
            string page = System.IO.File.ReadAllText(In("linear.html"));
            Assert.Contains("source aligned", page);
            Assert.DoesNotContain("NaN", page);
            EngineCommand.Run("repro", name, "--data", data, "--seed", "1")
                .FailsWith(2, $"--seed: nothing in {name} is random");
            EngineCommand.Run("repro", name, "--data", data, "--iterations", "1")
                .FailsWith(2, $"--iterations: {name} has no steps");
        }
    }

    [DataFact("pacs_mnet025_feat256_u8-images.idx.gz")]
    public void ExperimentsOfPicturesRunInTheirQuickForm() =>
        Quick("pacs-mcc", "pacs_mnet025_feat256_u8-images.idx.gz");

    [Fact]
    public void SeedsThatWereFinishedBeforeTheEndAreKept()
    {
        using var stop = new CancellationTokenSource();
        using var output = ActingWriter.Cancelling("seed-1, source only: step", stop);
        EngineCommand.Run(output, stop.Token, [
            "repro", "digits-font-mnist-none", "--quick", "--iterations", "2", "--seeds", "3",
            "--json", In("figures.json"), "--html", In("page.html")]).Succeeds();
        JsonElement json = EngineCommand.Json(In("figures.json"));
        Assert.True(json.GetProperty("interrupted").GetBoolean());
        Assert.Equal(1, json.GetProperty("finished_seeds").GetInt32());
        Assert.Equal(1, json.GetProperty("value_per_seed").GetArrayLength());
        Assert.Contains("source only", File.ReadAllText(In("page.html")));
    }

    // Two pairs and two seeds: seed 8 cannot learn the second pair.
    [Fact]
    public void WhatFailsDoesNotTakeTheOthersWithIt()
    {
        var (context, _) = Run(
            (pair, seed) => pair == 1 && seed == 8 ? Blobs(9e37f) : Blobs(1), default);
        Assert.StartsWith("second, seed-8", context.Failure!.Message);
        Assert.Contains("training diverged by step", context.Failure.Message);
        Assert.Contains("The experiment has a rate of its own", context.Failure.Message);
        context.Summary.WriteTo(In("figures.json"));
        JsonElement json = EngineCommand.Json(In("figures.json"));
        Assert.Equal(1, json.GetProperty("finished_seeds").GetInt32());
        Assert.Equal(1, json.GetProperty("value_per_seed").GetArrayLength());
        Assert.Equal(2, json.GetProperty("value_per_pair").GetArrayLength());
        string page = File.ReadAllText(In("page.html"));
        Assert.Contains("Warning: second, seed-8", page);
        foreach (string text in (string[])
            ["source only", "control", "chosen by the validator", "oracle", "first", "second",
                "mean"])
            Assert.Contains($"<th>{text}", page);
        Assert.Contains("&#177;", page); // of the first pair there are two seeds
        Assert.DoesNotContain("NaN", page);
    }

    [Fact]
    public void PairsThatWereFinishedBeforeTheEndAreKept()
    {
        using var stop = new CancellationTokenSource();
        var (context, output) = Run(
            (pair, seed) =>
            {
                if (pair == 1) stop.Cancel();
                return Blobs(1);
            }, stop.Token);
        Assert.Null(context.Failure);
        context.Summary.WriteTo(In("figures.json"));
        JsonElement json = EngineCommand.Json(In("figures.json"));
        Assert.True(json.GetProperty("interrupted").GetBoolean());
        Assert.Equal(0, json.GetProperty("finished_seeds").GetInt32());
        Assert.Equal(
            ["first"],
            json.GetProperty("finished_pairs").EnumerateArray().Select(p => p.GetString()));
        Assert.Equal(1, json.GetProperty("value_per_pair").GetArrayLength());
        Assert.Contains("Means are of 1 of 2 pairs.", output);
    }

    private (VerbContext Context, string Output) Run(
        Func<int, long, DomainSets> draw, CancellationToken stop)
    {
        var experiment = new TransferExperiment(
            "made-up", new() { Method = "mcc", Looks = 1, Batch = 8 }, null, null, (_, _) =>
            [
                new("first", seed => draw(0, seed)), new("second", seed => draw(1, seed)),
            ]);
        using var output = new StringWriter();
        var context = new VerbContext(output, stop, threads: 1);
        TransferRepro.Run(
            experiment,
            new() { Iterations = 3, Seeds = 2, Seed = 7, Html = In("page.html") }, context);
        return (context, output.ToString());
    }

    private static DomainSets Blobs(float scale)
    {
        float[] values =
            [.. Enumerable.Range(0, 40 * 2).Select(i => scale * (i % 4 + (i % 7 / 9f)))];
        LabelledSet set = LabelledSet.FromFloats(
            "blobs", 2, values, [.. Enumerable.Range(0, 40).Select(i => i % 2)], ["x", "y"]);
        return new(set.Range(0, 10), set.Range(10, 10), set.Range(20, 10), set.Range(30, 10));
    }

    private void Quick(string name, string? file = null)
    {
        string json = In("figures.json"), page = In("page.html");
        EngineCommand.Run([
            "repro", name, "--quick", "--iterations", "2", "--json", json, "--html", page,
            .. file is null ? (string[])[]
                : ["--data", Path.GetDirectoryName(DataFactAttribute.Find(file))!],
        ]).Succeeds();
        JsonElement figures = EngineCommand.Json(json);
        Assert.Equal(name, figures.GetProperty("name").GetString());
        foreach (string figure in (string[])["value", "source_only", "control", "oracle"])
            Assert.InRange(figures.GetProperty(figure).GetDouble(), 0, 1);
        Assert.True(
            figures.GetProperty("oracle").GetDouble() >= figures.GetProperty("value").GetDouble());
        Assert.Equal(1, figures.GetProperty("finished_seeds").GetInt32());
        Assert.False(figures.GetProperty("interrupted").GetBoolean());
        string html = File.ReadAllText(page);
        Assert.Contains("<th>control</th>", html);
        Assert.DoesNotContain("NaN", html);
    }

    private string In(string name) => Path.Combine(folder, name);
}
