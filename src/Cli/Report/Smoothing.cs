// What is done to a learning curve before it is drawn; the page says so under the chart.
namespace Engine.Cli;

internal static class Smoothing
{
    /// <summary>Averages neighbours so that at most so many points are left.</summary>
    public static List<(double X, double Y)> Thin(IReadOnlyList<(double X, double Y)> points, int most)
    {
        var finite = points.Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y)).ToList();
        int bucket = (finite.Count + most - 1) / most;
        if (bucket <= 1) return finite;
        return [.. finite.Chunk(bucket).Select(c => (c.Average(p => p.X), c.Average(p => p.Y)))];
    }

    /// <summary>
    /// Exponential moving average over a window of points, started without bias (the weights of
    /// what is there are divided by their sum, as Adam does).
    /// </summary>
    public static List<(double X, double Y)> Average(IReadOnlyList<(double X, double Y)> points, int window)
    {
        double keep = 1 - (1.0 / Math.Max(1, window)), sum = 0, weight = 0;
        var smooth = new List<(double X, double Y)>(points.Count);
        foreach (var (x, y) in points)
        {
            sum = (keep * sum) + ((1 - keep) * y);
            weight = (keep * weight) + (1 - keep);
            smooth.Add((x, sum / weight));
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
