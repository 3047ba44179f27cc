// What engine adapt refuses, and that nothing is left of a run that it refused.
using Engine.Tests.Data;

namespace Engine.Tests.Cli;

public sealed class AdaptRefusalTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

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
    // Nothing is tested on what is trained on.
    [InlineData("--target mnist@0..100 --target-test mnist@50..150", 2, "--target-test: 50 of its "
        + "100 examples are those of --target as well", "or leave it out")]
    [InlineData("--target mnist:100 --target-test mnist:60", 2, "60 of its 60 examples")]
    [InlineData("--source-test fontdigits:100", 2, "--source-test: 100 of its 100 examples are "
        + "those of --source as well")]
    [InlineData("--source mnist --target ucidigits --target-test mnist:60", 2, "--target-test: 60 of its 60 examples are "
        + "those of --source as well")]
    // What would be ignored is not taken.
    [InlineData("--method none --norm shared", 2, "--norm: method none is the control")]
    [InlineData("--method none --validator source-risk", 2, "--validator: method none")]
    [InlineData("--method none --weight 2", 2, "--weight: method none has no term to weigh")]
    [InlineData("--method mcd --weight 2", 2, "--weight: method mcd has no term to weigh")]
    [InlineData("--method adda --norm shared", 2, "--norm: method adda has an encoder for each")]
    [InlineData("--features 7", 2, "--features: no svmlight file is named; leave it out")]
    [InlineData("--first-index 0", 2, "--first-index: no svmlight file is named; leave it out")]
    [InlineData("--rate 1e9", 1, "seed-0, source only: training diverged by step", "Lower --rate.")]
    public void WrongOptionsLeaveNothing(string typed, int code, params string[] texts)
    {
        string[] words = typed.Split(' ');
        string[] options = AdaptTests.Tiny(words is ["--method", "none", ..] ? "none" : "mcc");
        foreach (string word in words.Where(w => w.StartsWith("--", StringComparison.Ordinal)))
        {
            int at = Array.IndexOf(options, word);
            if (at >= 0) options = [.. options[..at], .. options[(at + 2)..]];
        }

        EngineCommand.Run(["adapt", .. options, .. words, "--out", In("run")])
            .FailsWith(code, texts);
        Assert.False(Directory.Exists(In("run")));
    }

    [Fact]
    public void AMethodThatDivergesIsNamed()
    {
        EngineCommand.Run([
            "adapt", .. AdaptTests.Tiny("mcc"), "--weight", "1e38", "--out", In("run")])
            .FailsWith(1, "seed-0: training diverged by step", "Lower --rate or --weight.");
        Assert.True(File.Exists(In("run/seed-0-control.safetensors")));
    }

    [Fact]
    public void DomainsOfOtherClassesAreRefusedByName()
    {
        File.WriteAllText(In("a.svmlight"), "1 1:1 2:3\n2 1:2\n1 2:1\n2 1:1\n");
        File.WriteAllText(In("b.svmlight"), "1 1:1 2:3\n3 1:2\n1 2:1\n3 1:1\n");
        OfVectors("a.svmlight", "b.svmlight", 2, "do not have the same classes",
            "only the source has 2", "only the target has 3");
    }

    [Fact]
    public void WhatIsTooSmallIsSaid()
    {
        Vectors.Write(In("many.svmlight"), 40, label => label, 0);
        Vectors.Write(In("three.svmlight"), 3, label => label, 0);
        File.WriteAllText(In("alike.svmlight"), "1 1:1\n1 2:1\n1 3:1\n");
        OfVectors("three.svmlight", "many.svmlight", 2, "--source: 3 examples of ", "are too few "
            + "to keep a tenth of them to validate on; give more, or name others by --source-test");
        OfVectors("many.svmlight", "three.svmlight@0..1", 2, "--target: 1 example of ", "is too "
            + "few to keep half of them to test on; give more, or name others by --target-test");
        OfVectors("alike.svmlight", "many.svmlight", 1, "every example is of class '1'");
        OfVectors("many.svmlight@0..1", "many.svmlight@1..9", 2, "fewer than two classes");
        OfVectors("many.svmlight", "many.svmlight@1..9", 2, " of its 4 examples are those of "
            + "--source as well");
        EngineCommand.Run(
            "adapt", "--source", In("many.svmlight@0..20"), "--target", In("many.svmlight@20..40"),
            "--validator", "deep-embedded", "--features", "6", "--out", In("run"))
            .FailsWith(2, "--source: 20 examples of ", "--source-test");
        EngineCommand.Run(
            "adapt", "--source", In("many.svmlight@0..20"), "--target", In("many.svmlight@20..40"),
            "--size", "8", "--features", "6", "--out", In("run"))
            .FailsWith(2, "--size: ", "has vectors; leave it out");
        EngineCommand.Run(
            "adapt", "--source", In("many.svmlight@0..20"), "--target", In("many.svmlight@20..40"),
            "--network", "vgg", "--features", "6", "--out", In("run"))
            .FailsWith(2, "--network: 'vgg' is wrong");
    }

    [Fact]
    public void ADomainWithoutExamplesIsNoTarget()
    {
        void Write(string ending, int[] sizes, params byte[] values) => File.WriteAllBytes(
            In($"set{ending}"), IdxSamples.Gzip(IdxSamples.Make(8, sizes, values)));
        Write("-images.idx.gz", [4, 2], 0, 1, 2, 3, 4, 5, 6, 200);
        Write("-labels.idx.gz", [4], 0, 1, 1, 0);
        Write("-domains.idx.gz", [4], 0, 0, 0, 0);
        File.WriteAllLines(In("set-names.txt"), ["domains: art photo", "classes: dog horse"]);
        EngineCommand.Run(
            "adapt", "--source", In("set#art"), "--target", In("set#photo"), "--out", In("run"))
            .FailsWith(1, "there are no examples in set photo");
        // All of a set holds each of its domains.
        EngineCommand.Run(
            "adapt", "--source", In("set#art@0..2"), "--target", In("set@2..4"), "--target-test",
            In("set@0..1"), "--source-test", In("set#art@2..4"), "--out", In("run"))
            .FailsWith(2, "holds its domain art", "name a domain in both");
        Assert.False(Directory.Exists(In("run")));
    }

    private void OfVectors(string source, string target, int code, params string[] texts)
    {
        EngineCommand.Run(
            "adapt", "--source", In(source), "--target", In(target), "--features", "6", "--out",
            In("run")).FailsWith(code, texts);
        Assert.False(Directory.Exists(In("run")));
    }

    private string In(string name) => Path.Combine(folder, name);
}
