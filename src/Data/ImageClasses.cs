// Images sorted into classes: what few-shot sampling draws from, wherever the images come from.
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Engine.Data;

/// <summary>One class of images.</summary>
/// <param name="Name">What people call it: "LATIN CAPITAL LETTER K".</param>
/// <param name="Group">
/// Classes of one group, such as a script, stay in the same part of a split; may be empty.
/// </param>
/// <param name="Images">Row numbers of its images in the source.</param>
/// <param name="Part">What its publishers keep it for, if they say so.</param>
public sealed record ImageClass(
    string Name, string Group, ImmutableArray<int> Images, SplitPart? Part = null);

/// <summary>
/// Images of one size sorted into classes. Immutable; subsets share the pixels. An image is
/// channels x height x width values, row by row; byte pixels are scaled to 0 .. 1 when read.
/// </summary>
public sealed class ImageClasses : IEpisodeSource
{
    private readonly IStoredValues pixels;

    private ImageClasses(
        string name, int channels, int height, int width, IStoredValues pixels,
        ImmutableArray<ImageClass> classes)
    {
        Name = name;
        Channels = channels;
        Height = height;
        Width = width;
        this.pixels = pixels;
        Classes = classes;
    }

    /// <summary>What error messages and reports call the set.</summary>
    public string Name { get; }

