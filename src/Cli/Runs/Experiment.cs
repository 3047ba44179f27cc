// What training and testing have in common: images, split, tasks, network and meta-learner, all
// made from the options.
using Engine.Data;
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
        Config = new(options, method, network, RunImages.SizeOf(images));
        EpisodeSampler Sampler(ImageClasses source, bool rotations) => CliException.CheckUse(() =>
            new EpisodeSampler(source, options.Ways, options.Shots, options.Queries, rotations));
        train = OfTraining(split.Train, options);
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
        RunOptions options, MethodChoice method, NetworkChoice network) =>
        Create(RunImages.Load(options), options, method, network);

    /// <summary>An experiment on the images of its options, which are loaded already.</summary>
    public static Experiment Create(
        ImageClasses images, RunOptions options, MethodChoice method, NetworkChoice network) =>
        new(images, RunImages.Split(images, options), options, method, network);

    /// <summary>The same experiment, trained for so many meta-steps.</summary>
    public Experiment Lasting(int steps) => new(
        Images, Parts, Options with { Iterations = steps }, Config.Method, Config.Network);

    public static string Name(BatchNormMode mode) => mode switch
    {
        BatchNormMode.Transductive => "transductive",
        BatchNormMode.Inductive => "inductive",
        BatchNormMode.PerStep => "per-step",
        _ => "none",
    };

    /// <summary>
    /// Where training stands before the first step, after pre-training if any. Its tasks are those
    /// of <see cref="DrawTraining"/> unless another function draws the same.
    /// </summary>
    public LearnerTraining Start(VerbContext context, Func<long, int, Episode>? draw = null) =>
        Untrained.Prepare(new(Parts.Train, context.Output, context.Stop))
            .Train(draw ?? DrawTraining);

    /// <summary>Where training stood that wrote a checkpoint.</summary>
    /// <inheritdoc cref="Start"/>
    public LearnerTraining Load(string checkpoint, Func<long, int, Episode>? draw = null) =>
        Untrained.Train(draw ?? DrawTraining).Load(checkpoint);

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
    /// Training tasks, whose form is that of testing unless options of their own say otherwise.
    /// </summary>
    private static EpisodeSampler OfTraining(ImageClasses classes, RunOptions options)
    {
        try
        {
            return new(
                classes, options.TrainWays ?? options.Ways, options.TrainShots ?? options.Shots,
                options.Queries, options.Rotations);
        }
        catch (ArgumentException e) when (options.TrainWays is null && options.TrainShots is null)
        {
            throw CliException.Use(e.Message, e);
        }
        catch (ArgumentException e)
        {
            throw CliException.Use(
                $"in training, {e.Message} These tasks have a form of their own: see --train-ways "
                + "and --train-shots, for which the method has defaults.", e);
        }
    }

    private Episode Draw(EpisodeSampler sampler, int stream, long first, int count) =>
        Episode.From(sampler.Sample(unchecked((4 * seed) + stream), first, count));
}
