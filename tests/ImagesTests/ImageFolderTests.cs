// Folders in the layouts in which data sets are published, and what can be wrong with them.
using Engine.Data;
using Engine.Images;

namespace Engine.ImagesTests;

public sealed class ImageFolderTests : TempFolder
{
    [Fact]
    public void AFolderForEachClass()
    {
        WriteFlat("set/b", 10, 20);
        WriteFlat("set/a", 30);
        Write("set/a/.hidden", "x");
        Write("set/a/Thumbs.db", "x");
        Write("set/readme.txt", "x");
        ImageClasses set = Load("set");
        Assert.Equal("set: 2 classes, 3 images of 1 x 2 x 2", set.ToString());
        Assert.Equal(["a", "b"], set.Classes.Select(c => c.Name));
        Assert.All(set.Classes, c => Assert.Equal(("", null), (c.Group, c.Part)));
        Assert.Equal([0], set.Classes[0].Images.AsEnumerable());
        Assert.Equal([1, 2], set.Classes[1].Images.AsEnumerable());
        Assert.Equal(
            [30, 10, 20], Enumerable.Range(0, 3).Select(i => (int)Bytes(set, i)[0]));
        Assert.Null(ClassSplit.Published(set));
    }

    [Fact]
    public void AFolderForEachGroup()
    {
        WriteFlat("set/Latin/b", 1);
        WriteFlat("set/Latin/a", 2);
        WriteFlat("set/Greek/a", 3);
        WriteFlat("set/alone", 4);
        ImageClasses set = Load("set");
        Assert.Equal(
            ["Greek/a", "Latin/a", "Latin/b", "/alone"],
            set.Classes.Select(c => $"{c.Group}/{c.Name}"));
        ClassSplit split = ClassSplit.ByGroup(set, ["Greek"], ["Latin"]);
        Assert.Equal(["a", "b"], split.Test.Classes.Select(c => c.Name));
    }

    [Fact]
    public void OmniglotIsShrunkInvertedAndSplit()
    {
        byte[] page = [.. Enumerable.Repeat((byte)0xFF, 105 * 14)];
        byte[] inked = [.. page];
        for (int y = 0; y < 53; y++) inked.AsSpan(y * 14, 14).Clear(); // the upper half is black
        byte[] Bits(byte[] rows) => new Png(105, 105, 0, 1, rows).Encode();
        Write("o/images_background/Greek/character01/0001_01.png", Bits(inked));
        Write("o/images_background/Greek/character02/0002_01.png", Bits(page));
        Write("o/images_evaluation/Manipuri/character01/0965_01.png", Bits(page));

        ImageClasses set = Load("o");
        Assert.Equal("o: 3 classes, 3 images of 1 x 28 x 28", set.ToString());
        Assert.Equal(["Greek", "Greek", "Manipuri"], set.Classes.Select(c => c.Group));
        byte[] image = Bytes(set, 0);
        Assert.All(image[..(11 * 28)], p => Assert.Equal(255, p));
        Assert.All(image[(17 * 28)..], p => Assert.Equal(0, p));
        Assert.All(Bytes(set, 1), p => Assert.Equal(0, p));
        ClassSplit split = ClassSplit.Published(set)!;
        Assert.Equal(["character01", "character02"], split.Train.Classes.Select(c => c.Name));
        Assert.Equal(["Manipuri"], split.Test.Classes.Select(c => c.Group));
        Assert.Empty(split.Validation.Classes);

        // One part by itself has no split; other sizes and the colours of the paper on demand.
        ImageClasses background = Load(
            "o/images_background/", new() { Size = 105, Invert = false });
        Assert.Equal("images_background: 2 classes, 2 images of 1 x 105 x 105",
            background.ToString());
        Assert.Equal(
            Enumerable.Range(0, 105 * 105).Select(i => (byte)(i / 105 < 53 ? 0 : 255)),
            Bytes(background, 0));
        Assert.Null(ClassSplit.Published(background));
    }

