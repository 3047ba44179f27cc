// What is embedded, that it fits its description, and that the split keeps scripts apart.
using Engine.Data;

namespace Engine.Tests.Data;

public class EmbeddedDataTests
{
    [Fact]
    public void GlyphsAreAsDescribed()
    {
        var glyphs = EmbeddedData.Glyphs;
        Assert.Equal("glyphs: 500 classes, 10000 images of 1 x 28 x 28", glyphs.ToString());
        Assert.All(glyphs.Classes, c => Assert.Equal(20, c.Images.Length));
        Assert.Equal(new GlyphName(0x30, "DIGIT", "DIGIT ZERO"), EmbeddedData.GlyphNames[0]);
        Assert.Equal(500, EmbeddedData.GlyphNames.Select(n => n.CodePoint).Distinct().Count());

        var image = new float[784];
        foreach (int row in new[] { 0, 777, 9_999 })
        {
            glyphs.CopyImage(row, image);
            Assert.All(image, v => Assert.True(v is 0 or 1));
            Assert.InRange(image.Sum(), 10, 500);
        }
    }

    [Fact]
    public void DigitsAreAsDescribed()
    {
        Check(EmbeddedData.FontDigits, 2_400, 28, c => Assert.Equal(240, c));
        Check(EmbeddedData.Mnist, 2_000, 28, c => Assert.Equal(200, c));
        Check(EmbeddedData.UciDigits, 1_797, 8, c => Assert.InRange(c, 170, 185));

        static void Check(ImageClasses set, int images, int size, Action<int> count)
        {
            Assert.Equal(images, set.ImageCount);
            Assert.Equal(
                Enumerable.Range(0, 10).Select(i => i.ToString()), set.Classes.Select(c => c.Name));
            Assert.Equal((1, size, size), (set.Channels, set.Height, set.Width));
            Assert.All(set.Classes, c => count(c.Images.Length));
            var image = new float[size * size];
            float most = 0;
            for (int row = 0; row < images; row++)
            {
                set.CopyImage(row, image);
                most = Math.Max(most, image.Max());
                Assert.True(image.Min() >= 0);
            }

            Assert.Equal(1, most, 1e-6);
        }
    }

    [Fact]
    public void ResourcesAreSmall()
    {
        var assembly = typeof(EmbeddedData).Assembly;
        long bytes = assembly.GetManifestResourceNames()
            .Sum(n => assembly.GetManifestResourceStream(n)!.Length);
        Assert.InRange(bytes, 500_000, 1_500_000);
    }

    [Fact]
    public void ScriptsAreKeptApart()
    {
        var split = ClassSplit.ByScript();
        Assert.Equal(350, split.Train.Classes.Length);
        Assert.Equal(51, split.Validation.Classes.Length);
        Assert.Equal(99, split.Test.Classes.Length);

        ImageClasses[] parts = [split.Train, split.Validation, split.Test];
        Assert.Equal(500, parts.SelectMany(p => p.Classes).Select(c => c.Name).Distinct().Count());
        Assert.Equal(
            10_000, parts.SelectMany(p => p.Classes).SelectMany(c => c.Images).Distinct().Count());
        var groups = parts.Select(p => p.Classes.Select(c => c.Group).ToHashSet()).ToArray();
        Assert.Empty(groups[0].Intersect(groups[1]));
        Assert.Empty(groups[0].Intersect(groups[2]));
        Assert.Empty(groups[1].Intersect(groups[2]));
        Assert.Equal(ClassSplit.TestScripts.AsEnumerable(), groups[2].Order());
        Assert.Equal("glyphs, test", split.Test.Name);
    }

    [Fact]
    public void RandomSplitsKeepGroupsWholeAndRepeat()
    {
        var split = ClassSplit.AtRandom(EmbeddedData.Glyphs, seed: 5);
        var again = ClassSplit.AtRandom(EmbeddedData.Glyphs, seed: 5);
        Assert.Equal(split.Test.Classes.AsEnumerable(), again.Test.Classes);
        Assert.InRange(split.Test.Classes.Length, 100, 124);
        Assert.InRange(split.Validation.Classes.Length, 50, 74);
        var train = split.Train.Classes.Select(c => c.Group).ToHashSet();
        Assert.DoesNotContain(split.Test.Classes, c => train.Contains(c.Group));
        Assert.NotEqual(
            split.Test.Classes.AsEnumerable(),
                ClassSplit.AtRandom(EmbeddedData.Glyphs, seed: 6).Test.Classes);
    }

    [Fact]
    public void UnknownGroupsAreRefused()
    {
        var e = Assert.Throws<ArgumentException>(
            () => ClassSplit.ByGroup(EmbeddedData.Glyphs, ["LAO"], ["KLINGON"]));
        Assert.Contains("'KLINGON' must be a group of glyphs", e.Message);
    }
}
