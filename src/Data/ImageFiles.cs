// Reads image sets from a folder: an IDX file of images, one of labels, and names if there are any.
using System.Collections.Immutable;

namespace Engine.Data;

/// <summary>Reads sets of labelled images from files.</summary>
public static class ImageFiles
{
    /// <summary>Ending of the images' file, ending of the labels' file.</summary>
    private static readonly (string Images, string Labels)[] Endings =
    [
        ("-images.idx.gz", "-labels.idx.gz"),
        ("-images.idx", "-labels.idx"),
        ("-images-idx3-ubyte.gz", "-labels-idx1-ubyte.gz"),
        ("-images-idx3-ubyte", "-labels-idx1-ubyte"),
        ("-images.idx3-ubyte", "-labels.idx1-ubyte"),
    ];

    /// <summary>
    /// Reads a set from a folder that holds one, or by the path its files begin with: for
    /// <c>data/omniglot</c> that is <c>data/omniglot-images.idx.gz</c>,
    /// <c>data/omniglot-labels.idx.gz</c> and, if there, <c>data/omniglot-names.txt</c>. Also
    /// uncompressed, and with the names MNIST's files have.
    /// </summary>
    /// <exception cref="DataException">
    /// There is no set or more than one, or its files do not fit together.
    /// </exception>
    public static ImageClasses Load(string path)
    {
        var (name, images, labels, names) = FindOne(path);
        return FromIdx(
            name, IdxFile.Read(images), IdxFile.Read(labels),
            SetNames.Read(names).Classes);
    }

    /// <summary>
    /// Whether a folder holds a set, or files of one begin with the path: what
    /// <see cref="Load"/> looks for.
    /// </summary>
    /// <exception cref="DataException">The folder cannot be read.</exception>
    public static bool Exist(string path) => Find(path).Count > 0;

    /// <summary>
    /// Sorts images (n, height, width), (n, channels, height, width) or (n, height, width,
    /// channels) into classes by labels (n); the axis of 1 to 4 entries is that of the channels.
    /// Line i of the names is the name of label i, as <see cref="ClassNames"/> reads it.
    /// </summary>
    /// <param name="name">What to call the set.</param>
    /// <param name="images">Images; bytes are scaled to 0 .. 1.</param>
    /// <param name="labels">One whole number for each image.</param>
    /// <param name="names">Names of labels, if known.</param>
    /// <param name="divisor">What a byte is divided by: 255, or 1 if no byte is above 1.</param>
    /// <exception cref="DataException">Files that do not fit together.</exception>
    public static ImageClasses FromIdx(
        string name, IdxFile images, IdxFile labels, IReadOnlyList<string>? names = null,
        float? divisor = null)
    {
        var (shape, values) = IdxExamples.Images(images, divisor);
        IdxExamples.CheckOneEach(labels, images, "labels");
        return ImageClasses.Create(
            name, shape[0], shape[1], shape[2], values, Classes(labels, names));
    }

    /// <summary>
    /// The only set in a folder, or the one whose files begin with the path: its name, and the
    /// paths that its images and labels have and that its names would have.
    /// </summary>
    /// <exception cref="DataException">There is no set or more than one.</exception>
    internal static (string Name, string Images, string Labels, string Names) FindOne(string path)
    {
        var found = Find(path);
        if (found.Count == 0)
        {
            throw new DataException(
                $"{path}: no image set there; it should hold NAME-images.idx.gz and "
                + "NAME-labels.idx.gz.");
        }

        var prefixes = found.Select(f => f.Prefix).Distinct().ToList();
        if (prefixes.Count > 1)
        {
            throw new DataException(
                $"{path}: holds {prefixes.Count} image sets ("
                + $"{string.Join(", ", prefixes.Select(Path.GetFileName))}); name one: "
                + $"{prefixes[0]}");
        }

        var (prefix, images, labels) = found[0];
        return (Path.GetFileName(prefix), images, labels, prefix + "-names.txt");
    }

    private static IEnumerable<ImageClass> Classes(IdxFile labels, IReadOnlyList<string>? names)
    {
        var rows = new SortedDictionary<int, ImmutableArray<int>.Builder>();
        int row = 0;
        foreach (int label in labels.ToInts())
        {
            if (label < 0 || label >= (names?.Count ?? int.MaxValue))
            {
                throw new DataException(
                    $"{labels.Name}: label {label} of image {row} has no name; labels are 0 to "
                    + $"{(names?.Count ?? int.MaxValue) - 1}.");
            }

            if (!rows.TryGetValue(label, out var list))
            {
                rows[label] = list = ImmutableArray.CreateBuilder<int>();
            }

            list.Add(row++);
        }

        ImmutableArray<(string Name, string Group, SplitPart? Part)>? read =
            names is null ? null : ClassNames.Read(names);
        foreach (var (label, list) in rows)
        {
            var (name, group, part) = read?[label] ?? (label.ToString(), "", null);
            yield return new ImageClass(name, group, list.ToImmutable(), part);
        }
    }

    /// <summary>The sets in a folder, or those whose files begin with the path.</summary>
    private static List<(string Prefix, string Images, string Labels)> Find(string path)
    {
        if (!Directory.Exists(path))
            return Sets(Endings.Select(e => path + e.Images).Where(File.Exists));
        try
        {
            return Sets(Directory.EnumerateFiles(path).Order(StringComparer.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read: {DataFiles.OneLine(e)}", e);
        }
    }

    private static List<(string Prefix, string Images, string Labels)> Sets(
        IEnumerable<string> files) =>
    [
        .. from file in files
           from e in Endings
           where file.EndsWith(e.Images, StringComparison.Ordinal)
           let prefix = file[..^e.Images.Length]
           select (prefix, file, prefix + e.Labels),
    ];
}
