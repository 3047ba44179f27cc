// Which options each verb has, with their defaults, and how a parsed line becomes its record.
using System.CommandLine;

namespace Engine.Cli;

internal sealed class TrainSyntax
{
    private readonly Option<int> ways =
        OptionKinds.Whole("--ways", "Classes in a task", 5, min: 2);
    private readonly Option<int> shots =
        OptionKinds.Whole("--shots", "Support images of a class", 1);
    private readonly Option<int> queries =
        OptionKinds.Whole("--queries", "Query images of a class", 5);
    private readonly Option<int> metaBatch =
        OptionKinds.Whole("--meta-batch", "Tasks in a meta-step", 8);
    private readonly Option<int> innerSteps =
        OptionKinds.Whole("--inner-steps", "Inner steps in training", 1);
    private readonly Option<int> testSteps =
        OptionKinds.Whole("--test-steps", "Inner steps in testing", 3);

    private readonly Option<double> innerRate =
        OptionKinds.Positive("--inner-rate", "Rate of the inner steps", 0.4);

    private readonly Option<double> rate =
        OptionKinds.Positive("--rate", "Rate of the outer steps", 4e-3);

    private readonly Option<int?> iterations =
        OptionKinds.WholeOrNone(
            "--iterations", "Meta-steps to train; without it --seconds decides");

    private readonly Option<double?> seconds = OptionKinds.PositiveOrNone(
        "--seconds",
        "Seconds to train at most [default: so that all ends within 3 minutes, or no limit with "
        + "--iterations]");

    private readonly Option<int> filters =
        OptionKinds.Whole("--filters", "Filters of a convolution", 32);
    private readonly Option<long> seed =
        OptionKinds.Seed("--seed", "Seed of everything random", 0);

    private readonly Option<string> order =
        OptionKinds.Choice("--order", "Order of differentiation", "exact", "exact", "first");

    private readonly Option<string> rotations = OptionKinds.Choice(
        "--rotations", "Turn classes by multiples of 90 degrees in training", "on", "on", "off");

    private readonly Option<int> evalTasks =
        OptionKinds.Whole("--eval-tasks", "Tasks to measure accuracy on", 600, min: 2);

    private readonly Option<string?> data = OptionKinds.PathTo(
        "--data", "Images to use instead of the embedded glyphs: NAME-images.idx.gz with labels",
        "FOLDER");

    private readonly Option<string?> outFolder = OptionKinds.PathTo(
        "--out", "New folder for the run [default: runs/DATE-TIME]", "FOLDER");

    private readonly Option<string?> resume = OptionKinds.PathTo(
        "--resume", "Go on with a run, until --iterations in all or for --seconds more", "RUN");

    public IEnumerable<Option> All => [.. OfNewRuns, iterations, seconds, resume];

    /// <summary>What a resumed run takes from its config.json.</summary>
    private IEnumerable<Option> OfNewRuns =>
    [
        ways, shots, queries, metaBatch, innerSteps, testSteps, innerRate, rate, filters, seed,
        order, rotations, evalTasks, data, outFolder,
    ];

    public TrainOptions Read(ParseResult parsed)
    {
        string? run = parsed.GetValue(resume);
        Option? other =
            OfNewRuns.FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false });
        if (run is not null && other is not null)
        {
            throw CliException.Use(
                $"{other.Name}: a run is resumed with the settings it began with; leave it out.");
        }

        string? folder = parsed.GetValue(data);
        return new TrainOptions
        {
            Ways = parsed.GetValue(ways),
            Shots = parsed.GetValue(shots),
            Queries = parsed.GetValue(queries),
            MetaBatch = parsed.GetValue(metaBatch),
            InnerSteps = parsed.GetValue(innerSteps),
            TestSteps = parsed.GetValue(testSteps),
            InnerRate = parsed.GetValue(innerRate),
            Rate = parsed.GetValue(rate),
            Iterations = parsed.GetValue(iterations),
            Seconds = parsed.GetValue(seconds),
            Filters = parsed.GetValue(filters),
            Seed = parsed.GetValue(seed),
            FirstOrder = parsed.GetValue(order) == "first",
            Rotations = parsed.GetValue(rotations) == "on",
            EvalTasks = parsed.GetValue(evalTasks),
            Data = folder is null ? null : Path.GetFullPath(folder),
            Out = parsed.GetValue(outFolder),
            Resume = run,
        };
    }
}