    [Theory]
    [InlineData("cifar100/data", "cifar100/splits/bertinetto")]
    [InlineData("cifar100/data", "cifar100/splits")]
    [InlineData("cifar100/data", "splits/bertinetto")]
    [InlineData("data", "splits/bertinetto")]
    public void CifarFsIsSplitByItsLists(string data, string splits)
    {
        foreach (string name in new[] { "apple", "bear", "bed", "unlisted" })
            Write($"c/{data}/{name}/x_s_01.png", Png.FlatRgb(2, 2, (byte)name[1], 0, 200));
        Write($"c/{splits}/train.txt", "bear\n");
        Write($"c/{splits}/val.txt", "apple\n\n");
        Write($"c/{splits}/test.txt", "bed\r\n");
        ImageClasses set = Load("c");
        Assert.Equal("c: 3 classes, 3 images of 3 x 2 x 2", set.ToString());
        Assert.Equal([.. Four('e'), .. Four(0), .. Four(200)], Bytes(set, 0));
        ClassSplit split = ClassSplit.Published(set)!;
        Assert.Equal(
            ["bear", "apple", "bed"],
            new[] { split.Train, split.Validation, split.Test }.Select(s => s.Classes[0].Name));

        Write($"c/{splits}/val.txt", "../apple\n");
        Assert.Contains("val.txt: names class '../apple', but", ErrorOf(() => Load("c")));
        Write($"c/{splits}/val.txt", "bear\n");
        Assert.Contains(
            "class 'bear' is both in the training and in the validation part",
            ErrorOf(() => Load("c")));
        File.Delete($"{Folder}/c/{splits}/test.txt");
        Assert.Contains("test.txt: no such file", ErrorOf(() => Load("c")));

        static IEnumerable<byte> Four(int value) => Enumerable.Repeat((byte)value, 4);
    }

    [Fact]
    public void MiniImageNetIsSplitByItsTables()
    {
        foreach (string name in new[] { "n01_1.png", "n01_0.png", "n02/n02_0.png", "n03_0.png" })
            Write($"m/images/{name}", Png.Flat(2, 2, 7));
        Write("m/train.csv", "filename,label\nn01_1.png,n01\nn01_0.png,n01\n");
        Write("m/val.csv", "label,filename\r\nn02,n02_0.png\r\n");
        Write("m/test.csv", "filename,label\nn03_0.png,n03\n");
        ClassSplit split = ClassSplit.Published(Load("m"))!;
        Assert.Equal("m, training: 1 classes, 2 images of 1 x 2 x 2", split.Train.ToString());
        Assert.Equal("n02", split.Validation.Classes[0].Name);
        Assert.Equal("n03", split.Test.Classes[0].Name);

        Write("m/val.csv", "filename,label\n../../etc/passwd,n02\n");
        Assert.Contains(
            "val.csv: names ../../etc/passwd of class 'n02', but", ErrorOf(() => Load("m")));
        Write("m/val.csv", "filename,label\nn02_0.png\n");
        Assert.Contains("row 1 has 1 values, but there are 2 columns", ErrorOf(() => Load("m")));
        Write("m/val.csv", "n02_0.png,n02\n");
        Assert.Contains("the first line should be filename,label", ErrorOf(() => Load("m")));
        Write("m/val.csv", "");
        Assert.Contains("the first line should be filename,label", ErrorOf(() => Load("m")));
    }

    [Theory]
    [InlineData("val")]
    [InlineData("validation")]
    [InlineData("valid")]
    public void PartsInFoldersOfTheirOwn(string validation)
    {
        WriteFlat("p/train/a", 1, 2);
        WriteFlat($"p/{validation}/b", 3);
        WriteFlat("p/test/birds/c", 4);
        ClassSplit split = ClassSplit.Published(Load("p"))!;
        Assert.Equal("a", split.Train.Classes[0].Name);
        Assert.Equal("b", split.Validation.Classes[0].Name);
        Assert.Equal(("birds", "c"), (split.Test.Classes[0].Group, split.Test.Classes[0].Name));

        WriteFlat("p/test/birds/a", 5);
        Assert.NotNull(ClassSplit.Published(Load("p"))); // another group's class of that name
        WriteFlat("p/test/a", 5);
        Assert.EndsWith(
            "/p: class 'a' is both in the training and in the test part; the parts of a few-shot "
                + "set share no class. Give the folder of one part by itself, and split its "
                + "classes.",
            ErrorOf(() => Load("p")));
    }

