// Forecasting tasks: windows, no look into the future, determinism, splits, errors.
using Engine.Data;

namespace Engine.Tests.Data;

public class SeriesTasksTests
{
    private static Series Of(string id, IEnumerable<double> values, string family = "f")
    {
        double[] all = [.. values];
        return new(id, family, "", [.. all.Select((_, i) => $"{i}")], [.. all]);
    }

    private static SeriesSet Set(params Series[] series) => new("set", [.. series]);

    private static IEnumerable<double> Count(int n, double times = 1) =>
        Enumerable.Range(0, n).Select(i => times * i);

    [Fact]
    public void QueriesFollowAllThatIsLearntFrom()
    {
        var form = new SeriesForm(
            Window: 3, Support: 2, Queries: 2, Horizon: 2, Scale: SeriesScale.None);
        Assert.Equal((6, 9), (form.SupportLength, form.Length));
        SeriesArrays task = new SeriesTasks(Set(Of("a", Count(9))), form).Sample(0, 0, 1);
        Assert.Equal([0, 1, 2, 1, 2, 3], task.SupportX);
        Assert.Equal([3, 4, 4, 5], task.SupportY);
        Assert.Equal([3, 4, 5, 4, 5, 6], task.QueryX);
        Assert.Equal([6, 7, 7, 8], task.QueryY);

        Episode episode = Episode.From(task);
        Assert.Equal([1, 2, 3, 1], episode.SupportX.Shape.Sizes.ToArray());
        Assert.Equal([1, 2, 2], episode.QueryY.Shape.Sizes.ToArray());
    }

    [Theory]
    [InlineData(SeriesScale.None)]
    [InlineData(SeriesScale.Standard)]
    [InlineData(SeriesScale.Differences)]
    public void TheFutureChangesNothingInTheSupportPart(SeriesScale scale)
    {
        var form = new SeriesForm(4, 5, 3, Horizon: 2, Season: 2, scale);
        double[] values = [.. Enumerable.Range(0, form.Length).Select(i => Math.Sin(i * i) + i)];
        SeriesArrays Task(double[] v) => new SeriesTasks(Set(Of("a", v)), form).Sample(0, 0, 1);
        SeriesArrays before = Task(values);
        for (int i = form.SupportLength; i < values.Length; i++) values[i] = 1e6 * (i + 1);
        SeriesArrays after = Task(values);
        Assert.Equal(before.SupportX, after.SupportX);
        Assert.Equal(before.SupportY, after.SupportY);
        Assert.Equal(before.QueryX[..4], after.QueryX[..4]); // the first query's window
        Assert.Equal((before.Centers[0], before.Scales[0], before.NaiveErrors[0]),
            (after.Centers[0], after.Scales[0], after.NaiveErrors[0]));
        Assert.All(before.QueryY.Zip(after.QueryY), p => Assert.NotEqual(p.First, p.Second));
    }

    [Fact]
    public void ScalesAreThoseOfTheSupportPart()
    {
        double[] values = [2, 4, 8, 6, 10, 0, 1, 3];
        SeriesArrays Task(SeriesScale scale, int season) => new SeriesTasks(
            Set(Of("a", values)), new(2, 3, 3, 1, season, scale)).Sample(0, 0, 1);

        SeriesArrays differences = Task(SeriesScale.Differences, 1);
        Assert.Equal((10.0, 3.0, 1.0), // (2 + 4 + 2 + 4) / 4
            (differences.Centers[0], differences.Scales[0], differences.NaiveErrors[0]));
        Assert.Equal((-2f, 0f, -10 / 3f),
            (differences.SupportX[1], differences.QueryX[1], differences.QueryY[0]));
        Assert.Equal((6 + 2 + 2) / 3.0, Task(SeriesScale.Differences, 2).Scales[0], 1e-12);

        SeriesArrays standard = Task(SeriesScale.Standard, 1);
        Assert.Equal((6.0, Math.Sqrt(8)), (standard.Centers[0], standard.Scales[0]));
        Assert.Equal(3 / Math.Sqrt(8), standard.NaiveErrors[0], 1e-12);
    }

    [Fact]
    public void TaskIIsTheSameHoweverItIsReached()
    {
        var form = new SeriesForm(6, 8, 4);
        var tasks = new SeriesTasks(EmbeddedData.UsJobs, form);
        SeriesArrays batch = tasks.Sample(seed: 5, first: 20, tasks: 6);
        for (int t = 0; t < 6; t++)
        {
            SeriesArrays one = new SeriesTasks(EmbeddedData.UsJobs, form).Sample(5, 20 + t, 1);
            Assert.Equal(one.SupportX, batch.SupportX[(t * 48)..((t + 1) * 48)]);
            Assert.Equal(one.QueryY, batch.QueryY[(t * 4)..((t + 1) * 4)]);
            Assert.Equal((one.SeriesIds[0], one.Starts[0]), (batch.SeriesIds[t], batch.Starts[t]));
        }

        SeriesArrays many = tasks.Sample(6, 0, 2_900);
        Assert.Equal(29, many.SeriesIds.Distinct().Count());
        Assert.All(many.SeriesIds.CountBy(s => s), p => Assert.InRange(p.Value, 60, 140));
    }

