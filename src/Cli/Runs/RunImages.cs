// The images of a run: the embedded glyphs, a set of IDX files, or a folder of image files; and
// which of their classes are for training, validation and test.
using Engine.Data;
using Engine.Images;

namespace Engine.Cli;

internal static class RunImages
{
    /// <summary>The images that the options name, which are square.</summary>
    /// <exception cref="CliException">The options do not fit them.</exception>
    /// <exception cref="DataException">They cannot be read.</exception>
    public static ImageClasses Load(RunOptions options)
    {
        bool files = options.Data is { } data && AreImageFiles(data);
        if (options.ImageSize is not null && !files)
        {
            throw CliException.Use("--image-size: only image files are resized; "
                + (options.Data is null ? "name their folder with --data, or leave it out."
                    : "leave it out."));
        }

        ImageClasses images = options.Data is null
            ? EmbeddedData.Glyphs : Load(options.Data, new() { Size = options.ImageSize });
        if (images.Height == images.Width) return images;
        throw CliException.Use(
            $"--data: images of {images.Name} are {images.Height} x {images.Width}; the networks "
            + "take square ones. " + (files ? "--image-size 84 makes them so."
                : "Write square ones to the IDX file, or give image files and --image-size."));
    }

    /// <summary>
    /// The images of a path: image files are read as asked, IDX files as they are.
    /// </summary>
    /// <inheritdoc cref="Load(RunOptions)"/>
    public static ImageClasses Load(string data, ImageOptions asked)
    {
        if (AreImageFiles(data)) return ImageFolder.Load(data, asked);
        if (!ImageFiles.Exist(data))
        {
            throw new DataException($"{data}: no such folder, and no set of files "
                + $"{Path.GetFileName(data)}-images.idx.gz; check the path of --data.");
        }

        CheckOneDomain(data);
        return ImageFiles.Load(data);
    }

    /// <summary>The classes of a run to train, validate and test on.</summary>
    /// <exception cref="CliException">There are too few.</exception>
    public static ClassSplit Split(ImageClasses images, RunOptions options)
    {
        if (options.TrainClasses is { } train)
        {
            return CliException.CheckUse(() => ClassSplit.Shuffled(
                images, train, options.Seed, options.ValidationClasses ?? 0));
        }

        if (options.ValidationClasses is not null)
            throw CliException.Use("--validation-classes: needs --train-classes; give both.");
        return options.Data is null ? ClassSplit.ByScript()
            : ClassSplit.Published(images) ?? ClassSplit.AtRandom(images, options.Seed);
    }

    public static ImageSize SizeOf(ImageClasses images) => new()
    {
        Channels = images.Channels,
        Height = images.Height,
        Width = images.Width,
    };

    /// <summary>Whether a path is a folder, and not one of IDX files.</summary>
    private static bool AreImageFiles(string data) =>
        Directory.Exists(data) && !ImageFiles.Exist(data);

    /// <summary>
    /// Refuses sets whose images come from several domains: tasks would mix, say, photographs and
    /// sketches of a class, and the figures would not show it.
    /// </summary>
    private static void CheckOneDomain(string data)
    {
        const string domains = "-domains.idx";
        bool folder = Directory.Exists(data);
        string place = folder ? data : Path.GetDirectoryName(Path.GetFullPath(data))!;
        string[] sets = Files(place, "*-images*idx*");
        string? file =
            Files(place, (folder ? "*" : Path.GetFileName(data)) + domains + "*").FirstOrDefault();
        if (file is null || (folder && sets.Length > 1)) return;
        throw CliException.Use(
            $"--data: {Path.GetFileName(file)} says that these images come from several domains; "
            + "tasks are made of the classes of one. Write the images and labels of one domain to "
            + "NAME-images.idx.gz and NAME-labels.idx.gz in a folder of their own, and name that.");
    }

    /// <summary>Files of a folder, in the order of their names.</summary>
    private static string[] Files(string folder, string pattern)
    {
        try
        {
            return
            [
                .. Directory.EnumerateFiles(folder, pattern).Order(StringComparer.Ordinal),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException(
                $"{folder}: cannot be read: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }
}
