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

    // What compiled functions take: a method that anneals compiles each form anew on its way.
    private const int Forms = 8, FormsOfAnnealing = 2;

    /// <summary>The seed of the test tasks of a run of that seed.</summary>
    public static long TestSeed(long seed) => unchecked((4 * seed) + TestStream);

    private readonly long seed;
    private readonly RunSets sets;
    private readonly MixedEpisodes train;
    private readonly MixedEpisodes known;
    private readonly MixedEpisodes? validation;
    private readonly MixedEpisodes test;
    private readonly MixedEpisodes[] tests; // of each set by itself

    private Experiment(
        RunSets sets, RunOptions options, MethodChoice method, NetworkChoice network)
    {
        seed = options.Seed;
        this.sets = sets;
        Config = new(options, method, network, RunImages.SizeOf(sets.Images));
        MixedEpisodes Tasks(IEnumerable<ImageClasses> classes) => CliException.CheckUse(() =>
            new MixedEpisodes([.. classes], options.Ways, options.Shots, options.Queries));
        train = OfTraining(sets, options, method);
        known = Tasks(sets.Each.Select(split => split.Train));
        test = Tasks(sets.Each.Select(split => split.Test));
        tests = [.. sets.Each.Select(split => Tasks([split.Test]))];

        // Small sets have too few classes to validate on; then the report has no validation curve.
        ImageClasses[] enough =
        [
            .. sets.Each.Select(split => split.Validation)
                .Where(classes => classes.Classes.Length >= options.Ways),
        ];
        if (enough.Length > 0) validation = Tasks(enough);
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

    public ImageClasses Images => sets.Images;

    /// <summary>The classes of all sets, set after set.</summary>
    public ClassSplit Parts => sets.Split;

    /// <summary>The parts of each set by its name; one set unless data are mixed.</summary>
    public IEnumerable<(string Name, ClassSplit Parts)> Sets => sets.Names.Zip(sets.Each);

    public Learner Untrained { get; }

    /// <summary>Whether there are classes enough to validate on.</summary>
    public bool CanValidate => validation is not null;

    public static Experiment Create(
        RunOptions options, MethodChoice method, NetworkChoice network) =>
        new(RunSets.Load(options), options, method, network);

    /// <summary>An experiment on the images of its options, which are loaded already.</summary>
    public static Experiment Create(
        ImageClasses images, RunOptions options, MethodChoice method, NetworkChoice network) =>
        new(RunSets.Of(images, options), options, method, network);

    /// <summary>The same experiment, trained for so many meta-steps.</summary>
    public Experiment Lasting(int steps) => new(
        sets, Options with { Iterations = steps }, Config.Method, Config.Network);

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
        test.Sample(TestSeed(seed), first, count);

    /// <summary>
    /// Accuracy on unseen test classes after each number of inner steps: the mean over the sets.
    /// </summary>
    public Evaluation Measure(
        Learner learner, IReadOnlyList<int> steps, int tasks, CancellationToken stop) =>
        Evaluation.Over(MeasureEach(learner, steps, tasks, stop));

    /// <summary>
    /// The same of each set by itself; each has an equal share of the tasks, but two at least.
    /// </summary>
    public IReadOnlyList<Evaluation> MeasureEach(
        Learner learner, IReadOnlyList<int> steps, int tasks, CancellationToken stop)
    {
        int share = Share(tasks, tests.Length);
        return
        [
            .. tests.Select(own => learner.Evaluate(
                (first, count) => Draw(own, TestStream, first, count), share, steps, stop)),
        ];
    }

    /// <summary>The tasks of each of several sets, together that many, but two at least.</summary>
    public static int Share(int tasks, int sets) => Math.Max(2, (tasks + sets - 1) / sets);

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
    private static MixedEpisodes OfTraining(
        RunSets sets, RunOptions options, MethodChoice method)
    {
        Counts ways = options.TrainWays ?? options.Ways;
        Counts shots = options.TrainShots ?? options.Shots;
        int forms = ways.Values.Length * shots.Values.Length;
        int most = method.Learning.Anneals ? FormsOfAnnealing : Forms;
        if (forms > most)
        {
            throw CliException.Use(
                $"--train-ways, --train-shots: these are {forms} forms of tasks, and a step is "
                + $"compiled for each; {method.Name} has {most} at most. Give fewer numbers, "
                + "such as 2,5.");
        }

        try
        {
            return new(
                [.. sets.Each.Select(split => split.Train)], ways, shots, options.Queries,
                options.Rotations, options.MetaBatch);
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

    private Episode Draw(MixedEpisodes sampler, int stream, long first, int count) =>
        Episode.From(sampler.Sample(unchecked((4 * seed) + stream), first, count));
}
