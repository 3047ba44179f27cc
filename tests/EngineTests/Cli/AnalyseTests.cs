// engine analyse: its figures are those of the run, and its page shows both domains.
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Engine.Cli;
using Engine.Data;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests.Cli;

public sealed class AnalyseTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    // A network with batch normalisation reads each domain by statistics of its own.
    [Theory]
    [InlineData("mcc", "lenet-bn")]
    [InlineData("mcc", "lenet")]
    [InlineData("mcd", "lenet")]
    public void FiguresAreThoseOfTheRun(string method, string network)
    {
        string run = In("run"), file = In("figures.json");
        string[] options = AdaptTests.Tiny(method);
        options[Array.IndexOf(options, "--network") + 1] = network;
        EngineCommand.Run(["adapt", .. options, "--out", run]).Succeeds();
        EngineCommand.Run("analyse", run, "--points", "40", "--json", file).Succeeds();
        JsonElement json = EngineCommand.Json(file);
        JsonElement seed = EngineCommand.Json(In("run/seed-0.json"));
        JsonElement look = seed.GetProperty("Method").GetProperty("Chosen");
        double chosen = look.GetProperty("TargetAccuracy").GetDouble();
        foreach (var (name, expected) in new (string, double)[]
        {
            ("accuracy_before", seed.GetProperty("Control").GetDouble()),
            ("accuracy_after", chosen),
            ("source_accuracy_after", look.GetProperty("SourceAccuracy").GetDouble()),
            ("source_only", seed.GetProperty("SourceOnly").GetDouble()),
        })
            Assert.Equal(expected, json.GetProperty(name).GetDouble(), 1e-9);
        if (network == "lenet-bn")
        {
            NormalizedLeNet like = NormalizedLeNet.Create(Key.From(0), 10);
            DomainSets sets = AdaptVerb.Load(AdaptVerb.Runs.ReadConfig(run), 0);
            Outputs See(string name, LabelledSet set) => Outputs.Of(
                SafeTensors.Load(
                    In($"run/seed-0-{name}.safetensors"),
                    new Adapted<NormalizedLeNet>(like, NormStatistics.For(like))), set);
            var seen = new Seen(
                See("model-on-source", sets.SourceTest), See("model", sets.TargetTest));
            Assert.Equal(seen.Distance, json.GetProperty("a_distance_after").GetDouble(), 1e-9);
            Assert.NotEqual(
                See("model", sets.SourceTest).Features.ToArray<float>(),
                seen.Source.Features.ToArray<float>());
        }

        Assert.Equal(10, json.GetProperty("per_class_after").GetArrayLength());

        string page = File.ReadAllText(In("run/analysis.html"));
        foreach (string text in (string[])
            ["PCA of features, before", "t-SNE of features, after", "Crosses: target"])
            Assert.Contains(text, page);
        // Four maps of 20 source and 20 target examples.
        Assert.Equal(80, Regex.Count(page, "class=\"mark\""));
        Assert.Equal(80, Regex.Count(page, "class=\"cross\""));
        XDocument body = XDocument.Parse(
            page[page.IndexOf("<body>", StringComparison.Ordinal)..].Replace("</html>", ""));
        // The diagonal of the second matrix are the target's examples that are recognised.
        XElement[] matrices = [.. body.Descendants("table")
            .Where(t => t.Attribute("class")!.Value.Contains("matrix"))];
        Assert.Equal(2, matrices.Length);
        int right = matrices[1].Descendants("td")
            .Where(t => t.Attribute("class")!.Value == "right").Sum(t => int.Parse(t.Value));
        Assert.Equal(60, matrices[1].Descendants("td").Sum(t => int.Parse(t.Value)));
        Assert.Equal(chosen * 60, right, 1e-5); // shares are float32
    }

    [Fact]
    public void WhatIsNoFinishedRunIsRefused()
    {
        EngineCommand.Run("analyse", In("nowhere")).FailsWith(2, "no such folder");
        EngineCommand.Run("analyse", folder).FailsWith(1, "config.json: not there");
        EngineCommand.Run("analyse", folder, "--points", "2000").FailsWith(2, "at most 1000");
        EngineCommand.Run(["adapt", .. AdaptTests.Tiny("none"), "--out", In("run")]).Succeeds();
        EngineCommand.Run("analyse", In("run"), "--seed", "7")
            .FailsWith(1, "seed 7 of this run is not finished, or is none of its seeds");
        string config = In("run/config.json");
        File.WriteAllText(
            config, File.ReadAllText(config).Replace("\"adapt\"", "\"train\""));
        EngineCommand.Run("analyse", In("run")).FailsWith(1, "it is of another verb");
    }

    [Fact]
    public void MapsAndMatricesOfOddDataRender()
    {
        string page = HtmlReport.Render(new()
        {
            Title = "t",
            Subtitle = "s",
            Scatters =
            [
                new("none", "c", ["a"], ["d"], []),
                new("one", "c", ["<a>"], ["d"], [new(1, 1, 0, 0), new(double.NaN, 1, 0, 0)]),
            ],
            Matrices =
            [
                new("few", ["<a>", "b"], new[,] { { 3, 1 }, { 0, 0 } }),
                new("many", [.. Enumerable.Range(0, 41).Select(i => $"{i}")], new int[41, 41]),
            ],
        });
        Assert.Contains("Nothing was measured.", page);
        Assert.Contains("Not finite and left out: 1.", page);
        Assert.Contains("&lt;a&gt;", page);
        Assert.DoesNotContain("<a>", page);
        Assert.Contains("--share:75%\">3<", page);
        Assert.Contains("41 classes are too many to show.", page);
    }

    private string In(string name) => Path.Combine(folder, name);
}
