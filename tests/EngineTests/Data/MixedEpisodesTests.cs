// Tasks of several sets: which set a task is of, what it then holds, and images brought to one
// shape.
using Engine.Data;

namespace Engine.Tests.Data;

public class MixedEpisodesTests
{
    private static readonly ImageClasses[] Sets =
    [
        EmbeddedData.Glyphs.Fit(1, 12, 12), EmbeddedData.Mnist.Fit(1, 12, 12),
        EmbeddedData.UciDigits.Fit(1, 12, 12),
    ];

    [Fact]
    public void ATaskIsOfOneSetAndThatOfItsSampler()
    {
        var mix = new MixedEpisodes(Sets, ways: 4, shots: 2, queries: 3, rotations: true);
        EpisodeArrays batch = mix.Sample(seed: 5, first: 7, tasks: 20);
        int[] before = [0, 500, 510];
        var seen = new HashSet<int>();
        for (int t = 0; t < 20; t++)
        {
            int set = mix.SetOf(5, 7 + t);
            seen.Add(set);
            EpisodeArrays own = new EpisodeSampler(Sets[set], 4, 2, 3, rotations: true)
                .Sample(5, 7 + t, 1);
            Assert.Equal(own.SupportX, batch.SupportX[(t * 8 * 144)..((t + 1) * 8 * 144)]);
            Assert.Equal(own.QueryX, batch.QueryX[(t * 12 * 144)..((t + 1) * 12 * 144)]);
            Assert.Equal(own.QueryY, batch.QueryY[(t * 12)..((t + 1) * 12)]);
            Assert.Equal(own.SupportImages, batch.SupportImages[(t * 8)..((t + 1) * 8)]);
            Assert.Equal(
                own.ClassIds.Select(id => id + before[set]),
                batch.ClassIds[(t * 4)..((t + 1) * 4)]);
        }

        Assert.Equal([0, 1, 2], seen.Order());
    }

    [Fact]
    public void ATaskHasTheSameBitsHoweverItIsReached()
    {
        MixedEpisodes Mix() => new(Sets, [2, 3], [1, 2], 2, tasksPerForm: 4);
        EpisodeArrays batch = Mix().Sample(3, 8, 4);
        int support = batch.Ways * batch.Shots;
        var again = new EpisodeArrays[4];
        MixedEpisodes shared = Mix();
        Parallel.For(0, 4, t => again[t] = shared.Sample(3, 8 + t, 1));
        for (int t = 0; t < 4; t++)
        {
            Assert.Equal((batch.Ways, batch.Shots), (again[t].Ways, again[t].Shots));
            Assert.Equal(
                again[t].SupportX,
                batch.SupportX[(t * support * 144)..((t + 1) * support * 144)]);
        }

        Assert.NotEqual(batch.SupportX, Mix().Sample(4, 8, 4).SupportX);
    }

    [Fact]
    public void FormsVaryFromStepToStepAndNotWithin()
    {
        var mix = new MixedEpisodes(Sets, Counts.Between(2, 4), [1, 3], 2, tasksPerForm: 8);
        var forms = new HashSet<(int, int)>();
        for (int step = 0; step < 60; step++)
        {
            EpisodeArrays batch = mix.Sample(0, 8 * step, 8);
            forms.Add((batch.Ways, batch.Shots));
        }

        Assert.Equal(6, forms.Count);
        Assert.Contains("more than one form", Assert.Throws<ArgumentException>(
            () => mix.Sample(0, 4, 8)).Message);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(6, 3, 1)]
    public void SetsComeAsOftenAsTheirWeightsSay(double a, double b, double c)
    {
        const int tasks = 6000;
        double[] weights = [a, b, c];
        var mix = new MixedEpisodes(Sets, 2, 1, 1, weights: weights);
        var counts = new int[3];
        for (int t = 0; t < tasks; t++) counts[mix.SetOf(1, t)]++;
        for (int set = 0; set < 3; set++)
        {
            double share = weights[set] / weights.Sum();
            double deviation = Math.Sqrt(tasks * share * (1 - share));
            Assert.InRange(
                counts[set], (tasks * share) - (4 * deviation), (tasks * share) + (4 * deviation));
        }
    }