    [Fact]
    public void ColoursStandIfAnyImageHasThem()
    {
        WriteFlat("set/a", 10);
        Write("set/b/0.png", Png.FlatRgb(2, 2, 200, 100, 50));
        Write("set/b/1.jpg", Resource("grey.jpg"));
        ImageClasses colours = Load("set", new() { Size = 2 });
        Assert.Equal(3, colours.Channels);
        Assert.All(Bytes(colours, 0), p => Assert.Equal(10, p));
        Assert.Equal(200, Bytes(colours, 1)[0]);
        ImageClasses grey = Load("set", new() { Size = 1, Grey = true, Invert = true });
        Assert.Equal("set: 2 classes, 3 images of 1 x 1 x 1", grey.ToString());
        Assert.Equal([255 - 124], Bytes(grey, 1));
        File.Delete($"{Folder}/set/b/0.png");
        Assert.Equal(1, Load("set", new() { Size = 2 }).Channels);
        Assert.Equal(3, Load("set", new() { Size = 2, Grey = false }).Channels);
    }

    [Fact]
    public void SizesMustBeOne()
    {
        WriteFlat("set/a", 10, 20);
        Write("set/b/0.png", Png.Flat(3, 4, 1));
        Assert.Equal(
            $"{Folder}/set/b/0.png: is 3 x 4, but {Folder}/set/a/0.png is 2 x 2; the images of a "
                + "set have one size. Choose a Size to which all are resized, such as 84; in "
                + "the command, --image-size 84 resizes all.",
            ErrorOf(() => Load("set")));
        Assert.Equal("set: 2 classes, 3 images of 1 x 5 x 5",
            Load("set", new() { Size = 5, Filter = ImageFilter.Box }).ToString());
        foreach (int size in new[] { 0, -1, 4097 })
        {
            Assert.Equal(
                $"Size: {size} is not from 1 to 4096 pixels.",
                ErrorOf(() => Load("set", new() { Size = size })));
        }

        for (int i = 0; i < 130; i++) Write($"set/b/{i}.png", Png.FlatRgb(1, 1, 1, 2, 3));
        Assert.EndsWith(
            "/set: 132 images of 3 x 4096 x 4096 bytes do not fit into one array; choose a smaller "
                + "Size.",
            ErrorOf(() => Load("set", new() { Size = 4096 })));
    }

    [Fact]
    public void ThePlaceOfAnErrorIsNamed()
    {
        Assert.Contains("nowhere: no such folder", ErrorOf(() => Load("nowhere")));
        Directory.CreateDirectory($"{Folder}/set");
        Assert.Contains("/set: is empty; it should hold a folder", ErrorOf(() => Load("set")));
        Write("set/0.png", Png.Flat(1, 1, 1));
        Assert.Contains("/set: holds files but no folders", ErrorOf(() => Load("set")));
        Directory.CreateDirectory($"{Folder}/set/a");
        Assert.Contains("/set/a: holds no images", ErrorOf(() => Load("set")));
        WriteFlat("set/a/b", 1);
        Write("set/a/0.png", Png.Flat(1, 1, 1));
        Assert.Contains("/set/a/0.png: stands beside folders", ErrorOf(() => Load("set")));
        File.Delete($"{Folder}/set/a/0.png");
        Write("set/a/b/notes.txt", "The best images.");
        Assert.Contains(
            "/set/a/b/notes.txt: cannot be read as an image: it is neither PNG nor JPEG",
            ErrorOf(() => Load("set")));
    }

    /// <summary>Files are read on all cores; the error is that of the first bad one.</summary>
    [Fact]
    public void TheFirstBadFileIsNamed()
    {
        for (int i = 100; i < 400; i++)
        {
            byte[] png = Png.Flat(2, 2, 9);
            if (i > 150 && i % 7 == 0) png[^20] ^= 1; // the header is good
            Write($"set/a/{i}.png", png);
        }

        for (int time = 0; time < 5; time++)
            Assert.Contains("/set/a/154.png", ErrorOf(() => Load("set")));
    }

    [Fact]
    public void ReadingCanBeStopped()
    {
        WriteFlat("set/a", 1);
        Assert.ThrowsAny<OperationCanceledException>(() => ImageFolder.Load(
            $"{Folder}/set", stop: new CancellationToken(canceled: true)));
    }

    private ImageClasses Load(string name, ImageOptions? options = null) =>
        ImageFolder.Load($"{Folder}/{name}", options);
}
