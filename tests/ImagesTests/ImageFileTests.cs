// Decoding: every kind of PNG and JPEG that data sets hold, and files that are wrong.
using Engine.Data;
using Engine.Images;

namespace Engine.ImagesTests;

public sealed class ImageFileTests : TempFolder
{
    [Theory]
    [InlineData(0, 1, new byte[] { 0b10100000, 0b01000000 }, new byte[] { 255, 0, 255, 0, 255, 0 })]
    [InlineData(0, 2, new byte[] { 0b00011000, 0b11000100 }, new byte[] { 0, 85, 170, 255, 0, 85 })]
    [InlineData(0, 4, new byte[] { 0x0F, 0x10, 0x23, 0x40 }, new byte[] { 0, 255, 17, 34, 51, 68 })]
    [InlineData(0, 8, new byte[] { 0, 1, 2, 253, 254, 255 }, new byte[] { 0, 1, 2, 253, 254, 255 })]
    [InlineData(
        0, 16, new byte[] { 0, 9, 1, 255, 2, 0, 3, 0, 254, 0, 255, 255 },
        new byte[] { 0, 1, 2, 3, 254, 255 })]
    [InlineData(4, 8, new byte[] { 1, 0, 2, 9, 3, 9, 4, 9, 5, 9, 6, 255 },
        new byte[] { 1, 2, 3, 4, 5, 6 })]
    public void GreyPngsOfAllDepths(int colourType, int depth, byte[] rows, byte[] expected)
    {
        foreach (int filter in new[] { 0, 2 })
        {
            string path = Write(
                "a.png", new Png(2, 3, colourType, depth, rows) { Filter = filter }.Encode());
            Assert.Equal(new ImageHeader(2, 3, Grey: true), ImageFile.ReadHeader(path));
            Raster image = ImageFile.Read(path);
            Assert.Equal((2, 3), (image.Height, image.Width));
            Assert.Equal(expected, image.To(grey: true).Bytes);
        }
    }

    [Theory]
    [InlineData(1, new byte[] { 0b01000000, 0b10000000 }, new[] { 0, 1, 1, 0 })]
    [InlineData(2, new byte[] { 0b00110000, 0b10010000 }, new[] { 0, 3, 2, 1 })]
    [InlineData(4, new byte[] { 0x03, 0x21 }, new[] { 0, 3, 2, 1 })]
    [InlineData(8, new byte[] { 0, 3, 2, 1 }, new[] { 0, 3, 2, 1 })]
    public void PalettePngs(int depth, byte[] rows, int[] entries)
    {
        byte[] palette = [10, 20, 30, 40, 50, 60, 70, 80, 90, 250, 251, 252];
        string path = Write("a.png", new Png(2, 2, 3, depth, rows) { Palette = palette }.Encode());
        Assert.False(ImageFile.ReadHeader(path).Grey);
        Assert.Equal(
            entries.SelectMany(e => palette[(3 * e)..((3 * e) + 3)]),
            ImageFile.Read(path).To(grey: false).Bytes);
    }

    [Theory]
    [InlineData(2, 8, 3)]
    [InlineData(2, 16, 3)]
    [InlineData(6, 8, 4)]
    [InlineData(6, 16, 4)]
    public void ColourPngs(int colourType, int depth, int channels)
    {
        byte[] samples = [.. Enumerable.Range(0, 6 * channels).Select(i => (byte)((37 * i) + 5))];
        byte[] rows = depth == 8 ? samples : [.. samples.SelectMany(s => new byte[] { s, 77 })];
        string path = Write("a.png", new Png(3, 2, colourType, depth, rows).Encode());
        Assert.Equal(new ImageHeader(3, 2, Grey: false), ImageFile.ReadHeader(path));
        Assert.Equal(
            samples.Where((_, i) => i % channels < 3),
            ImageFile.Read(path).To(grey: false).Bytes);
    }

    /// <summary>
    /// Decoders may differ by rounding. Where a decoder widens the colours of a JPEG that holds
    /// them at half the size, these differ by a few units more.
    /// </summary>
    [Theory]
    [InlineData("grey", 1, 1)]
    [InlineData("full", 3, 2)]
    [InlineData("halved", 3, 4)]
    [InlineData("progressive", 3, 4)]
    public void JpegsArePillows(string name, int channels, int tolerance)
    {
        string path = Write("a.JPEG", Resource(name + ".jpg"));
        Assert.Equal(new ImageHeader(17, 23, channels == 1), ImageFile.ReadHeader(path));
        Raster image = ImageFile.Read(path);
        Assert.Equal((17, 23, channels), (image.Height, image.Width, image.Channels));
        byte[] expected = Resource(name + ".bytes");
        Assert.Equal(expected.Length, image.Bytes.Length);
        Assert.All(
            expected.Zip(image.Bytes),
            p => Assert.InRange(p.Second, p.First - tolerance, p.First + tolerance));
    }

