// Tasks whose ways and shots are drawn: each block of tasks has a form, each task is the same
// however it is reached.
using Engine.Data;

namespace Engine.Tests.Data;

public class VariedTasksTests
{
    private static readonly ImageClasses Glyphs = EmbeddedData.Glyphs;

    private static EpisodeSampler Varied(int tasksPerForm) => new(
        Glyphs, ways: [5, 10, 20], shots: Counts.Between(1, 5), queries: 2, rotations: true,
        tasksPerForm);

    [Fact]
    public void EveryFormComesUpAboutAsOften()
    {
        EpisodeSampler sampler = Varied(4);
        EpisodeForm[] forms =
            [.. Enumerable.Range(0, 6_000).Select(block => sampler.Form(1, 4L * block))];
        var counts = forms.CountBy(f => f).ToArray();
        Assert.Equal(15, counts.Length);
        Assert.All(counts, c => Assert.InRange(c.Value, 320, 480));
        Assert.Equal([5, 10, 20], forms.Select(f => f.Ways).Distinct().Order());
        Assert.Equal([1, 2, 3, 4, 5], forms.Select(f => f.Shots).Distinct().Order());
        Assert.All(forms, f => Assert.Equal(2, f.Queries));
        Assert.NotEqual(
            forms[..20], Enumerable.Range(0, 20).Select(block => sampler.Form(2, 4L * block)));
    }

    [Fact]
    public void TheTasksOfABlockHaveItsForm()
    {
        EpisodeSampler sampler = Varied(4);
        for (long first = 0; first < 40; first += 4)
        {
            EpisodeForm form = sampler.Form(3, first);
            EpisodeArrays batch = sampler.Sample(3, first, 4);
            Assert.Equal(form, new(batch.Ways, batch.Shots, batch.Queries));
            Assert.Equal(4 * form.Ways * form.Shots, batch.SupportY.Length);
            Assert.Equal(4 * form.Ways * 2, batch.QueryY.Length);
            Assert.Equal(form.Ways, batch.QueryY.Distinct().Count());
            Assert.Equal(form.Ways, Episode.From(batch).Ways);
            for (int t = 0; t < 4; t++)
            {
                Assert.Equal(form, sampler.Form(3, first + t));
                EpisodeArrays one = Varied(4).Sample(3, first + t, 1);
                int images = form.Ways * form.Shots;
                Assert.Equal(
                    one.SupportImages, batch.SupportImages[(t * images)..((t + 1) * images)]);
                Assert.Equal(
                    one.ClassIds, batch.ClassIds[(t * form.Ways)..((t + 1) * form.Ways)]);
            }
        }
    }

    [Fact]
    public void ABatchIsOfOneBlock()
    {
        Assert.Equal(
            "tasks: tasks 6 to 8 are of more than one form, of which each holds for 4; draw at "
                + "most 2 from 6 on, or choose tasksPerForm to be the number of tasks in a step.",
            Assert.Throws<ArgumentException>(() => Varied(4).Sample(0, 6, 3)).Message);
        Assert.Equal(2, Varied(4).Sample(0, 6, 2).Tasks);
        Assert.Equal(3, new EpisodeSampler(Glyphs, 5, 1, 2, tasksPerForm: 2).Sample(0, 1, 3).Tasks);
    }

    /// <summary>A sampler of one form draws what it drew before forms could vary.</summary>
    [Fact]
    public void OneFormIsDrawnAsEver()
    {
        EpisodeArrays batch = new EpisodeSampler(Glyphs, [5], [2], 3, true).Sample(3, 10, 2);
        var random = new SeededRandom(3, 11);
        int[] classes = random.Choose(5, 500);
        Assert.Equal(classes, batch.ClassIds[5..]);
        Assert.Equal(random.Below(4), batch.QuarterTurns[5]);
        int[] images = random.Choose(5, 20);
        Assert.Equal(
            images[..2].Select(i => Glyphs.Classes[classes[0]].Images[i]),
            batch.SupportImages[10..12]);
    }

    [Fact]
    public void CountsAreNumbersToDrawFrom()
    {
        Counts three = [20, 5, 10, 5];
        Assert.Equal([5, 10, 20], three.Values.AsEnumerable());
        Assert.Equal("5, 10 or 20", three.ToString());
        Assert.Equal((5, 20, true), (three.Least, three.Most, three.Vary));
        Counts one = 7;
        Assert.Equal((7, 7, false, "7"), (one.Least, one.Most, one.Vary, one.ToString()));
        Assert.Equal([2, 3, 4], Counts.Between(2, 4).Values.AsEnumerable());
        Assert.Contains("no number to draw", Message(() => Counts.Of([])));
        Assert.Contains("4 to 2 holds no number", Message(() => Counts.Between(4, 2)));
        Assert.Contains("ways: 0 is too few", Message(() => new EpisodeSampler(
            Glyphs, [0, 5], 1, 1)));
        Assert.Contains("ways: 501 exceeds the 500 classes", Message(() => new EpisodeSampler(
            Glyphs, [5, 501], 1, 1)));
        Assert.Contains("shots + queries: 19 + 2 exceeds the 20 images", Message(
            () => new EpisodeSampler(Glyphs, 5, Counts.Between(1, 19), 2)));
        Assert.Contains("tasksPerForm: 0 is too few", Message(
            () => new EpisodeSampler(Glyphs, 5, 1, 2, tasksPerForm: 0)));
    }

    [Fact]
    public void TheWaysOfAnEpisodeAreKnownWithinATrace()
    {
        Episode batch = Episode.From(new EpisodeSampler(Glyphs, 5, 1, 2).Sample(0, 0, 2));
        Assert.Equal(5, batch.Task(1).Ways);
        Assert.Equal(5, batch.Map((Tensor t) => t).Ways);
        int seen = 0;
        var count = Compile.Of((Episode e) =>
        {
            seen = e.Ways;
            return e.SupportX.Sum() * e.Ways;
        });
        count(batch);
        Assert.Equal(5, seen);
        Assert.Equal(0, Episode.From(new SinusoidTasks(5, 5).Sample(0, 0, 2)).Task(0).Ways);
    }

    private static string Message(Action act) => Assert.Throws<ArgumentException>(act).Message;
}