internal sealed class TestSyntax
{
    private const string AsTrained = " [default: as trained]";

    private readonly Option<int?> ways =
        OptionKinds.WholeOrNone("--ways", "Classes in a task" + AsTrained, 2);
    private readonly Option<int?> shots =
        OptionKinds.WholeOrNone("--shots", "Support images of a class" + AsTrained);
    private readonly Option<int?> queries =
        OptionKinds.WholeOrNone("--queries", "Query images of a class" + AsTrained);
    private readonly Option<int?> testSteps =
        OptionKinds.WholeOrNone("--test-steps", "Inner steps" + AsTrained);

    private readonly Option<double?> innerRate =
        OptionKinds.PositiveOrNone("--inner-rate", "Rate of the inner steps" + AsTrained);

    private readonly Option<int> evalTasks =
        OptionKinds.Whole("--eval-tasks", "Tasks to measure accuracy on", 600, min: 2);

    private readonly Option<long?> seed =
        OptionKinds.SeedOrNone("--seed", "Seed of the tasks" + AsTrained);

    private readonly Option<string?> data =
        OptionKinds.PathTo("--data", "Images to test on" + AsTrained, "FOLDER");

    public Argument<string> Run { get; } = new("RUN")
    {
        Description = "Folder of a run, or a model file with its config.json beside it",
    };

    public IEnumerable<Option> All =>
        [ways, shots, queries, testSteps, innerRate, evalTasks, seed, data];

    public TestOptions Read(ParseResult parsed) => new()
    {
        Run = parsed.GetRequiredValue(Run),
        Ways = parsed.GetValue(ways),
        Shots = parsed.GetValue(shots),
        Queries = parsed.GetValue(queries),
        TestSteps = parsed.GetValue(testSteps),
        InnerRate = parsed.GetValue(innerRate),
        EvalTasks = parsed.GetValue(evalTasks),
        Seed = parsed.GetValue(seed),
        Data = parsed.GetValue(data),
    };
}

internal sealed class ReproSyntax
{
    private static readonly string[] Names = ["sinusoid"];

    private readonly Option<int> iterations =
        OptionKinds.Whole("--iterations", "Meta-steps to train", 70_000);

    private readonly Option<long> seed =
        OptionKinds.Seed("--seed", "First seed of everything random", 0);

    private readonly Option<int> seeds = OptionKinds.Whole(
        "--seeds", "Seeds to train and test side by side: SEED, SEED + 1, ...", 9);

    private readonly Option<string> order =
        OptionKinds.Choice("--order", "Order of differentiation", "exact", "exact", "first");

    public Argument<string> Name { get; } = new("NAME")
    {
        Description = "Experiment: " + string.Join(", ", Names),
        CustomParser = r =>
        {
            string name = r.Tokens.Single().Value;
            if (!Names.Contains(name))
            {
                r.AddError($"'{name}' is no experiment; there is {string.Join(", ", Names)}.");
            }

            return name;
        },
    };

    public IEnumerable<Option> All => [iterations, seed, seeds, order];

    public ReproOptions Read(ParseResult parsed) => new()
    {
        Name = parsed.GetRequiredValue(Name),
        Iterations = parsed.GetValue(iterations),
        Seed = parsed.GetValue(seed),
        Seeds = parsed.GetValue(seeds),
        FirstOrder = parsed.GetValue(order) == "first",
    };
}
