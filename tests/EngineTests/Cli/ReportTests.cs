// The HTML report: self-contained, escaped, with pictures that decode and axes that tell the truth.
using System.IO.Compression;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Engine.Cli;

namespace Engine.Tests.Cli;

public class ReportTests
{
    [Fact]
    public void ThePageNeedsNothingElse()
    {
        string page = HtmlReport.Render(SampleReport.Make());
        Assert.DoesNotContain("http", page);
        Assert.DoesNotContain("<script", page);
        Assert.DoesNotContain("url(", page);
        Assert.DoesNotContain("{", page[page.IndexOf("<body>", StringComparison.Ordinal)..]);
        Assert.All(
            Regex.Matches(page, "src=\"([^\"]*)\""),
            m => Assert.StartsWith("data:image/png;base64,", m.Groups[1].Value));
        Assert.Contains("&lt;600&gt; test tasks &amp; sample", page);
        if (Environment.GetEnvironmentVariable("ENGINE_SAMPLE_REPORT") is { } path)
        {
            File.WriteAllText(path, page);
        }
    }

    [Fact]
    public void ThePageIsWellFormed()
    {
        string page = HtmlReport.Render(SampleReport.Make());
        string body =
            page[page.IndexOf("<body>", StringComparison.Ordinal)..].Replace("</html>", "");
        var xml = XDocument.Parse(body);
        Assert.Equal(30, xml.Descendants("img").Count());
        Assert.Equal(2, xml.Descendants("svg").Count());
        Assert.Contains("22 of 25 query images are recognised", page);
        Assert.Equal(3, Regex.Count(page, "class=\"wrong\""));
    }

    [Fact]
    public void AnEmptyReportRenders()
    {
        string page = HtmlReport.Render(new ReportData
        {
            Title = "t",
            Subtitle = "s",
            Curves = [new("Loss", "x", "y", []),
                new("Bad", "x", "y", [(0, double.NaN), (1, double.NaN)])],
        });
        Assert.Contains("Nothing was measured.", page);
        Assert.Contains("No value was finite.", page);
    }

    [Fact]
    public void CaptionsOfTinyRunsSayWhatIsThere()
    {
        string page = HtmlReport.Render(new ReportData
        {
            Title = "t",
            Subtitle = "s",
            Curves = [new("Accuracy", "tasks seen", "y", [(1600, 0.4125)], Percent: true),
                new("Loss", "x", "y", [(1, 2), (2, 1), (3, 1)])],
        });
        Assert.Contains("Only one value, 41.25 % at 1,600 tasks seen.", page);
        Assert.Contains("The line joins every value.", page);
        Assert.DoesNotContain("Bold", page);
        Assert.DoesNotContain("1 values", page);
    }

    [Fact]
    public void CurvesWithOutliersSayWhatIsLeftOut()
    {
        var points = Enumerable.Range(0, 200).Select(
            i => ((double)i, i == 7 ? 1e6 : i == 9 ? double.NaN : 1.0));
        string page = HtmlReport.Render(new ReportData
        {
            Title = "t",
            Subtitle = "s",
            Curves = [new("Loss", "x", "y", [.. points])],
        });
        Assert.Contains("1 value is not finite and left out.", page);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void PicturesDecodeToTheirPixels(int channels)
    {
        var pixels = Enumerable.Range(0, channels * 6).Select(i => i / 20f).ToArray();
        byte[] png = Convert.FromBase64String(Png.DataUri(pixels, channels, 2, 3).Split(',')[1]);
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], png[..8]);
        Assert.Equal([0xAE, 0x42, 0x60, 0x82], png[^4..]); // the known checksum of IEND

        int length = (png[33] << 24) | (png[34] << 16) | (png[35] << 8) | png[36];
        using var zlib =
            new ZLibStream(new MemoryStream(png, 41, length), CompressionMode.Decompress);
        var raw = new byte[2 * (1 + (3 * channels))];
        zlib.ReadExactly(raw);
        for (int y = 0; y < 2; y++)
        {
            for (int x = 0; x < 3; x++)
            {
                for (int c = 0; c < channels; c++)
                {
                    float value = pixels[(((c * 2) + y) * 3) + x];
                    if (channels == 1) value = 1 - value;
                    Assert.Equal((byte)MathF.Round(255 * value),
                        raw[(y * (1 + (3 * channels))) + 1 + (x * channels) + c]);
                }
            }
        }
    }

    [Theory]
    [InlineData(0, 1.73, 0, 2, 0.5)]
    [InlineData(0, 48_000, 0, 50_000, 10_000)]
    [InlineData(-0.013, 0.02, -0.02, 0.02, 0.01)]
    [InlineData(3, 3, 2.4, 3.6, 0.2)]
    public void AxesAreRound(
        double low, double high, double expectedLow, double expectedHigh, double step)
    {
        var axis = ChartAxis.Around(low, high);
        Assert.Equal(expectedLow, axis.Low, 1e-9);
        Assert.Equal(expectedHigh, axis.High, 1e-9);
        Assert.Equal(step, axis.Step, 1e-9);
        Assert.Equal(axis.High, axis.Ticks.Last(), 1e-9);
    }

    [Fact]
    public void SmoothingKeepsLinesAndDoesNotLag()
    {
        var line = Enumerable.Range(0, 50).Select(i => ((double)i, (double)i)).ToList();
        Assert.All(Smoothing.Mean(line, 10), p => Assert.Equal(p.X, p.Y, 1e-12));
        var thin =
            Smoothing.Thin([.. Enumerable.Range(0, 1000).Select(i => ((double)i, (double)i))], 100);
        Assert.Equal(100, thin.Count);
        Assert.Equal(4.5, thin[0].Y);
    }
}
