// A chart of several series: what was tried, side by side.
using System.Globalization;
using System.Text;

namespace Engine.Cli;

/// <summary>A chart of several series with a legend.</summary>
/// <param name="Title">What is compared.</param>
/// <param name="XLabel">Name and unit of the horizontal axis.</param>
/// <param name="YLabel">Name and unit of the vertical axis.</param>
/// <param name="Series">What is drawn; those that are not faint are named in the legend.</param>
/// <param name="Percent">Whether Y is a share of 1, shown in per cent.</param>
/// <param name="LogX">Whether the horizontal axis is logarithmic; X is then above 0.</param>
/// <param name="Caption">A sentence under the chart.</param>
internal sealed record Plot(
    string Title, string XLabel, string YLabel, IReadOnlyList<PlotSeries> Series,
    bool Percent = false, bool LogX = false, string Caption = "");

/// <summary>Points in order of X, joined by a line or each a dot.</summary>
internal sealed record PlotSeries(
    string Name, IReadOnlyList<(double X, double Y)> Points, bool Dots = false, bool Faint = false);

internal static class PlotSection
{
    private const int Colours = 8;

    public static void Append(StringBuilder page, Plot plot)
    {
        page.Append($"<section>\n<h2>{HtmlReport.Text(plot.Title)}</h2>\n");
        PlotSeries[] series = [.. plot.Series.Select(s => s with { Points = Finite(s, plot) })];
        (double X, double Y)[] all = [.. series.SelectMany(s => s.Points)];
        if (all.Length == 0)
        {
            page.Append("<p>Nothing was measured.</p>\n</section>\n");
            return;
        }

        ChartAxis x = ChartAxis.Around(
            plot.LogX ? all.Min(p => p.X) : Math.Min(0, all.Min(p => p.X)), all.Max(p => p.X), 8);
        ChartAxis y = ChartAxis.Around(all.Min(p => p.Y), all.Max(p => p.Y));
        if (plot.Percent) y = y with { Low = Math.Max(0, y.Low), High = Math.Min(1, y.High) };
        var chart = new Chart(
            plot.LogX ? x with { Log = true } : x, y, plot.XLabel, plot.YLabel, plot.Percent);
        int colour = 0;
        var legend = new StringBuilder();
        foreach (PlotSeries s in series.OrderByDescending(s => s.Faint))
        {
            string style = s.Faint ? "faint" : Style(colour++);
            if (!s.Dots) chart.Line(s.Points, $"line {style}");
            if (s.Dots || s.Points.Count == 1)
                foreach (var (px, py) in s.Points) chart.Dot(px, py, 0, style);
            if (!s.Faint)
                legend.Append(
                    $"<span class=\"key {style}\"></span>{HtmlReport.Text(s.Name)} ");
        }

        page.Append($"<p class=\"legend\">{legend}</p>\n");
        page.Append($"<div class=\"chart\">{chart.Render(plot.Title)}</div>\n");
        if (plot.Caption.Length > 0)
            page.Append($"<p class=\"caption\">{HtmlReport.Text(plot.Caption)}</p>\n");
        page.Append("</section>\n");
    }

    private static (double X, double Y)[] Finite(PlotSeries series, Plot plot) =>
    [
        .. from point in series.Points
           where double.IsFinite(point.X) && double.IsFinite(point.Y)
           where !plot.LogX || point.X > 0
           select plot.LogX ? (Math.Log10(point.X), point.Y) : point,
    ];

    private static string Style(int series) =>
        ((char)('a' + (series % Colours))).ToString(CultureInfo.InvariantCulture);
}
