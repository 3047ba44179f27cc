// Resizing and grey, against Pillow 9.4 bit for bit: small cases written out, larger ones in
// Fixtures, which make.py writes.
using Engine.Images;

namespace Engine.ImagesTests;

public sealed class ResamplingTests : TempFolder
{
    private static readonly Raster Small =
        new(2, 5, 1, [0, 10, 20, 30, 255, 100, 90, 80, 70, 60]);

    [Theory]
    [InlineData(ImageFilter.Box, 2, 2, new byte[] { 10, 143, 90, 65 })]
    [InlineData(ImageFilter.Box, 1, 5, new byte[] { 50, 50, 50, 50, 158 })]
    [InlineData(ImageFilter.Box, 3, 3, new byte[] { 5, 20, 143, 95, 80, 65, 95, 80, 65 })]
    [InlineData(ImageFilter.Box, 1, 1, new byte[] { 72 })]
    [InlineData(ImageFilter.Bilinear, 2, 2, new byte[] { 10, 98, 90, 70 })]
    [InlineData(ImageFilter.Bilinear, 1, 5, new byte[] { 50, 50, 50, 50, 158 })]
    [InlineData(ImageFilter.Bilinear, 3, 3, new byte[] { 4, 20, 159, 50, 50, 112, 96, 80, 64 })]
    [InlineData(ImageFilter.Bilinear, 1, 1, new byte[] { 67 })]
    [InlineData(ImageFilter.Lanczos, 2, 2, new byte[] { 0, 108, 92, 68 })]
    [InlineData(ImageFilter.Lanczos, 3, 3, new byte[] { 0, 0, 175, 52, 43, 113, 108, 89, 51 })]
    [InlineData(ImageFilter.Lanczos, 1, 1, new byte[] { 69 })]
    public void SmallCasesArePillows(ImageFilter filter, int height, int width, byte[] expected)
    {
        Raster resized = Resampling.Resize(Small, height, width, filter);
        Assert.Equal((height, width, 1), (resized.Height, resized.Width, resized.Channels));
        Assert.Equal(expected, resized.Bytes);
    }

    [Theory]
    [InlineData(ImageFilter.Box)]
    [InlineData(ImageFilter.Bilinear)]
    [InlineData(ImageFilter.Lanczos)]
    public void LargerAndColouredCasesArePillows(ImageFilter filter)
    {
        byte[] expected = Resource($"resized-{filter.ToString().ToLowerInvariant()}.bytes");
        var rings = new Raster(105, 105, 1,
        [
            .. from y in Enumerable.Range(0, 105)
               from x in Enumerable.Range(0, 105)
               let ring = ((x - 52) * (x - 52) / 64) + ((y - 40) * (y - 40) / 81)
               select (byte)(ring is 4 or 9 or 16 or 17 ? 0 : 255),
        ]);
        byte[] actual =
        [
            .. Resampling.Resize(rings, 28, 28, filter).Bytes,
            .. Resampling.Resize(Picture(), 9, 31, filter).Bytes,
            .. Resampling.Resize(Picture(), 40, 23, filter).Bytes,
        ];
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void GreyIsPillows()
    {
        var colours = new Raster(
            2, 3, 3,
            [255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3, 200, 100, 50, 255, 255, 254]);
        Assert.Equal([76, 150, 29, 2, 124, 255], colours.To(grey: true).Bytes);
        Assert.Same(colours, colours.To(grey: false));
    }

    [Fact]
    public void AlphaIsLeftOut()
    {
        Assert.Equal(
            [1, 2, 3, 5, 6, 7],
            new Raster(1, 2, 4, [1, 2, 3, 4, 5, 6, 7, 8]).To(grey: false).Bytes);
        Assert.Equal([9, 8], new Raster(1, 2, 2, [9, 100, 8, 0]).To(grey: true).Bytes);
        Assert.Equal(
            [9, 9, 9, 8, 8, 8], new Raster(1, 2, 2, [9, 100, 8, 0]).To(grey: false).Bytes);
    }

    [Fact]
    public void PlanesAreWrittenOneByOne()
    {
        var target = new byte[6];
        new Raster(1, 2, 3, [1, 2, 3, 4, 5, 6]).CopyPlanes(target, invert: false);
        Assert.Equal([1, 4, 2, 5, 3, 6], target);
        new Raster(1, 2, 3, [1, 2, 3, 4, 5, 255]).CopyPlanes(target, invert: true);
        Assert.Equal([254, 251, 253, 250, 252, 0], target);
    }
}
