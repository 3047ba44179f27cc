// Image sets in folders: finding them, sorting them into classes, and what can be wrong.
using Engine.Data;

namespace Engine.Tests.Data;

public sealed class ImageFilesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void LoadsByFolderAndByPrefix()
    {
        Write("letters-images.idx.gz",
            IdxSamples.Gzip(IdxSamples.Make(8, [3, 1, 2], [0, 255, 51, 0, 0, 0])));
        Write("letters-labels.idx.gz",
            IdxSamples.Gzip(IdxSamples.Make(0x0B, [3], [0, 1, 0, 0, 0, 1])));
        File.WriteAllText(Path.Combine(folder, "letters-names.txt"), "Latin/a\nGreek/b\n");

        foreach (string path in new[] { folder, Path.Combine(folder, "letters") })
        {
            var set = ImageFiles.Load(path);
            Assert.Equal("letters: 2 classes, 3 images of 1 x 1 x 2", set.ToString());
            Assert.Equal(["a", "b"], set.Classes.Select(c => c.Name));
            Assert.Equal(["Latin", "Greek"], set.Classes.Select(c => c.Group));
            Assert.Equal([0, 2], set.Classes[1].Images.AsEnumerable());
            var image = new float[2];
            set.CopyImage(1, image);
            Assert.Equal([0.2f, 0], image);
        }
    }

    [Theory]
    [InlineData("pics/Latin/a\npics/Greek/b", "Latin/a Greek/b")]
    [InlineData("pics/Latin/a\npics/Latin/b", "Latin/a Latin/b")]
    [InlineData("old/Latin/a\nnew/Latin/b", "old/Latin/a new/Latin/b")]
    [InlineData("train train\nval Latin/sea ", "/train/Train Latin/sea/Validation")]
    [InlineData("train track\nsea", "/train track /sea")]
    [InlineData("test a/x/b\nvalidation a/x/c", "x/b/Test x/c/Validation")]
    [InlineData("test a/x/b\nvalidation a/x/c\n\n", "x/b/Test x/c/Validation")]
    [InlineData("pics/Latin/a\npics/Greek/b\n \n", "Latin/a Greek/b")]
    public void NamesTellGroupsAndParts(string lines, string expected)
    {
        Write("s-images.idx", IdxSamples.Make(8, [2, 1, 1], [0, 1]));
        Write("s-labels.idx", IdxSamples.Make(8, [2], [0, 1]));
        File.WriteAllText(Path.Combine(folder, "s-names.txt"), lines);
        Assert.Equal(expected, string.Join(' ', ImageFiles.Load(folder).Classes.Select(c =>
            $"{c.Group}/{c.Name}" + (c.Part is { } part ? $"/{part}" : ""))));
    }

    [Fact]
    public void BlankNamesBetweenOthersAreRefused()
    {
        Write("s-images.idx", IdxSamples.Make(8, [3, 1, 1], [0, 1, 0]));
        Write("s-labels.idx", IdxSamples.Make(8, [3], [0, 1, 2]));
        string names = Path.Combine(folder, "s-names.txt");
        File.WriteAllText(names, "train a\n\ntest c\n");
        Assert.Equal(
            $"{names}: line 2 is blank, but line i is the name of label i - 1; name every label.",
            Assert.Throws<DataException>(() => ImageFiles.Load(folder)).Message);
    }

    [Fact]
    public void LoadsMnistNamesAndChannels()
    {
        Write("train-images-idx3-ubyte", IdxSamples.Make(8, [2, 3, 1, 1], [0, 1, 1, 1, 0, 1]));
        Write("train-labels-idx1-ubyte", IdxSamples.Make(8, [2], [7, 3]));
        var set = ImageFiles.Load(folder);
        Assert.Equal((3, 1, 1), (set.Channels, set.Height, set.Width));
        Assert.Equal(["3", "7"], set.Classes.Select(c => c.Name));
    }

    [Fact]
    public void ChannelsMayComeLast()
    {
        // Two images of 5 x 1 pixels and 3 channels: pixel p of channel c is 10 p + c + 100 image.
        var bytes = Enumerable.Range(0, 30)
            .Select(i => (byte)((10 * (i % 15 / 3)) + (i % 3) + (100 * (i / 15))));
        Write("c-images.idx", IdxSamples.Make(8, [2, 5, 1, 3], [.. bytes]));
        Write("c-labels.idx", IdxSamples.Make(8, [2], [0, 0]));
        var set = ImageFiles.Load(folder);
        Assert.Equal((3, 5, 1), (set.Channels, set.Height, set.Width));
        var image = new float[15];
        set.CopyImage(1, image);
        Assert.Equal(
            [100, 110, 120, 130, 140, 101], image.Take(6).Select(v => MathF.Round(255 * v)));

        Write("c-images.idx", IdxSamples.Make(8, [1, 5, 5, 5], new byte[125]));
        Write("c-labels.idx", IdxSamples.Make(8, [1], [0]));
        Assert.Contains("images of 1 to 4 channels expected", Error().Message);
    }

    [Fact]
    public void SaysWhatIsMissing()
    {
        Assert.Contains("no image set there", Error().Message);
        Write("a-images.idx", IdxSamples.Make(8, [2, 1, 1], [0, 1]));
        Assert.Contains("a-labels.idx: no such file", Error().Message);
        Write("a-labels.idx", IdxSamples.Make(8, [3], [0, 1, 2]));
        Assert.Contains("2 images need 2 labels, but this is uint8 (3)", Error().Message);
        Write("a-labels.idx", IdxSamples.Make(8, [2], [0, 1]));
        File.WriteAllText(Path.Combine(folder, "a-names.txt"), "only one\n");
        Assert.Contains("label 1 of image 1 has no name", Error().Message);
        Write("a-images.idx", IdxSamples.Make(8, [2], [0, 1]));
        Assert.Contains("images are (n, height, width)", Error().Message);
        Write("b-images.idx", IdxSamples.Make(8, [2, 1, 1], [0, 1]));
        Assert.Contains("holds 2 image sets (a, b); name one: ", Error().Message);
    }

    private DataException Error() => Assert.Throws<DataException>(() => ImageFiles.Load(folder));

    private void Write(string name, byte[] bytes) =>
        File.WriteAllBytes(Path.Combine(folder, name), bytes);
}
