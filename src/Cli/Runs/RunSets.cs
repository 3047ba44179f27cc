// The sets that the tasks of a run are drawn from: one, or a mix of several. Each set is divided
// into classes for training, validation and test by its own split.
using System.Collections.Immutable;
using Engine.Data;

namespace Engine.Cli;

/// <summary>The sets of a run, brought to one shape.</summary>
/// <param name="Names">What figures call them.</param>
/// <param name="Each">The parts of each.</param>
/// <param name="Images">All of them as one set.</param>
/// <param name="Split">The parts of all, set after set.</param>
internal sealed record RunSets(
    ImmutableArray<string> Names, ImmutableArray<ClassSplit> Each, ImageClasses Images,
    ClassSplit Split)
{
    private const string Mix = "mix:";
    private const string Glyphs = "glyphs";
    private const double TestShare = 0.2, ValidationShare = 0.1;

    private static readonly Dictionary<string, Func<ImageClasses>> Embedded = new()
    {
        [Glyphs] = () => EmbeddedData.Glyphs,
        ["fontdigits"] = () => EmbeddedData.FontDigits,
        ["mnist"] = () => EmbeddedData.Mnist,
        ["ucidigits"] = () => EmbeddedData.UciDigits,
    };

    /// <summary>Whether the data are a mix.</summary>
    public static bool IsMix(string? data) =>
        data?.StartsWith(Mix, StringComparison.Ordinal) == true;

    /// <summary>The same data, named by absolute paths.</summary>
    public static string FullPath(string data) => !IsMix(data) ? Path.GetFullPath(data)
        : Mix + string.Join(',', Words(data).Select(
            word => word.Length == 0 || Embedded.ContainsKey(word)
                ? word : Path.GetFullPath(word)));

    /// <summary>The sets that the options name.</summary>
    /// <param name="options">They say what, and how many ways a task has.</param>
    /// <param name="takes">The shape that a model takes; chosen by the options if null.</param>
    /// <exception cref="CliException">The options do not fit them.</exception>
    /// <exception cref="DataException">They cannot be read.</exception>
    public static RunSets Load(RunOptions options, ImageSize? takes = null) =>
        IsMix(options.Data) ? Mixed(options, takes) : Of(RunImages.Load(options), options);

    /// <summary>One set, which is read already.</summary>
    /// <exception cref="CliException">The options do not fit it.</exception>
    public static RunSets Of(ImageClasses images, RunOptions options)
    {
        ClassSplit split = RunImages.Split(images, options);
        return new([images.Name], [split], images, split);
    }

    private static RunSets Mixed(RunOptions options, ImageSize? takes)
    {
        if ((options.TrainClasses ?? options.ValidationClasses) is not null)
            throw CliException.Use("--train-classes: each set of a mix is divided by its own "
                + "split; leave it and --validation-classes out.");
        string[] words = Words(options.Data!);
        if (words.Length < 2 || words.Contains(""))
            throw CliException.Use($"--data: '{options.Data}' is no mix; name two sets or more, "
                + "such as mix:glyphs,ucidigits.");
        if (words.GroupBy(word => word).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw CliException.Use(
                $"--data: {twice.Key} is in the mix twice; name each set once.");

        ImageClasses[] all =
        [
            .. words.Select(word => Embedded.TryGetValue(word, out var embedded) ? embedded()
                : RunImages.Load(word, new() { Size = options.ImageSize ?? takes?.Height })),
        ];
        int channels = takes?.Channels ?? all[0].Channels;
        int size = takes?.Height ?? options.ImageSize ?? all[0].Height;
        if (takes is null && options.ImageSize is null && all[0].Height != all[0].Width)
            throw CliException.Use($"--data: images of {all[0].Name} are {all[0].Height} x "
                + $"{all[0].Width}; the networks take square ones. --image-size 84 makes all "
                + "images of the mix so.");
        return CliException.CheckUse(() =>
        {
            ImageClasses[] alike = [.. all.Select(set => set.Fit(channels, size, size))];
            ClassSplit[] splits =
                [.. alike.Zip(words, (set, word) => Divide(set, word == Glyphs, options))];
            ImageClasses Together(string part, Func<ClassSplit, ImageClasses> of) =>
                ImageClasses.Together($"the mix, {part}", [.. splits.Select(of)]);
            return new RunSets(
                [.. all.Select(set => set.Name)], [.. splits],
                ImageClasses.Together(
                    "mix of " + string.Join(", ", all.Select(set => set.Name)), alike),
                new(Together("training", s => s.Train), Together("validation", s => s.Validation),
                    Together("test", s => s.Test)));
        });
    }

    /// <summary>
    /// The set's own split. One without has a fifth of its classes for testing, but as many as a
    /// task has, and a tenth to validate on if enough are left to train on.
    /// </summary>
    private static ClassSplit Divide(ImageClasses set, bool glyphs, RunOptions options)
    {
        if (glyphs)
            return ClassSplit.ByGroup(set, ClassSplit.ValidationScripts, ClassSplit.TestScripts);
        if (ClassSplit.Published(set) is { } published) return published;
        double count = set.Classes.Length, train = options.TrainWays?.Most ?? options.Ways;
        double test = Math.Min(1, Math.Max(TestShare, options.Ways / count));
        bool spare = Math.Ceiling(test * count) + Math.Ceiling(ValidationShare * count) + train
            <= count;
        return ClassSplit.AtRandom(set, options.Seed, spare ? ValidationShare : 0, test);
    }

    private static string[] Words(string data) => data[Mix.Length..].Split(',');
}
