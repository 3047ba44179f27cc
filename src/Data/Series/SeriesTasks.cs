// Forecasting tasks from series. A task is a stretch of one series: what comes first is to learn
// from, what comes later is to be forecast. Nothing of the later part is known in the earlier one:
// neither targets nor the numbers by which values are scaled.
using System.Collections.Immutable;

namespace Engine.Data;

/// <summary>
/// How the values of a task are scaled. All is taken from its support part alone.
/// </summary>
public enum SeriesScale
{
    /// <summary>Values as they are.</summary>
    None,

    /// <summary>Less the mean, over the standard deviation.</summary>
    Standard,

    /// <summary>
    /// Less the last value, over the mean absolute difference between neighbours (a season apart):
    /// a mean absolute error of such values is a MASE (Hyndman and Koehler, 2006).
    /// </summary>
    Differences,
}

/// <summary>The form of a forecasting task.</summary>
/// <param name="Window">Past values that a forecast is made from.</param>
/// <param name="Support">Windows to learn from.</param>
/// <param name="Queries">Windows to be judged on, after all that the support windows hold.</param>
/// <param name="Horizon">Next values to forecast from one window.</param>
/// <param name="Season">
/// How many values make a season: 12 for months. The error of a forecast is measured against that
/// of repeating the value of a season ago; 1 repeats the last value.
/// </param>
/// <param name="Scale">How values are scaled.</param>
public sealed record SeriesForm(
    int Window, int Support, int Queries, int Horizon = 1, int Season = 1,
    SeriesScale Scale = SeriesScale.Differences)
{
    /// <summary>Values that the support windows and their targets cover.</summary>
    public int SupportLength => Window + Support + Horizon - 1;

    /// <summary>Values that a task covers.</summary>
    public int Length => SupportLength + Queries + Horizon - 1;
}

/// <summary>
/// Draws forecasting tasks: a series, each equally likely, and then where in it the task begins.
/// Task i of a seed is the same whatever was drawn before and however tasks are batched. Stretches
/// with missing values are not drawn, nor are those whose support part never changes, by which no
/// error can be scaled.
/// </summary>
public sealed class SeriesTasks
{
    private readonly SeriesForm form;
    private readonly ImmutableArray<int> usable;
    private readonly ImmutableArray<int>[] starts;

    /// <summary>Tasks of one form from a set of series.</summary>
    /// <param name="source">The series.</param>
    /// <param name="form">The form.</param>
    /// <param name="skipShort">
    /// Whether series that are too short, or have no stretch without a gap, are left out
    /// (<see cref="Skipped"/>) and not an error.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A number is below 1, or no task can be drawn from a series, which is named.
    /// </exception>
    public SeriesTasks(SeriesSet source, SeriesForm form, bool skipShort = false)
    {
        EpisodeSampler.CheckPositive("window", form.Window);
        EpisodeSampler.CheckPositive("support", form.Support);
        EpisodeSampler.CheckPositive("queries", form.Queries);
        EpisodeSampler.CheckPositive("horizon", form.Horizon);
        EpisodeSampler.CheckPositive("season", form.Season);
        if (form.Season >= form.SupportLength)
        {
            throw new ArgumentException(
                $"season: {form.Season} values need more than the {form.SupportLength} of the "
                + "support part; choose more support windows or a shorter season.");
        }

        (Source, this.form) = (source, form);
        starts = [.. source.Series.Select(Starts)];
        usable = [.. Enumerable.Range(0, starts.Length).Where(s => starts[s].Length > 0)];
        Skipped = [.. source.Series.Where((_, s) => starts[s].IsEmpty)];
        if (Skipped.Length > 0 && !skipShort) throw new ArgumentException(WhyNot(Skipped[0]));
        if (usable.IsEmpty)
        {
            throw new ArgumentException(
                $"{source.Name}: no series has a stretch of {form.Length} values without a gap, "
                + "which a task of this form covers; choose a shorter form.");
        }
    }

    /// <summary>Where tasks come from.</summary>
    public SeriesSet Source { get; }

    /// <summary>Series from which no task can be drawn.</summary>
    public ImmutableArray<Series> Skipped { get; }

    /// <summary>Series from which tasks are drawn.</summary>
    public int Count => usable.Length;

    /// <summary>Tasks first .. first + tasks - 1 of a seed, stacked.</summary>
    /// <exception cref="ArgumentException">A number of tasks below 1.</exception>
    public SeriesArrays Sample(long seed, long first, int tasks) => Collect(tasks, i =>
    {
        var random = new SeededRandom(seed, first + i);
        int series = usable[random.Below(usable.Length)];
        return (series, starts[series][random.Below(starts[series].Length)]);
    });

    /// <summary>
    /// The last task of each of the series first .. first + tasks - 1 that can be used: what a
    /// forecaster would be asked today.
    /// </summary>
    /// <exception cref="ArgumentException">There are not that many series.</exception>
    public SeriesArrays Latest(int first, int tasks)
    {
        if (first < 0 || tasks > usable.Length - first)
        {
            throw new ArgumentException(
                $"tasks: {first} to {(long)first + tasks - 1} are not among the {usable.Length} "
                + $"series of {Source.Name} that can be used.");
        }

        return Collect(tasks, i => (usable[first + i], starts[usable[first + i]][^1]));
    }

    private SeriesArrays Collect(int tasks, Func<int, (int Series, int Start)> choose)
    {
        EpisodeSampler.CheckPositive(nameof(tasks), tasks);
        var arrays = new SeriesArrays(tasks, form);
        for (int t = 0; t < tasks; t++)
        {
            var (series, start) = choose(t);
            arrays.Fill(t, series, start, Source.Series[series].Values.AsSpan(start, form.Length));
        }

        return arrays;
    }

    /// <summary>Where tasks can begin in a series.</summary>
    private ImmutableArray<int> Starts(Series series)
    {
        var found = ImmutableArray.CreateBuilder<int>();
        for (int start = 0; start + form.Length <= series.Values.Length; start++)
        {
            ReadOnlySpan<double> values = series.Values.AsSpan(start, form.Length);
            bool whole = !values.ContainsAnyExceptInRange(double.MinValue, double.MaxValue);
            if (whole && SeriesArrays.NaiveError(values[..form.SupportLength], form.Season) > 0)
                found.Add(start);
        }

        return found.ToImmutable();
    }

    private string WhyNot(Series series)
    {
        int length = series.Values.Length;
        string why = length < form.Length
            ? $"has {length} values, but a task of window {form.Window}, {form.Support} support "
                + $"windows, {form.Queries} queries and horizon {form.Horizon} covers {form.Length}"
            : $"has no stretch of {form.Length} values that is without a gap and changes";
        return $"{Source.Name}: series '{series.Id}' {why}; choose a shorter form, fill the gaps, "
            + "or have such series skipped.";
    }
}
