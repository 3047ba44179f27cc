// Few-shot tasks: counts, disjointness, determinism, rotations, errors; and the sinusoids.
using Engine.Data;

namespace Engine.Tests.Data;

public class EpisodeSamplerTests
{
    private static readonly ImageClasses Glyphs = EmbeddedData.Glyphs;

    [Fact]
    public void ATaskHasTheRightImagesAndLabels()
    {
        var batch =
            new EpisodeSampler(Glyphs, ways: 5, shots: 2, queries: 3).Sample(1, 0, tasks: 4);

        Assert.Equal(4 * 5 * 2 * 784, batch.SupportX.Length);
        Assert.Equal(4 * 5 * 3 * 784, batch.QueryX.Length);
        var image = new float[784];
        for (int t = 0; t < 4; t++)
        {
            var ids = batch.ClassIds[(t * 5)..((t + 1) * 5)];
            Assert.Equal(5, ids.Distinct().Count());
            var used = new HashSet<int>();
            for (int w = 0; w < 5; w++)
            {
                for (int i = 0; i < 5; i++)
                {
                    bool support = i < 2;
                    int at = support ? (t * 10) + (w * 2) + i : (t * 15) + (w * 3) + i - 2;
                    int row = (support ? batch.SupportImages : batch.QueryImages)[at];
                    Assert.Contains(row, Glyphs.Classes[ids[w]].Images);
                    Assert.True(used.Add(row), "support and query share an image");
                    Assert.Equal(w, (support ? batch.SupportY : batch.QueryY)[at]);
                    Glyphs.CopyImage(row, image);
                    Assert.Equal(
                        image, (support ? batch.SupportX : batch.QueryX).AsSpan(
                            at * 784, 784).ToArray());
                }
            }
        }

        Assert.All(batch.QuarterTurns, q => Assert.Equal(0, q));
    }

    [Fact]
    public void TaskIIsTheSameHoweverItIsReached()
    {
        var sampler = new EpisodeSampler(Glyphs, 5, 1, 5, rotations: true);
        var batch = sampler.Sample(seed: 3, first: 10, tasks: 4);
        sampler.Sample(seed: 9, first: 0, tasks: 2);
        for (int t = 0; t < 4; t++)
        {
            var one = new EpisodeSampler(Glyphs, 5, 1, 5, rotations: true).Sample(3, 10 + t, 1);
            Assert.Equal(one.SupportX, batch.SupportX[(t * 5 * 784)..((t + 1) * 5 * 784)]);
            Assert.Equal(one.QueryX, batch.QueryX[(t * 25 * 784)..((t + 1) * 25 * 784)]);
            Assert.Equal(one.ClassIds, batch.ClassIds[(t * 5)..((t + 1) * 5)]);
            Assert.Equal(one.QuarterTurns, batch.QuarterTurns[(t * 5)..((t + 1) * 5)]);
        }

        Assert.NotEqual(batch.ClassIds, sampler.Sample(4, 10, 4).ClassIds);
    }

    [Fact]
    public void AllImagesOfAClassAreTurnedAlike()
    {
        // One 2 x 2 image a row, its pixels 1 2 / 3 4 plus ten times the row.
        var pixels = Enumerable.Range(0, 12).SelectMany(
            r => new float[] { 1, 2, 3, 4 }.Select(v => v + (10 * r)));
        var set = ImageClasses.FromFloats(
            "squares", 1, 2, 2, [.. pixels],
            Enumerable.Range(0, 4).Select(
                c => new ImageClass($"{c}", "", [c * 3, (c * 3) + 1, (c * 3) + 2])));
        float[][] turned = [[1, 2, 3, 4], [2, 4, 1, 3], [4, 3, 2, 1], [3, 1, 4, 2]];

        var batch = new EpisodeSampler(set, 4, 1, 2, rotations: true).Sample(0, 0, 50);
        Assert.Equal([0, 1, 2, 3], batch.QuarterTurns.Distinct().Order());
        for (int i = 0; i < batch.QueryImages.Length; i++)
        {
            var expected =
                turned[batch.QuarterTurns[i / 2]].Select(v => v + (10 * batch.QueryImages[i]));
            Assert.Equal(expected, batch.QueryX[(i * 4)..((i + 1) * 4)]);
        }
    }

    [Fact]
    public void EveryClassAndImageComesUp()
    {
        var set = EmbeddedData.Mnist;
        var batch = new EpisodeSampler(set, 5, 1, 9).Sample(0, 0, 800);
        Assert.All(
            batch.ClassIds.CountBy(c => c), p => Assert.InRange(p.Value, 330, 470));
        Assert.Equal(2_000, batch.QueryImages.Distinct().Count());
    }

    [Theory]
    [InlineData(60, 1, 1, "ways: 60 exceeds the 10 classes of MNIST (2,000); choose at most 10.")]
    [InlineData(5, 150, 51, "shots + queries: 150 + 51 exceeds the 200 images of class '0' of "
        + "MNIST (2,000); choose at most 200 together.")]
    [InlineData(5, int.MaxValue, 1, "shots + queries: 2147483647 + 1 exceeds")]
    [InlineData(0, 1, 1, "ways: 0 is too few; choose at least 1.")]
    [InlineData(5, -1, 1, "shots: -1 is too few; choose at least 1.")]
    [InlineData(5, 1, 0, "queries: 0 is too few; choose at least 1.")]
    public void ImpossibleTasksAreRefused(int ways, int shots, int queries, string expected)
    {
        var e = Assert.Throws<ArgumentException>(
            () => new EpisodeSampler(EmbeddedData.Mnist, ways, shots, queries));
        Assert.StartsWith(expected, e.Message);
    }

    [Fact]
    public void OtherMisuseIsRefused()
    {
        var sampler = new EpisodeSampler(Glyphs, 5, 1, 1);
        Assert.Contains("tasks: 0 is too few",
            Assert.Throws<ArgumentException>(() => sampler.Sample(0, 0, 0)).Message);
        Assert.Contains(
            "draw fewer at a time",
            Assert.Throws<ArgumentException>(() => sampler.Sample(0, 0, int.MaxValue)).Message);
        var wide = ImageClasses.FromFloats("wide", 1, 1, 2, new float[4], [new("a", "", [0, 1])]);
        Assert.Contains(
            "switch rotations off",
            Assert.Throws<ArgumentException>(
                () => new EpisodeSampler(wide, 1, 1, 1, true)).Message);
    }

    [Fact]
    public void SinusoidsFollowTheProtocol()
    {
        var batch =
            new SinusoidTasks(shots: 5, queries: 10).Sample(seed: 1, first: 0, tasks: 2_000);
        Assert.Equal(10_000, batch.SupportX.Length);
        Assert.InRange(batch.Amplitudes.Min(), 0.1, 0.12);
        Assert.InRange(batch.Amplitudes.Max(), 4.98, 5);
        Assert.InRange(batch.Phases.Min(), 0, 0.01);
        Assert.InRange(batch.Phases.Max(), 3.13, Math.PI);
        Assert.InRange(batch.QueryX.Min(), -5, -4.99f);
        Assert.InRange(batch.QueryX.Max(), 4.99f, 5);
        for (int i = 0; i < batch.QueryX.Length; i++)
        {
            double y = batch.Amplitudes[i / 10] * Math.Sin(batch.QueryX[i] - batch.Phases[i / 10]);
            Assert.Equal(y, batch.QueryY[i], 1e-6);
        }

        var later = new SinusoidTasks(5, 10).Sample(1, 1_000, 1);
        Assert.Equal(later.SupportY, batch.SupportY[5_000..5_005]);
    }
}
