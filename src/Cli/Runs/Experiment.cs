// What training and testing have in common: images, split, tasks, network and meta-learner, all
// made from the options.
using Engine.Data;
using Engine.Images;
using Engine.Meta;

namespace Engine.Cli;

internal sealed class Experiment
{
    // Training, validation and test draw from different streams: 4 s, 4 s + 1, ... for seed s. So
    // do tasks of the test's form on training classes.
    private const int TrainStream = 0;
    private const int ValidationStream = 1;
    private const int TestStream = 2;
    private const int KnownStream = 3;

    /// <summary>The seed of the test tasks of a run of that seed.</summary>
    public static long TestSeed(long seed) => unchecked((4 * seed) + TestStream);

    private readonly long seed;
    private readonly EpisodeSampler train;
    private readonly EpisodeSampler known;
    private readonly EpisodeSampler? validation;

    private Experiment(
        ImageClasses images, ClassSplit split, RunOptions options, MethodChoice method,
        NetworkChoice network)
    {
        seed = options.Seed;
        (Images, Parts) = (images, split);
        Config = new(options, method, network, SizeOf(images));
        EpisodeSampler Sampler(ImageClasses source, bool rotations) => CliException.CheckUse(() =>
            new EpisodeSampler(source, options.Ways, options.Shots, options.Queries, rotations));
        train = CliException.CheckUse(() => new EpisodeSampler(
            split.Train, options.TrainWays ?? options.Ways, options.TrainShots ?? options.Shots,
            options.Queries, options.Rotations));
        known = Sampler(split.Train, rotations: false);
        Test = Sampler(split.Test, rotations: false);

        // Small sets have too few classes to validate on; then the report has no validation curve.
        if (split.Validation.Classes.Length >= options.Ways)
            validation = Sampler(split.Validation, rotations: false);
        try
        {
            Untrained = network.Create(method.Learning, options, Config.Images);
        }
        catch (EngineException e)
        {
            throw CliException.Use($"--data: {e.Message}", e);
        }
    }

    /// <summary>What config.json says of this run.</summary>
    public RunConfig Config { get; }

    public RunOptions Options => Config.Options;

    public ImageClasses Images { get; }

    public ClassSplit Parts { get; }

    public EpisodeSampler Test { get; }

    public Learner Untrained { get; }

    /// <summary>Whether there are classes enough to validate on.</summary>
    public bool CanValidate => validation is not null;

    public static Experiment Create(
        RunOptions options, MethodChoice method, NetworkChoice network)
    {
        ImageClasses images = Load(options.Data, options.ImageSize);
        CheckSquare(images);
        return new Experiment(images, Split(images, options), options, method, network);
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

    /// <summary>
    /// The embedded glyphs, sets of IDX files, or a folder of image files in a published layout.
    /// </summary>
    public static ImageClasses Load(string? data, int? side = null)
    {
        if (data is null) return EmbeddedData.Glyphs;
        if (Directory.Exists(data) && Directory.EnumerateDirectories(data).Any()
            && !Directory.EnumerateFiles(data, "*idx*").Any())
            return ImageFolder.Load(data, new ImageOptions { Size = side });
        if (side is not null)
            throw CliException.Use("--image-size: only image files are resized; leave it out.");
        CheckOneDomain(data);
        return ImageFiles.Load(data);
    }

    public static ImageSize SizeOf(ImageClasses images) => new()
    {
        Channels = images.Channels,
        Height = images.Height,
        Width = images.Width,
    };

    public static string Name(BatchNormMode mode) => mode switch
    {
        BatchNormMode.Transductive => "transductive",
        BatchNormMode.Inductive => "inductive",
        BatchNormMode.PerStep => "per-step",
        _ => "none",
    };

    /// <summary>Where training stands before the first step, after pre-training if any.</summary>
    public LearnerTraining Start() => Untrained.Prepare(Parts.Train).Train(DrawTraining);

    /// <summary>Where training stood that wrote a checkpoint.</summary>
    public LearnerTraining Load(string checkpoint) => Untrained.Train(DrawTraining).Load(checkpoint);

    public Episode DrawTraining(long first, int count) => Draw(train, TrainStream, first, count);

    public EpisodeArrays SampleTest(long first, int count) =>
        Test.Sample(TestSeed(seed), first, count);

    /// <summary>Accuracy on unseen test classes after each number of inner steps.</summary>
    public Evaluation Measure(
        Learner learner, IReadOnlyList<int> steps, int tasks, CancellationToken stop) =>
        learner.Evaluate(
            (first, count) => Draw(Test, TestStream, first, count), tasks, steps, stop);

    /// <summary>
    /// Accuracy on training classes after the test's number of inner steps, in tasks of the test's
    /// form.
    /// </summary>
    public Evaluation MeasureKnown(Learner learner, int tasks, CancellationToken stop) =>
        learner.Evaluate(
            (first, count) => Draw(known, KnownStream, first, count), tasks,
            [Untrained.TestSteps], stop);

    /// <summary>Accuracy on validation classes after the test's number of inner steps.</summary>
    public double Validate(Learner learner, int tasks) => learner.Evaluate(
        (first, count) => Draw(validation!, ValidationStream, first, count), tasks,
        [learner.TestSteps], CancellationToken.None).Final;

    /// <summary>
    /// Refuses sets whose images come from several domains: tasks would mix, say, photographs and
    /// sketches of a class, and the figures would not show it.
    /// </summary>
    private static void CheckOneDomain(string data)
    {
        const string domains = "-domains.idx";
        bool folder = Directory.Exists(data);
        string place = folder ? data : Path.GetDirectoryName(Path.GetFullPath(data))!;
        if (!Directory.Exists(place)) return;
        string[] sets = [.. Directory.EnumerateFiles(place, "*-images*idx*")];
        string? file = Directory.EnumerateFiles(place, (folder ? "*" : Path.GetFileName(data))
            + domains + "*").Order(StringComparer.Ordinal).FirstOrDefault();
        if (file is null || (folder && sets.Length > 1)) return;
        throw CliException.Use(
            $"--data: {Path.GetFileName(file)} says that these images come from several domains; "
            + "tasks are made of the classes of one. Write the images and labels of one domain to "
            + "NAME-images.idx.gz and NAME-labels.idx.gz in a folder of their own, and name that.");
    }

    private static void CheckSquare(ImageClasses images)
    {
        if (images.Height != images.Width)
        {
            throw CliException.Use(
                $"--data: images of {images.Name} are {images.Height} x {images.Width}; the "
                + "networks take square ones.");
        }
    }

    private Episode Draw(EpisodeSampler sampler, int stream, long first, int count) =>
        Episode.From(sampler.Sample(unchecked((4 * seed) + stream), first, count));
}
