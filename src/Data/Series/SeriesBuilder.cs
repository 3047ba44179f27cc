// A series while its file is read: values and times as they come, sorted at the end.
using System.Globalization;

namespace Engine.Data;

internal sealed class SeriesBuilder(string id, string family, string unit)
{
    // Only forms that cannot be misread: 03/04/2006 is in March or in April.
    private static readonly string[] Dates =
    [
        "yyyy-MM-dd", "yyyy-MM", "yyyy/MM/dd", "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFK",
        "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm", "yyyy/MM/dd HH:mm", "MMM d yyyy", "d MMM yyyy",
    ];

    private readonly HashSet<string> times = [];
    private readonly List<(string Time, double Value)> points = [];

    public string Id => id;

    public string Family => family;

    public string Unit => unit;

    /// <summary>Takes in the value of the reader's current row.</summary>
    /// <exception cref="DataException">The time is missing, or was there before.</exception>
    public void Add(CsvReader csv, int timeColumn, double value)
    {
        string time = csv[timeColumn].Trim();
        if (time.Length == 0) throw csv.Error(timeColumn, "the time is missing.");
        if (!times.Add(time))
        {
            throw csv.Error(timeColumn, $"series '{id}' has a second value at {time}.");
        }

        points.Add((time, value));
    }

    public Series ToSeries()
    {
        double[] order = Order();
        int[] at = [.. Enumerable.Range(0, points.Count).OrderBy(i => order[i])];
        return new(
            id, family, unit, [.. at.Select(i => points[i].Time)],
            [.. at.Select(i => points[i].Value)]);
    }

    /// <summary>What to sort by: times that are all numbers or all dates, else places.</summary>
    private double[] Order() => All(Number) ?? All(Date) ?? [.. points.Select((_, i) => (double)i)];

    private double[]? All(Func<string, double?> read)
    {
        var order = new double[points.Count];
        for (int i = 0; i < order.Length; i++)
        {
            if (read(points[i].Time) is not { } at) return null;
            order[i] = at;
        }

        return order;
    }

    private static double? Number(string text) => double.TryParse(
        text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
        && double.IsFinite(value) ? value : null;

    private static double? Date(string text) => DateTime.TryParseExact(
        text, Dates, CultureInfo.InvariantCulture,
        DateTimeStyles.AdjustToUniversal | DateTimeStyles.AllowWhiteSpaces, out DateTime date)
        ? date.Ticks : null;
}