    [Fact]
    public void OneSetAloneIsWhatItsSamplerGives()
    {
        EpisodeArrays mixed = new MixedEpisodes(Sets[..1], 5, 1, 2).Sample(2, 3, 4);
        EpisodeArrays plain = new EpisodeSampler(Sets[0], 5, 1, 2).Sample(2, 3, 4);
        Assert.Equal(plain.SupportX, mixed.SupportX);
        Assert.Equal(plain.ClassIds, mixed.ClassIds);
    }

    [Fact]
    public void WhatCannotBeMixedSaysWhatToDo()
    {
        Assert.Contains("bring images to one shape with Fit", Refusal(
            () => new MixedEpisodes([Sets[0], EmbeddedData.UciDigits], 2, 1, 1)));
        Assert.Contains("MNIST (2,000) is there twice; name each set once", Refusal(
            () => new MixedEpisodes([Sets[1], Sets[0], Sets[1]], 2, 1, 1)));
        Assert.Contains(
            "ways: 11 exceeds the 10 classes of MNIST (2,000); choose at most 10",
            Refusal(() => new MixedEpisodes(Sets, 11, 1, 1)));
        Assert.Contains("give at least one", Refusal(() => new MixedEpisodes([], 2, 1, 1)));
        foreach (double[] wrong in (double[][])[[1, 1], [1, 0, 1], [1, double.NaN, 1]])
            Assert.Contains("a number above 0 for each", Refusal(
                () => new MixedEpisodes(Sets, 2, 1, 1, weights: wrong)));
    }

    [Fact]
    public void ImagesAreFittedAsLabelledSetsAreResized()
    {
        ImageClasses digits = EmbeddedData.UciDigits;
        LabelledSet resized = LabelledSet.From(digits).Resize(20, 20);
        LabelledSet fitted = LabelledSet.From(digits.Fit(1, 20, 20));
        Assert.Equal(resized.Labels.AsEnumerable(), fitted.Labels);
        float[] a = new float[400], b = new float[400];
        foreach (int i in (int[])[0, 100, 1796])
        {
            resized.CopyExample(i, a);
            fitted.CopyExample(i, b);
            Assert.Equal(a, b);
        }
    }

    [Fact]
    public void GreyBecomesColouredAndTheReverse()
    {
        float[] colours = [1, 0, 0, 0.5f, 0, 1, 0, 0.5f, 0, 0, 1, 0.5f]; // red, green, blue, grey
        var set = ImageClasses.FromFloats("c", 3, 2, 2, colours, [new("all", "", [0])]);
        var grey = new float[4];
        ImageClasses dark = set.Fit(1, 2, 2);
        dark.CopyImage(0, grey);
        float[] luma = [0.299f, 0.587f, 0.114f, 0.5f];
        for (int i = 0; i < 4; i++) Assert.Equal(luma[i], grey[i], 6);
        var back = new float[12];
        dark.Fit(3, 2, 2).CopyImage(0, back);
        Assert.Equal([.. grey, .. grey, .. grey], back);
        Assert.Same(set, set.Fit(3, 2, 2));

        var four = ImageClasses.FromFloats("four", 4, 1, 1, new float[4], [new("a", "", [0])]);
        Assert.Contains("images of 4 channels cannot have 3", Refusal(() => four.Fit(3, 1, 1)));
        Assert.Contains("height: 0 is too few", Refusal(() => set.Fit(3, 0, 2)));
    }

    [Fact]
    public void ClassesBroughtTogetherKeepTheirImages()
    {
        ImageClasses all = ImageClasses.Together("all", Sets);
        Assert.Equal(520, all.Classes.Length);
        Assert.Equal(10_000 + 2_000 + 1_797, all.ImageCount);
        float[] a = new float[144], b = new float[144];
        foreach (var (set, number, at) in ((int, int, int)[])[(0, 499, 499), (1, 3, 503),
            (2, 9, 519)])
        {
            Assert.Equal(Sets[set].Classes[number].Name, all.Classes[at].Name);
            Sets[set].CopyImage(Sets[set].Classes[number].Images[5], a);
            all.CopyImage(all.Classes[at].Images[5], b);
            Assert.Equal(a, b);
        }

        Assert.Contains("Fit makes them alike", Refusal(
            () => ImageClasses.Together("all", [Sets[0], EmbeddedData.UciDigits])));
    }

    private static string Refusal(Action act) => Assert.Throws<ArgumentException>(act).Message;
}