    /// <summary>Number of channels.</summary>
    public int Channels { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>The classes; a class's number is its position here.</summary>
    public ImmutableArray<ImageClass> Classes { get; }

    /// <summary>Values in an image: channels x height x width.</summary>
    public int PixelCount => Channels * Height * Width;

    /// <summary>What the images lie in, which sets with the same images share.</summary>
    internal IStoredValues Stored => pixels;

    /// <summary>Number of images in all classes together.</summary>
    public int ImageCount => Classes.Sum(c => c.Images.Length);

    /// <summary>
    /// Sets of byte images. A byte b becomes b / <paramref name="divisor"/>. Rows are images in
    /// channels x height x width order; classes name their rows.
    /// </summary>
    /// <exception cref="DataException">Classes or pixels that do not fit together.</exception>
    public static ImageClasses FromBytes(
        string name, int channels, int height, int width, byte[] pixels, float divisor,
        IEnumerable<ImageClass> classes) =>
        Create(name, channels, height, width, new ByteValues(pixels, divisor), classes);

    /// <summary>Sets of float images, rows as in <see cref="FromBytes"/>.</summary>
    /// <exception cref="DataException">Classes or pixels that do not fit together.</exception>
    public static ImageClasses FromFloats(
        string name, int channels, int height, int width, float[] pixels,
        IEnumerable<ImageClass> classes) =>
        Create(name, channels, height, width, new FloatValues(pixels), classes);

    /// <summary>The same images with some of the classes, in the order given.</summary>
    public ImageClasses Subset(string name, IEnumerable<int> classes) => new(
        name, Channels, Height, Width, pixels, [.. classes.Select(c => Classes[c])]);

    /// <summary>
    /// The same images with other channels and of another size, each made when it is read: resized
    /// as <see cref="LabelledSet.Resize"/> does; grey has its one channel three times, and of red,
    /// green and blue grey is the luma.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// A size is below 1, or there are other channels than 1 and 3.
    /// </exception>
    public ImageClasses Fit(int channels, int height, int width)
    {
        EpisodeSampler.CheckPositive(nameof(height), height);
        EpisodeSampler.CheckPositive(nameof(width), width);
        if (channels != Channels && (channels, Channels) is not ((1, 3) or (3, 1)))
        {
            throw new ArgumentException(
                $"{Name}: images of {Channels} channels cannot have {channels}; only grey (1) "
                + "becomes red, green and blue (3), and the reverse.");
        }

        if ((channels, height, width) == (Channels, Height, Width)) return this;
        return new(
            Name, channels, height, width,
            new FittedValues(pixels, (Channels, Height, Width), (channels, height, width)),
            Classes);
    }

    /// <summary>
    /// The classes of several sets of images of one shape, set after set, without a copy of the
    /// images.
    /// </summary>
    /// <exception cref="ArgumentException">There are no sets, or their shapes differ.</exception>
    public static ImageClasses Together(string name, IReadOnlyList<ImageClasses> sets)
    {
        ArgumentNullException.ThrowIfNull(sets);
        if (sets.Count == 0) throw new ArgumentException($"{name}: no sets to bring together.");
        ImageClasses first = sets[0];
        if (sets.FirstOrDefault(set => (set.Channels, set.Height, set.Width)
            != (first.Channels, first.Height, first.Width)) is { } other)
        {
            throw new ArgumentException(
                $"{name}: {first} and {other} are of different shapes; Fit makes them alike.");
        }

        var all = new JoinedValues([.. sets.Select(set => set.pixels)], first.PixelCount);
        return new(
            name, first.Channels, first.Height, first.Width, all,
            [
                .. sets.SelectMany((set, i) => set.Classes.Select(c => c with
                {
                    Images = [.. c.Images.Select(row => all.First(i) + row)],
                })),
            ]);
    }

    /// <summary>
    /// Writes one image, channels x height x width, turned by quarter turns to the left.
    /// </summary>
    /// <param name="row">
    /// Row number of the image, as <see cref="ImageClass.Images"/> has it.
    /// </param>
    /// <param name="target">Exactly <see cref="PixelCount"/> values.</param>
    /// <param name="quarterTurns">0 to 3; others than 0 need square images.</param>
    public void CopyImage(int row, Span<float> target, int quarterTurns = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(target.Length, PixelCount);
        if (quarterTurns == 0)
        {
            pixels.Copy(row, target);
            return;
        }

        Span<float> upright =
            PixelCount <= 4096 ? stackalloc float[PixelCount] : new float[PixelCount];
        pixels.Copy(row, upright);
        int plane = Height * Width;
        for (int c = 0; c < Channels; c++)
        {
            Turn(upright.Slice(c * plane, plane), target.Slice(c * plane, plane), quarterTurns);
        }
    }

    int IEpisodeSource.ClassCount => Classes.Length;

    ImmutableArray<int> IEpisodeSource.SampleShape => [Channels, Height, Width];

    string IEpisodeSource.ClassName(int number) => Classes[number].Name;

    ImmutableArray<int> IEpisodeSource.ClassRows(int number) => Classes[number].Images;

    void IEpisodeSource.CopySample(int row, Span<float> target, int quarterTurns) =>
        CopyImage(row, target, quarterTurns);

    /// <summary>Name, classes, images and size in words.</summary>
    public override string ToString() =>
        $"{Name}: {Classes.Length} classes, {ImageCount} images of {Channels} x {Height} x {Width}";

    internal static ImageClasses Create(
        string name, int channels, int height, int width, IStoredValues pixels,
        IEnumerable<ImageClass> classes)
    {
        var all = classes.ToImmutableArray();
        long pixelCount = (long)channels * height * width;
        if (channels < 1 || height < 1 || width < 1 || pixels.Length % pixelCount != 0)
        {
            throw new DataException(
                $"{name}: {pixels.Length} values do not make whole images of {channels} x "
                + $"{height} x {width}.");
        }

        long rows = pixels.Length / pixelCount;
        foreach (var c in all)
        {
            if (c.Images.Any(i => i < 0 || i >= rows))
            {
                throw new DataException(
                    $"{name}: class '{c.Name}' names an image that is not among the {rows} there "
                    + "are.");
            }
        }

        return new ImageClasses(name, channels, height, width, pixels, all);
    }

    /// <summary>Turns a square plane to the left, as NumPy's rot90 does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // fast from the first episode
    private void Turn(ReadOnlySpan<float> from, Span<float> to, int quarterTurns)
    {
        if (Height != Width)
        {
            throw new ArgumentException(
                $"{Name}: images of {Height} x {Width} cannot be turned by quarter turns; they "
                + "must be square.");
        }

        // Where the top left pixel comes from, and how far apart in the source neighbours are.
        int n = Height;
        var (start, down, right) = (quarterTurns & 3) switch
        {
            0 => (0, n, 1),
            1 => (n - 1, -1, n),
            2 => ((n * n) - 1, -n, -1),
            _ => ((n - 1) * n, 1, -n),
        };
        for (int y = 0; y < n; y++)
        {
            int source = start + (y * down);
            foreach (ref float pixel in to.Slice(y * n, n))
            {
                pixel = from[source];
                source += right;
            }
        }
    }
}
