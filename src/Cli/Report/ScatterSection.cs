// A map of samples: the class is a colour, the domain a shape.
using System.Globalization;
using System.Text;

namespace Engine.Cli;

/// <summary>Samples on a plane.</summary>
/// <param name="Title">What is mapped.</param>
/// <param name="Caption">What may be read from it.</param>
/// <param name="Classes">Names of the classes, a colour each.</param>
/// <param name="Domains">
/// Names of one or two domains: samples of the first are dots, of the second crosses.
/// </param>
/// <param name="Points">The samples.</param>
internal sealed record Scatter(
    string Title, string Caption, IReadOnlyList<string> Classes, IReadOnlyList<string> Domains,
    IReadOnlyList<ScatterPoint> Points);

/// <summary>A sample: where it lies, and the numbers of its class and domain.</summary>
internal sealed record ScatterPoint(double X, double Y, int Class, int Domain);

internal static class ScatterSection
{
    private const double Height = 520;
    private const int MostNamed = 20;

    public static void Append(StringBuilder page, Scatter scatter)
    {
        page.Append($"<section>\n<h2>{HtmlReport.Text(scatter.Title)}</h2>\n");
        ScatterPoint[] points =
            [.. scatter.Points.Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y))];
        if (points.Length == 0)
        {
            page.Append("<p>Nothing was measured.</p>\n</section>\n");
            return;
        }

        var chart = new Chart(
            ChartAxis.Around(points.Min(p => p.X), points.Max(p => p.X), 8),
            ChartAxis.Around(points.Min(p => p.Y), points.Max(p => p.Y)), "", "", percent: false,
            Height);
        foreach (ScatterPoint p in points)
            chart.Mark(p.X, p.Y, Hue(p.Class, scatter.Classes.Count), cross: p.Domain > 0);
        page.Append("<p class=\"legend\">");
        for (int c = 0; c < scatter.Classes.Count && scatter.Classes.Count <= MostNamed; c++)
        {
            page.Append($"<span class=\"key hue\" style=\"--hue:{Hue(c, scatter.Classes.Count)}\">"
                + $"</span>{HtmlReport.Text(scatter.Classes[c])} ");
        }

        page.Append("</p>\n");
        page.Append($"<div class=\"chart\">{chart.Render(scatter.Title)}</div>\n");
        string shapes = scatter.Domains.Count < 2 ? ""
            : $"Dots: {scatter.Domains[0]}. Crosses: {scatter.Domains[1]}. ";
        string left = points.Length == scatter.Points.Count ? "" : string.Create(
            CultureInfo.InvariantCulture,
            $" Not finite and left out: {scatter.Points.Count - points.Length:N0}.");
        page.Append(
            $"<p class=\"caption\">{HtmlReport.Text(shapes + scatter.Caption + left)}</p>\n");
        page.Append("</section>\n");
    }

    /// <summary>Where on the wheel of 360 degrees the colour of a class lies.</summary>
    private static int Hue(int number, int classes) => 360 * number / Math.Max(1, classes);
}
