// engine train and test on a folder of image files.
using Engine.Cli;

namespace Engine.Tests.Cli;

public sealed class ImageFolderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void AFolderForEachClassIsTrainedAndTestedOn()
    {
        string data = Images(20, 20), run = Path.Combine(folder, "run");
        string file = Path.Combine(folder, "figures.json");
        EngineCommand.Run([.. Train(data), "--image-size", "16", "--out", run, "--json", file])
            .Succeeds();
        Assert.Contains("1 x 16 x 16", EngineCommand.Json(file).GetProperty("data").GetString());
        double trained = EngineCommand.Json(file).GetProperty("accuracy_after").GetDouble();
        EngineCommand.Run("test", run, "--eval-tasks", "2", "--json", file).Succeeds();
        Assert.Equal(trained, EngineCommand.Json(file).GetProperty("accuracy").GetDouble());
    }

    [Fact]
    public void WhatIsNoImageIsNamed()
    {
        string data = Images(20, 20);
        File.WriteAllText(Path.Combine(data, "class3", "2.png"), "no image");
        EngineCommand.Run(Train(data)).FailsWith(1, Path.Combine("class3", "2.png"));
    }

    [Fact]
    public void ImagesOfSeveralSizesSayHowToResize()
    {
        string data = Images(20, 20);
        File.Copy(
            Path.Combine(Images(18, 18, "others"), "class0", "0.png"),
            Path.Combine(data, "class4", "1.png"), overwrite: true);
        EngineCommand.Run(Train(data)).FailsWith(1, "--image-size 84 resizes all");
    }

    [Fact]
    public void WhatIsNoFolderOfClassesSaysWhatItShouldBe()
    {
        string none = Path.Combine(folder, "none"), empty = Path.Combine(folder, "empty");
        EngineCommand.Run(Train(none)).FailsWith(1, $"{none}: no such folder");
        Directory.CreateDirectory(empty);
        EngineCommand.Run(Train(empty))
            .FailsWith(1, "is empty; it should hold a folder of images for each class");
        EngineCommand.Run(Train(Path.Combine(Images(20, 20), "class0")))
            .FailsWith(1, "put the images of each class into a folder named after it");
        EngineCommand.Run(Train(Images(20, 18, "wide")))
            .FailsWith(2, "take square ones", "--image-size 84 makes them so");
        EngineCommand.Run("train", "--image-size", "20")
            .FailsWith(2, "--image-size: only image files are resized", "--data");
    }

    [FactUnlessRoot, System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void AFolderThatMayNotBeReadIsNamed()
    {
        string data = Images(20, 20);
        File.SetUnixFileMode(data, UnixFileMode.UserExecute);
        try
        {
            EngineCommand.Run(Train(data)).FailsWith(1, $"{data}: cannot be read");
        }
        finally
        {
            File.SetUnixFileMode(data, UnixFileMode.UserRead | UnixFileMode.UserWrite
                | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public void AFileBesideTheClassesChangesNothing()
    {
        string data = Images(20, 20);
        File.WriteAllText(Path.Combine(data, "class_to_idx.json"), "{}");
        EngineCommand.Run([.. Train(data), "--out", Path.Combine(folder, "run")]).Succeeds();
    }

    [Fact]
    public void OtherDataAreReadAsTheModelTakesThem()
    {
        string run = Path.Combine(folder, "run"), file = Path.Combine(folder, "figures.json");
        EngineCommand.Run([.. Train(Images(20, 20)), "--image-size", "16", "--out", run])
            .Succeeds();
        string other = Images(24, 20, "others");
        EngineCommand.Run("test", run, "--data", other, "--eval-tasks", "2", "--json", file)
            .Succeeds();
        Assert.Equal(
            "all 10 of others", EngineCommand.Json(file).GetProperty("classes").GetString());

        // Of published parts only the classes for testing count.
        string parts = Path.Combine(folder, "parts");
        foreach (var (part, classes) in new[] { ("train", 0..6), ("test", 6..10) })
        {
            Directory.CreateDirectory(Path.Combine(parts, part));
            foreach (int c in Enumerable.Range(0, 10).Take(classes))
                Directory.Move(
                    Path.Combine(other, $"class{c}"), Path.Combine(parts, part, $"class{c}"));
        }

        EngineCommand.Run("test", run, "--data", parts, "--eval-tasks", "2", "--json", file)
            .Succeeds();
        Assert.Equal(
            "the 4 of parts that were published for testing",
            EngineCommand.Json(file).GetProperty("classes").GetString());
    }

    [Fact]
    public void SetsOfAnotherSizeAreRefusedWithoutAdviceThatCannotHelp()
    {
        string run = Path.Combine(folder, "run"), idx = Path.Combine(folder, "idx");
        EngineCommand.Run([.. Train(Images(20, 20)), "--image-size", "16", "--out", run])
            .Succeeds();
        Directory.CreateDirectory(idx);
        byte[] sizes = [0, 0, 0, 8, 0, 0, 0, 20, 0, 0, 0, 20];
        File.WriteAllBytes(Path.Combine(idx, "x-images.idx"),
            [0, 0, 8, 3, .. sizes, .. new byte[8 * 400]]);
        File.WriteAllBytes(Path.Combine(idx, "x-labels.idx"),
            [0, 0, 8, 1, 0, 0, 0, 8, 0, 0, 0, 0, 1, 1, 1, 1]);
        Outcome outcome = EngineCommand.Run("test", run, "--data", idx);
        outcome.FailsWith(2, "images of x are 1 x 20 x 20, but the model takes 1 x 16 x 16");
        Assert.DoesNotContain("--image-size", outcome.Error);
    }

    private static string[] Train(string data) =>
        ["train", "--data", data, "--filters", "4", "--ways", "2", "--queries", "2",
            "--meta-batch", "1", "--eval-tasks", "2", "--iterations", "1"];

    /// <summary>Ten classes of six noisy images.</summary>
    private string Images(int height, int width, string name = "images")
    {
        string data = Path.Combine(folder, name);
        var random = new Random(0);
        for (int c = 0; c < 10; c++)
        {
            string place = Path.Combine(data, $"class{c}");
            Directory.CreateDirectory(place);
            for (int i = 0; i < 6; i++)
            {
                float[] pixels = [.. Enumerable.Range(0, height * width)
                    .Select(p => (p * (c + 1) % 7 / 7f * 0.8f) + (0.2f * random.NextSingle()))];
                string uri = Png.DataUri(pixels, 1, height, width);
                File.WriteAllBytes(
                    Path.Combine(place, $"{i}.png"),
                    Convert.FromBase64String(uri[(uri.IndexOf(',') + 1)..]));
            }
        }

        return data;
    }
}

/// <summary>A test of permissions, which do not bind the user root.</summary>
internal sealed class FactUnlessRootAttribute : FactAttribute
{
    public FactUnlessRootAttribute()
    {
        if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess)
            Skip = "Permissions of folders do not bind this user; run as another one.";
    }
}