    [Fact]
    public void LatestIsTheEndOfEachSeries()
    {
        var tasks = new SeriesTasks(
            Set(Of("a", Count(9)), Of("b", Count(12, 2))), new(2, 2, 2, Scale: SeriesScale.None));
        SeriesArrays latest = tasks.Latest(0, 2);
        Assert.Equal([3, 6], latest.Starts);
        Assert.Equal([7, 8, 20, 22], latest.QueryY);
        Assert.Contains("tasks: 1 to 2 are not among the 2 series of set",
            Assert.Throws<ArgumentException>(() => tasks.Latest(1, 2)).Message);
    }

    [Fact]
    public void GapsAndFlatStretchesAreNotDrawn()
    {
        double[] values = [.. Count(6), double.NaN, .. Enumerable.Repeat(1.0, 20), 2, 3, 4, 5];
        SeriesArrays drawn = new SeriesTasks(Set(Of("a", values)), new(2, 2, 1)).Sample(0, 0, 200);
        // 5 values each: from 0 to 5, or with a change within the first four.
        Assert.Equal([0, 1, 24, 25, 26], drawn.Starts.Distinct().Order());
        Assert.All(drawn.SupportX, v => Assert.True(float.IsFinite(v)));
    }

    [Fact]
    public void ShortSeriesAreNamedOrSkipped()
    {
        SeriesSet set = Set(Of("long", Count(30)), Of("short", Count(4)), Of("flat", new double[30]));
        var form = new SeriesForm(4, 3, 2);
        Assert.Equal("set: series 'short' has 4 values, but a task of window 4, 3 support windows, "
            + "2 queries and horizon 1 covers 9; choose a shorter form, fill the gaps, or have "
            + "such series skipped.",
            Assert.Throws<ArgumentException>(() => new SeriesTasks(set, form)).Message);
        var tasks = new SeriesTasks(set, form, skipShort: true);
        Assert.Equal(["short", "flat"], tasks.Skipped.Select(s => s.Id));
        Assert.Equal(1, tasks.Count);
        Assert.All(tasks.Sample(0, 0, 9).SeriesIds, s => Assert.Equal(0, s));
        Assert.Contains("no series has a stretch of 9 values", Assert.Throws<ArgumentException>(
            () => new SeriesTasks(Set(Of("short", Count(4))), form, true)).Message);
        Assert.Contains("series 'flat' has no stretch of 9 values that is without a gap and changes",
            Assert.Throws<ArgumentException>(
                () => new SeriesTasks(Set(Of("flat", new double[30])), form)).Message);
    }

    [Theory]
    [InlineData(0, 1, 1, 1, 1, "window: 0 is too few; choose at least 1.")]
    [InlineData(1, 0, 1, 1, 1, "support: 0 is too few; choose at least 1.")]
    [InlineData(1, 1, -1, 1, 1, "queries: -1 is too few; choose at least 1.")]
    [InlineData(1, 1, 1, 0, 1, "horizon: 0 is too few; choose at least 1.")]
    [InlineData(2, 3, 1, 1, 5, "season: 5 values need more than the 5 of the support part")]
    public void FormsThatCannotBeAreRefused(
        int window, int support, int queries, int horizon, int season, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<ArgumentException>(() => new SeriesTasks(
            EmbeddedData.UsJobs, new(window, support, queries, horizon, season))).Message);

    [Fact]
    public void SplitsKeepSeriesOrFamiliesApart()
    {
        SeriesSet jobs = EmbeddedData.UsJobs;
        SeriesSplit split = SeriesSplit.BySeries(jobs, seed: 3);
        SeriesSet[] parts = [split.Train, split.Validation, split.Test];
        Assert.Equal([17, 6, 6], parts.Select(p => p.Series.Length));
        Assert.Equal(29, parts.SelectMany(p => p.Series).Distinct().Count());
        Assert.All(parts, p => Assert.Equal(2, p.Families.Count));
        IEnumerable<string> Test(long seed) =>
            SeriesSplit.BySeries(jobs, seed).Test.Series.Select(s => s.Id);
        Assert.Equal(split.Test.Series.Select(s => s.Id), Test(3));
        Assert.NotEqual(Test(3), Test(4));

        SeriesSplit families = SeriesSplit.ByFamily(jobs, [], ["us-unemployment"]);
        Assert.Equal((15, 0, 14), (families.Train.Series.Length,
            families.Validation.Series.Length, families.Test.Series.Length));
        string Error(string[] validation, string[] test) => Assert.Throws<ArgumentException>(
            () => SeriesSplit.ByFamily(jobs, validation, test)).Message;
        Assert.Equal("'x' must be a family of US jobs, for either validation or test; the families "
            + "are us-employment, us-unemployment.", Error([], ["x"]));
        Assert.Contains("no family of US jobs is left for training",
            Error(["us-employment"], ["us-unemployment"]));
    }
}
