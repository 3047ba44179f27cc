// The data that come with the library, as resources; sources and licences are in NOTICE.
using System.Collections.Immutable;
using System.Globalization;

namespace Engine.Data;

/// <summary>A character of the embedded glyphs.</summary>
/// <param name="CodePoint">Unicode code point.</param>
/// <param name="Script">First word of the Unicode name: "LATIN".</param>
/// <param name="Name">Unicode name: "LATIN CAPITAL LETTER K".</param>
public sealed record GlyphName(int CodePoint, string Script, string Name);

/// <summary>Images and series that need no files: read once, on first use.</summary>
public static class EmbeddedData
{
    private static readonly Lazy<ImmutableArray<GlyphName>> NamesOnce = new(ReadGlyphNames);
    private static readonly Lazy<ImageClasses> GlyphsOnce = new(ReadGlyphs);

    private static readonly Lazy<ImageClasses> FontDigitsOnce = new(() => ImageFiles.FromIdx(
        "font digits", Idx("fontdigits-1bit").UnpackBits(28, 28), Idx("fontdigits-labels")));

    private static readonly Lazy<ImageClasses> MnistOnce = new(() => ImageFiles.FromIdx(
        "MNIST (2,000)", Idx("mnist2000-images"), Idx("mnist2000-labels")));

    // A pixel is the number of dark pixels in a block of 4 x 4: 0 to 16.
    private static readonly Lazy<ImageClasses> UciDigitsOnce = new(() => ImageFiles.FromIdx(
        "UCI digits", Idx("ucidigits8-images"), Idx("ucidigits8-labels"), divisor: 16));

    private static readonly Lazy<SeriesSet> UsJobsOnce = new(() =>
        Monthly("us-employment").With(Monthly("us-unemployment")) with { Name = "US jobs" });

    /// <summary>
    /// 500 characters of some 30 scripts, each in 20 typefaces, randomly warped; 28 x 28, ink = 1.
    /// A class's group is its script.
    /// </summary>
    public static ImageClasses Glyphs => GlyphsOnce.Value;

    /// <summary>What the classes of <see cref="Glyphs"/> are, in the same order.</summary>
    public static ImmutableArray<GlyphName> GlyphNames => NamesOnce.Value;

    /// <summary>
    /// 10 digits, 240 images each, rendered from typefaces like the glyphs; 28 x 28.
    /// </summary>
    public static ImageClasses FontDigits => FontDigitsOnce.Value;

    /// <summary>2,000 handwritten MNIST digits, 200 of each; 28 x 28, values 0 to 1.</summary>
    public static ImageClasses Mnist => MnistOnce.Value;

    /// <summary>1,797 handwritten UCI digits; 8 x 8, values 0 to 1.</summary>
    public static ImageClasses UciDigits => UciDigitsOnce.Value;

    /// <summary>
    /// Monthly series in thousands of persons: employment in 15 sectors of the United States, 2006
    /// to 2015, seasonally adjusted (family "us-employment"), and unemployment in 14 industries,
    /// 2000 to February 2010, not adjusted ("us-unemployment"). No series is the sum of others, so
    /// that a part in test has no sum in training.
    /// </summary>
    public static SeriesSet UsJobs => UsJobsOnce.Value;

    private static SeriesSet Monthly(string name)
    {
        using var stream = Open(name + ".csv.gz");
        return TextFiles.Read(stream, name, text => SeriesFiles.SeriesInColumns(
            text, name, new() { Time = "month", CommonUnit = "thousands of persons" }));
    }

    private static ImageClasses ReadGlyphs()
    {
        var images = Idx("glyphs500-1bit").UnpackBits(28, 28);
        int perClass = images.Sizes[0] / GlyphNames.Length; // ordered by class
        return ImageClasses.FromBytes(
            "glyphs", 1, 28, 28, images.Bytes.ToArray(), 1,
            GlyphNames.Select((g, i) => new ImageClass(
                g.Name, g.Script, [.. Enumerable.Range(i * perClass, perClass)])));
    }

    private static ImmutableArray<GlyphName> ReadGlyphNames()
    {
        using var reader = new StreamReader(Open("glyphs500-names.txt"));
        var names = ImmutableArray.CreateBuilder<GlyphName>();
        while (reader.ReadLine() is { } line)
        {
            string[] parts = line.Split('\t'); // U+0041, LATIN, LATIN CAPITAL LETTER A
            int code =
                int.Parse(parts[0].AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            names.Add(new GlyphName(code, parts[1], parts[2]));
        }

        return names.ToImmutable();
    }

    private static IdxFile Idx(string name)
    {
        using var stream = Open(name + ".idx.gz");
        return IdxFile.Read(stream, name);
    }

    private static Stream Open(string file) =>
        typeof(EmbeddedData).Assembly.GetManifestResourceStream("Engine.Data.Resources." + file)
        ?? throw new DataException(
            $"{file}: not embedded; rebuild src/Data with its Resources folder.");
}