    [Fact]
    public void OtherFilesAreNamed()
    {
        Assert.Equal(
            $"{Folder}/a.png: cannot be read as an image: it is neither PNG nor JPEG. Replace the "
                + "file or take it out.",
            Error("GIF89a and so on"u8.ToArray()));
        Assert.Contains("a.png: cannot be read as an image: it is empty.", Error([]));
        Assert.Contains("no such file", ErrorOf(() => ImageFile.Read(Path.Combine(Folder, "b"))));
    }

    [Fact]
    public void DamageIsFound()
    {
        byte[] good = Png.Flat(9, 9, 100);
        Assert.Equal(81, ImageFile.Read(Write("a.png", good)).Bytes.Length);
        for (int i = 0; i < good.Length; i++)
        {
            byte[] cut = good[..i];
            Assert.Contains("a.png: cannot be read as an image", Error(cut));
            byte[] flipped = [.. good];
            flipped[i] ^= 0x10;
            Assert.Contains("a.png: cannot be read as an image", Error(flipped));
        }

        byte[] jpeg = Resource("halved.jpg");
        Assert.Contains("it is cut short", Error(jpeg[..^40]));
    }

    [Theory]
    [InlineData(1 << 15, 2)]
    [InlineData(2, 1 << 15)]
    [InlineData(10_000, 10_000)]
    public void SizesAreBounded(int height, int width)
    {
        byte[] bytes = new Png(1, 1, 0, 8, [1]).Encode();
        byte[] other = (new Png(1, 1, 0, 8, [1]) with { Height = height, Width = width }).Encode();
        other[..33].CopyTo(bytes, 0); // the signature and the header
        string error = Error(bytes);
        Assert.Contains($"it claims {height} x {width} pixels; at most 16384 to a side", error);
    }

    [Fact]
    public void DataThatUnpackToMoreAreRefused()
    {
        byte[] bytes = new Png(1, 5_000_000, 0, 8, new byte[5_000_000]).Encode();
        byte[] small = new Png(2, 2, 0, 8, new byte[4]).Encode();
        small[..33].CopyTo(bytes, 0);
        Assert.True(bytes.Length < 10_000);
        Assert.Contains("its data unpack to more than the image", Error(bytes));
    }

    /// <summary>
    /// Whatever is done to a file, reading ends soon, in an image or in an error that names it.
    /// </summary>
    [Theory]
    [InlineData("halved.jpg")]
    [InlineData("progressive.jpg")]
    [InlineData("grey.jpg")]
    [InlineData("png")]
    public async Task HostileFilesEndInAnImageOrAnError(string name)
    {
        byte[] good = name == "png"
            ? new Png(17, 23, 2, 8, Picture().Bytes) { Filter = 2 }.Encode() : Resource(name);
        int errors = 0;
        for (int seed = 0; seed < 1_500; seed++)
        {
            var random = new SeededRandom(seed);
            byte[] bytes = [.. good];
            for (int changes = 1 + random.Below(6); changes > 0; changes--)
                bytes[random.Below(bytes.Length)] = (byte)random.Below(256);
            if (random.Below(4) == 0) bytes = bytes[..(3 + random.Below(bytes.Length - 3))];
            string path = Write("a", bytes);
            Task<bool> read = Task.Run(() =>
            {
                try
                {
                    ImageFile.Read(path);
                    return true;
                }
                catch (DataException e)
                {
                    Assert.StartsWith(path, e.Message);
                    return false;
                }
            });
            Assert.True(
                await Task.WhenAny(read, Task.Delay(TimeSpan.FromMinutes(1))) == read,
                $"the file of seed {seed} keeps the decoder busy for ever");
            if (!await read) errors++;
        }

        Assert.InRange(errors, 100, 1_500);
    }

    private string Error(byte[] bytes)
    {
        string path = Write("a.png", bytes);
        return ErrorOf(() => ImageFile.Read(path));
    }
}
