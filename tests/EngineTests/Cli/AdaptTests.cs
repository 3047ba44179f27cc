// engine adapt in its smallest form: figures, a run that goes on, what it refuses.
using System.Collections.Immutable;
using System.Text.Json;
using Engine.Cli;
using Engine.Transfer;

namespace Engine.Tests.Cli;

public sealed class AdaptTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Options of a run that takes a second.</summary>
    public static string[] Tiny(string method) =>
    [
        "--method", method, "--source", "fontdigits:200", "--target", "mnist:100",
        "--target-test", "mnist:60", "--network", "lenet", "--batch", "8", "--steps", "6",
        "--looks", "3", "--seeds", "1",
    ];

    [Theory]
    [InlineData("domain", 0.69, 0.9, null)]
    [InlineData("domain", 0.001, 0.9, "the critic's loss ended at 0.001 (0.693 is chance): it tells "
        + "the domains apart, and the features do not heed it.")]
    [InlineData("critic", 9.5, 0.9, "the critic's loss ended at 9.500 (1.386 is chance): it "
        + "diverged; lower --weight or --rate.")]
    [InlineData("domain", 0.69, 0.5, "the run ended at 50.0 %, after it had reached 90.0 %: it "
        + "collapsed. See the report.")]
    public void WhatWentWrongIsSaid(string loss, double critic, double end, string? warning)
    {
        Look At(int step, double accuracy) => new(
            step, [0.1, critic, -0.5], ImmutableDictionary<string, double>.Empty, 1, accuracy);
        var run = new AdaptedRun(
            ["task", loss, "information"], [At(1, 0.9), At(2, end)], At(2, end));
        Assert.Equal(warning, AdaptFigures.Warning(run));
    }

    [Fact]
    public void FiguresStandSideBySide()
    {
        string file = In("figures.json");
        string[] two = [.. Tiny("mcc")[..^1], "2"];
        Outcome outcome = EngineCommand.Run(
            ["adapt", .. two, "--out", In("run"), "--json", file]).Succeeds();
        JsonElement json = EngineCommand.Json(file);
        foreach (string name in (string[])["source_only", "control", "chosen", "oracle"])
        {
            double mean = json.GetProperty(name).GetDouble();
            Assert.InRange(mean, 0, 1);
            double[] seeds = EngineCommand.Numbers(json.GetProperty($"{name}_per_seed"));
            Assert.Equal(2, seeds.Length);
            Assert.Equal(mean, seeds.Average(), 1e-12);
        }

        Assert.True(json.GetProperty("oracle").GetDouble()
            >= json.GetProperty("chosen").GetDouble());
        Assert.Equal("mcc", json.GetProperty("method").GetString());
        Assert.Equal("information", json.GetProperty("validator").GetString());
        Assert.True(json.GetProperty("ci95").GetDouble() >= 0);
        Assert.True(json.GetProperty("seconds").GetDouble() > 0);
        Assert.Contains("chosen by the validator", outcome.Output);
        string page = File.ReadAllText(In("run/report.html"));
        foreach (string text in (string[])["Accuracy on the target", "Loss: task", "oracle"])
            Assert.Contains(text, page);
    }

    [Theory]
    [InlineData("mcc")]
    [InlineData("mcd")]
    public void ARunThatWasStoppedEndsAsOneThatWasNot(string method)
    {
        string[] options = Tiny(method);
        EngineCommand.Run(["adapt", .. options, "--out", In("whole")]).Succeeds();
        // The first line of progress of the method's own phase ends the session at its first step.
        using (var stop = new CancellationTokenSource())
        using (var output = ActingWriter.Cancelling("seed-0: step", stop))
            EngineCommand.Run(output, stop.Token, ["adapt", .. options, "--out", In("parts")])
                .FailsWith(130, "engine adapt --resume");
        Assert.True(File.Exists(In("parts/seed-0-control.safetensors")));
        Assert.True(File.Exists(In("parts/seed-0-state.safetensors")));
        EngineCommand.Run("adapt", "--resume", In("parts")).Succeeds();
        Assert.Equal(
            File.ReadAllBytes(In("whole/seed-0-model.safetensors")),
            File.ReadAllBytes(In("parts/seed-0-model.safetensors")));
        Assert.Equal(Method("whole"), Method("parts"));
        Assert.False(File.Exists(In("parts/seed-0-state.safetensors")));

        string Method(string run) => EngineCommand.Json(In($"{run}/seed-0.json"))
            .GetProperty("Method").GetRawText();
    }

    [Fact]
    public void WhatIsFinishedIsNotDoneAgain()
    {
        EngineCommand.Run(["adapt", .. Tiny("none"), "--out", In("run")]).Succeeds();
        string seed = In("run/seed-0.json"), text = File.ReadAllText(seed);
        DateTime written = File.GetLastWriteTimeUtc(In("run/seed-0-control.safetensors"));
        EngineCommand.Run("adapt", "--resume", In("run")).Succeeds();
        Assert.Equal(text, File.ReadAllText(seed));
        Assert.Equal(written, File.GetLastWriteTimeUtc(In("run/seed-0-control.safetensors")));
        File.WriteAllText(seed, text[..(text.Length / 2)]);
        EngineCommand.Run("adapt", "--resume", In("run"))
            .FailsWith(1, "seed-0.json: missing or damaged; delete it to run this seed again");
        EngineCommand.Run("adapt", "--resume", In("run"), "--steps", "9")
            .FailsWith(2, "--steps: a run goes on with the settings that it began with");
        EngineCommand.Run("adapt", "--resume", In("nowhere"))
            .FailsWith(1, "not there; name the folder of a run of engine adapt");
    }

    [Theory]
    [InlineData("--method magic", 2, "--method: 'magic' is wrong; give one of none, dan")]
    [InlineData("--validator eyes", 2, "--validator: 'eyes' is wrong; give one of information")]
    [InlineData("--norm loose", 2, "--norm: 'loose' is wrong; give shared or per-domain or fixed")]
    [InlineData("--network mlp", 2, "--network: mlp is for vectors, but font digits has images")]
    [InlineData("--network vgg", 2, "--network: 'vgg' is wrong; give one of lenet-bn")]
    [InlineData("--source nowhere/at-all", 1, "no such set: neither fontdigits")]
    [InlineData("--target mnist@0..9999", 2, "0..9999 is no range of the 2000 examples")]
    [InlineData("--target mnist@5..5", 2, "5..5 is no range")]
    [InlineData("--target mnist:9999", 2, "9999 examples are asked for of MNIST")]
    [InlineData("--target mnist@0..99999999999", 2, "99999999999 is too large a number")]
    [InlineData("--target mnist#photo", 2, "mnist has no domains; leave out #photo")]
    [InlineData("--target-test mnist@0..0", 2, "0..0 is no range")]
    [InlineData("--steps 0", 2, "--steps: '0' is wrong")]
    public void WrongOptionsAreRefusedBeforeAnythingIsMade(string typed, int code, string text)
    {
        string[] words = typed.Split(' ');
        string[] options = Tiny("mcc");
        int at = Array.IndexOf(options, words[0]);
        if (at >= 0) options = [.. options[..at], .. options[(at + 2)..]];
        EngineCommand.Run(["adapt", .. options, .. words, "--out", In("run")])
            .FailsWith(code, text);
        if (words[0] != "--network") Assert.False(Directory.Exists(In("run")));
    }

    [Fact]
    public void DomainsOfOtherClassesAreRefusedByName()
    {
        File.WriteAllText(In("a.svmlight"), "1 1:1 2:3\n2 1:2\n1 2:1\n2 1:1\n");
        File.WriteAllText(In("b.svmlight"), "1 1:1 2:3\n3 1:2\n1 2:1\n3 1:1\n");
        EngineCommand.Run(
            "adapt", "--source", In("a.svmlight"), "--target", In("b.svmlight"), "--features", "3",
            "--out", In("run"))
            .FailsWith(2, "do not have the same classes", "only the source has 2",
                "only the target has 3");
        Assert.False(Directory.Exists(In("run")));
    }

    [Theory]
    [InlineData("digits-font-mnist-none")]
    [InlineData("digits-font-mnist-mcc")]
    public void ExperimentsOfDigitsRunInTheirQuickForm(string name)
    {
        string file = In("figures.json");
        EngineCommand.Run("repro", name, "--quick", "--iterations", "2", "--json", file)
            .Succeeds();
        JsonElement json = EngineCommand.Json(file);
        Assert.Equal(name, json.GetProperty("name").GetString());
        foreach (string figure in (string[])["value", "source_only", "control", "oracle"])
            Assert.InRange(json.GetProperty(figure).GetDouble(), 0, 1);
        Assert.True(json.GetProperty("seconds").GetDouble() > 0);
    }

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
    public void ExperimentsOfFilesSayWhichTheyNeed() => EngineCommand
        .Run("repro", "digits-mnist-usps-mcc", "--quick").FailsWith(2, "--data:", "usps16");

    private string In(string name) => Path.Combine(folder, name);
}
