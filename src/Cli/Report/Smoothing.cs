// What is done to a learning curve before it is drawn; the page says so under the chart.
namespace Engine.Cli;

internal static class Smoothing
{
    /// <summary>Averages neighbours; at most <paramref name="most"/> points are left.</summary>
    public static List<(double X, double Y)> Thin(
        IReadOnlyList<(double X, double Y)> points, int most)
    {
        var finite = points.Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y)).ToList();
        int bucket = (finite.Count + most - 1) / most;
        if (bucket <= 1) return finite;
        return [.. finite.Chunk(bucket).Select(c => (c.Average(p => p.X), c.Average(p => p.Y)))];
    }

    /// <summary>
    /// The mean of each point and the same number of neighbours on both sides: with neighbours on
    /// the left alone the curve would lag.
    /// </summary>
    public static List<(double X, double Y)> Mean(
        IReadOnlyList<(double X, double Y)> points, int window)
    {
        var smooth = new List<(double X, double Y)>(points.Count);
        for (int i = 0; i < points.Count; i++)
        {
            int reach = Math.Min(window / 2, Math.Min(i, points.Count - 1 - i));
            double sum = 0;
            for (int j = i - reach; j <= i + reach; j++) sum += points[j].Y;
            smooth.Add((points[i].X, sum / ((2 * reach) + 1)));
        }

        return smooth;
    }

    /// <summary>The value below which a share of the values lies.</summary>
    public static double Quantile(IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[(int)(share * (sorted.Length - 1))];
    }
}
