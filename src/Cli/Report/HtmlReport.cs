// The report of a run: one HTML file without scripts, fonts or anything else to load.
using System.Globalization;
using System.Net;
using System.Text;

namespace Engine.Cli;

internal static class HtmlReport
{
    private const int MostPoints = 400;

    public static string Render(ReportData data)
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{Text(data.Title)}</title>
            <style>
            {ReportStyle.Sheet}
            </style>
            </head>
            <body>
            <main>
            <h1>{Text(data.Title)}</h1>
            <p class="subtitle">{Text(data.Subtitle)}</p>

            """);
        Headlines(page, data.Headlines);
        foreach (string warning in data.Warnings)
            page.Append($"<p class=\"warning\">Warning: {Text(warning)}</p>\n");
        foreach (var curve in data.Curves) LearningCurve(page, curve);
        foreach (var plot in data.Plots) PlotSection.Append(page, plot);
        foreach (var scatter in data.Scatters) ScatterSection.Append(page, scatter);
        foreach (var table in data.Tables) TableSection.Append(page, table);
        foreach (var pictures in data.Pictures) PictureSection.Append(page, pictures);
        foreach (var matrix in data.Matrices) TableSection.Append(page, matrix);
        if (data.Steps.Any(s => s.Points.Count > 0)) InnerSteps(page, data);
        if (data.Episode is { } episode) EpisodeSection.Append(page, episode);
        Settings(page, data.Settings);
        page.Append("</main>\n</body>\n</html>\n");
        return page.ToString();
    }

    internal static string Text(string text) => WebUtility.HtmlEncode(text);

    private static void Headlines(StringBuilder page, IReadOnlyList<Headline> headlines)
    {
        if (headlines.Count == 0) return;
        page.Append("<dl class=\"headlines\">\n");
        foreach (var h in headlines)
        {
            string note = h.Note.Length > 0 ? $"<dd class=\"note\">{Text(h.Note)}</dd>" : "";
            page.Append($"<div><dt>{Text(h.Label)}</dt>"
                + $"<dd class=\"value\">{Text(h.Value)}</dd>{note}</div>\n");
        }

        page.Append("</dl>\n");
    }

    private static void LearningCurve(StringBuilder page, Curve curve)
    {
        page.Append($"<section>\n<h2>{Text(curve.Title)}</h2>\n");
        var points = Smoothing.Thin(curve.Points, MostPoints);
        if (points.Count < 2)
        {
            page.Append($"<p>{TooFew(curve, points)}</p>\n</section>\n");
            return;
        }

        int perPoint = (curve.Points.Count + MostPoints - 1) / MostPoints;
        int window = (points.Count / 20) | 1;
        var smooth = Smoothing.Mean(points, window);

        // Losses start at 0 and leave out the highest hundredth, shares go from 0 to 100 %.
        double top = Math.Max(
            Smoothing.Quantile(points.Select(p => p.Y), 0.99), smooth.Max(p => p.Y));
        var y = curve.Percent ? new ChartAxis(0, 1, 0.2)
            : ChartAxis.Around(Math.Min(0, points.Min(p => p.Y)), top);
        var chart = new Chart(
            ChartAxis.Around(0, points[^1].X, 8), y, curve.XLabel, curve.YLabel, curve.Percent);
        if (window > 1) chart.Line(points, "raw");
        chart.Line(smooth, "line a");
        page.Append(Figure(chart.Render(curve.Title)));

        string mean = perPoint > 1 ? $"means of {perPoint} neighbouring values" : "every value";
        string caption = window > 1
            ? $"Thin: {mean}. Bold: mean of {window * perPoint} values around each."
            : $"The line joins {mean}.";
        int cut = points.Count(p => p.Y > y.High);
        if (cut > 0) caption += $" {Values(cut)} above the axis cut off.";
        int missing = curve.Points.Count(p => !double.IsFinite(p.Y));
        if (missing > 0) caption += $" {Values(missing)} not finite and left out.";
        page.Append($"\n<p class=\"caption\">{caption}</p>\n</section>\n");
    }

    /// <summary>What is said in place of a curve.</summary>
    private static string TooFew(Curve curve, IReadOnlyList<(double X, double Y)> points)
    {
        if (curve.Points.Count == 0) return "Nothing was measured.";
        if (points.Count == 0) return "No value was finite.";
        var (x, y) = points[0];
        return Text(string.Create(CultureInfo.InvariantCulture,
            $"Only one value, {(curve.Percent ? 100 * y : y):G4}"
            + $"{(curve.Percent ? " %" : "")} at {x:N0} {curve.XLabel}."));
    }

    private static string Values(int count) => count == 1 ? "1 value is" : $"{count} values are";

    private static void InnerSteps(StringBuilder page, ReportData data)
    {
        page.Append("<section>\n<h2>Accuracy by inner step</h2>\n");
        var series = data.Steps.Where(s => s.Points.Count > 0).ToList();
        int last = series.Max(s => s.Points.Max(p => p.Step));
        var chart = new Chart(
            ChartAxis.Whole(0, last), new ChartAxis(0, 1, 0.2), "inner steps taken",
            "accuracy on query images (%)",
            percent: true);
        if (data.Chance is { } chance) chart.Level(chance, "guessing");
        for (int i = 0; i < series.Count; i++)
        {
            string style = Style(i);
            chart.Line(series[i].Points.Select(p => ((double)p.Step, p.Accuracy)), $"line {style}");
            foreach (var p in series[i].Points) chart.Dot(p.Step, p.Accuracy, p.Ci95, style);
        }

        page.Append("<p class=\"legend\">");
        for (int i = 0; i < series.Count; i++)
        {
            page.Append($"<span class=\"key {Style(i)}\"></span>{Text(series[i].Name)} ");
        }

        page.Append("</p>\n").Append(Figure(chart.Render("Accuracy by inner step")));
        page.Append("\n<p class=\"caption\">Bars: 95 % intervals of the mean over tasks.</p>\n");

        page.Append("<table class=\"numbers\">\n<thead><tr><th>inner steps</th>");
        foreach (var s in series) page.Append($"<th>{Text(s.Name)} (%)</th>");
        page.Append("</tr></thead>\n<tbody>\n");
        var steps = series.SelectMany(s => s.Points).Select(p => p.Step).Distinct().Order();
        foreach (int step in steps)
        {
            page.Append($"<tr><td>{step}</td>");
            foreach (var s in series)
            {
                var at = s.Points.Where(p => p.Step == step).ToList();
                page.Append(at.Count == 0 ? "<td>–</td>" : string.Create(
                    CultureInfo.InvariantCulture,
                    $"<td>{100 * at[0].Accuracy:F1} ± {100 * at[0].Ci95:F1}</td>"));
            }

            page.Append("</tr>\n");
        }

        page.Append("</tbody>\n</table>\n</section>\n");
    }

    private static void Settings(
        StringBuilder page, IReadOnlyList<(string Name, string Value)> settings)
    {
        if (settings.Count == 0) return;
        page.Append("<section>\n<h2>Settings</h2>\n<dl class=\"settings\">\n");
        foreach (var (name, value) in settings)
        {
            page.Append($"<div><dt>{Text(name)}</dt><dd>{Text(value)}</dd></div>\n");
        }

        page.Append("</dl>\n</section>\n");
    }

    /// <summary>A chart that keeps its text readable on narrow screens: there it scrolls.</summary>
    private static string Figure(string svg) => $"<div class=\"chart\">{svg}</div>";

    private static string Style(int series) => ((char)('a' + (series % 4))).ToString();
}
