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
        EngineCommand.Run(Train(data)).FailsWith(1, "Size");
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
