// A line chart as SVG. Colours come from the page's style sheet, so that charts follow its theme.
using System.Globalization;
using System.Net;
using System.Text;

namespace Engine.Cli;

/// <summary>Axes with round ticks and things drawn between them.</summary>
internal sealed class Chart
{
    private const double Width = 720;
    private const double Left = 64;
    private const double Right = 30;
    private const double Top = 14;
    private const double Bottom = 48;

    private readonly StringBuilder body = new();
    private readonly ChartAxis xAxis;
    private readonly ChartAxis yAxis;
    private readonly string xLabel;
    private readonly string yLabel;
    private readonly bool percent;
    private readonly double height;

    public Chart(
        ChartAxis x, ChartAxis y, string xLabel, string yLabel, bool percent, double height = 300)
    {
        (xAxis, yAxis, this.height) = (x, y, height);
        (this.xLabel, this.yLabel, this.percent) = (xLabel, yLabel, percent);
    }

    public double X(double value) => Left + ((Width - Left - Right) * xAxis.Part(value));

    public double Y(double value) =>
        height - Bottom - ((height - Top - Bottom) * yAxis.Part(value));

    /// <summary>A line through points; values outside the axes are cut off at their ends.</summary>
    public void Line(IEnumerable<(double X, double Y)> points, string style)
    {
        string path = string.Join(' ', points.Select(p => $"{N(X(p.X))},{N(Y(yAxis.Clamp(p.Y)))}"));
        body.AppendLine($"<polyline class=\"{style}\" points=\"{path}\"/>");
    }

    /// <summary>A dot with the bar of its interval.</summary>
    public void Dot(double x, double y, double half, string style)
    {
        string cx = N(X(x)), low = N(Y(yAxis.Clamp(y - half))), high = N(Y(yAxis.Clamp(y + half)));
        if (half > 0)
        {
            body.AppendLine($"<line class=\"bar {style}\" x1=\"{cx}\" x2=\"{cx}\" y1=\"{low}\" "
                + $"y2=\"{high}\"/>");
        }

        body.AppendLine(
            $"<circle class=\"dot {style}\" cx=\"{cx}\" cy=\"{N(Y(yAxis.Clamp(y)))}\" r=\"3.5\"/>");
    }

    /// <summary>A small dot or cross in a colour of the wheel.</summary>
    public void Mark(double x, double y, int hue, bool cross)
    {
        string cx = N(X(x)), cy = N(Y(y)), style = $"style=\"--hue:{hue}\"";
        body.AppendLine(cross
            ? $"<path class=\"cross\" {style} transform=\"translate({cx} {cy})\" "
                + "d=\"M-2.8-2.8L2.8 2.8M-2.8 2.8L2.8-2.8\"/>"
            : $"<circle class=\"mark\" {style} cx=\"{cx}\" cy=\"{cy}\" r=\"2.8\"/>");
    }

    /// <summary>A dashed level with a name.</summary>
    public void Level(double y, string name)
    {
        string at = N(Y(y));
        body.AppendLine($"<line class=\"level\" x1=\"{N(Left)}\" x2=\"{N(Width - Right)}\" "
            + $"y1=\"{at}\" y2=\"{at}\"/>");
        body.AppendLine(
            $"<text class=\"small\" x=\"{N(Width - Right - 4)}\" y=\"{N(Y(y) - 5)}\" "
            + $"text-anchor=\"end\">{WebUtility.HtmlEncode(name)}</text>");
    }

    public string Render(string title)
    {
        var svg = new StringBuilder();
        svg.AppendLine(
            $"<svg viewBox=\"0 0 {N(Width)} {N(height)}\" role=\"img\" "
            + $"aria-label=\"{WebUtility.HtmlEncode(title)}\">");
        foreach (double tick in yAxis.Ticks)
        {
            string at = N(Y(tick));
            svg.AppendLine($"<line class=\"grid\" x1=\"{N(Left)}\" x2=\"{N(Width - Right)}\" "
                + $"y1=\"{at}\" y2=\"{at}\"/>");
            svg.AppendLine($"<text x=\"{N(Left - 8)}\" y=\"{N(Y(tick) + 4)}\" "
                + $"text-anchor=\"end\">{Tick(tick, yAxis, percent)}</text>");
        }

        foreach (double tick in xAxis.Ticks)
        {
            svg.AppendLine(
                $"<line class=\"axis\" x1=\"{N(X(tick))}\" x2=\"{N(X(tick))}\" "
                + $"y1=\"{N(height - Bottom)}\" y2=\"{N(height - Bottom + 4)}\"/>");
            svg.AppendLine(
                $"<text x=\"{N(X(tick))}\" y=\"{N(height - Bottom + 19)}\" "
                + $"text-anchor=\"middle\">{Tick(tick, xAxis, false)}</text>");
        }

        string bottom = N(height - Bottom);
        svg.AppendLine($"<line class=\"axis\" x1=\"{N(Left)}\" x2=\"{N(Width - Right)}\" "
            + $"y1=\"{bottom}\" y2=\"{bottom}\"/>");
        svg.AppendLine(
            $"<text x=\"{N((Left + Width - Right) / 2)}\" y=\"{N(height - 8)}\" "
            + $"text-anchor=\"middle\">{WebUtility.HtmlEncode(xLabel)}</text>");
        double middle = (Top + height - Bottom) / 2;
        svg.AppendLine(
            $"<text transform=\"translate(14 {N(middle)}) rotate(-90)\" "
            + $"text-anchor=\"middle\">{WebUtility.HtmlEncode(yLabel)}</text>");
        return svg.Append(body).Append("</svg>").ToString();
    }

    private static string Tick(double value, ChartAxis axis, bool percent)
    {
        if (percent) return (100 * value).ToString("0.##", CultureInfo.InvariantCulture);
        if (axis.Log) return Math.Pow(10, value).ToString("0.##e+0", CultureInfo.InvariantCulture);
        int decimals = Math.Max(0, (int)Math.Ceiling(-Math.Log10(axis.Step) - 1e-9));
        return value.ToString("N" + Math.Min(decimals, 9), CultureInfo.InvariantCulture);
    }

    private static string N(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}

/// <summary>A linear axis from a round number to a round number.</summary>
internal sealed record ChartAxis(double Low, double High, double Step)
{
    /// <summary>Whether the numbers are decimal logarithms of what ticks say.</summary>
    public bool Log { get; init; }

    public IEnumerable<double> Ticks =>
        Enumerable.Range(0, (int)Math.Round((High - Low) / Step) + 1).Select(i => Low + (i * Step));

    /// <summary>
    /// The smallest axis with round ends that holds both numbers, with about that many steps.
    /// </summary>
    public static ChartAxis Around(double low, double high, int steps = 5)
    {
        if (!(high > low)) (low, high) = (low - 0.5, low + 0.5);
        double raw = (high - low) / steps;
        double power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        double step = power * (raw / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
        return new ChartAxis(Math.Floor(low / step) * step, Math.Ceiling(high / step) * step, step);
    }

    /// <summary>Whole numbers from low to high.</summary>
    public static ChartAxis Whole(int low, int high)
    {
        var axis = Around(low, Math.Max(high, low + 1), 10);
        return axis.Step >= 1 ? axis : new ChartAxis(low, Math.Max(high, low + 1), 1);
    }

    public double Part(double value) => (value - Low) / (High - Low);

    public double Clamp(double value) => Math.Clamp(value, Low, High);
}
