// Which options each verb has, with their defaults, and how a parsed line becomes its record.
using System.CommandLine;

namespace Engine.Cli;

internal sealed class TrainSyntax
{
    private readonly Option<int> _ways =
        OptionKinds.Whole("--ways", "Classes in a task", 5, min: 2);
    private readonly Option<int> _shots =
        OptionKinds.Whole("--shots", "Support images of a class", 1);
    private readonly Option<int> _queries =
        OptionKinds.Whole("--queries", "Query images of a class", 5);
    private readonly Option<int> _metaBatch =
        OptionKinds.Whole("--meta-batch", "Tasks in a meta-step", 16);
    private readonly Option<int> _innerSteps =
        OptionKinds.Whole("--inner-steps", "Inner steps in training", 1);
    private readonly Option<int> _testSteps =
        OptionKinds.Whole("--test-steps", "Inner steps in testing", 3);

    private readonly Option<double> _innerRate =
        OptionKinds.Positive("--inner-rate", "Rate of the inner steps", 0.4);

    private readonly Option<double> _rate =
        OptionKinds.Positive("--rate", "Rate of the outer steps", 1e-3);

    private readonly Option<int?> _iterations =
        OptionKinds.WholeOrNone(
            "--iterations", "Meta-steps to train; without it --seconds decides");

    private readonly Option<double?> _seconds = OptionKinds.PositiveOrNone(
        "--seconds", "Seconds to train at most [default: 150, or no limit with --iterations]");

    private readonly Option<int> _filters =
        OptionKinds.Whole("--filters", "Filters of a convolution", 32);
    private readonly Option<long> _seed =
        OptionKinds.Seed("--seed", "Seed of everything random", 0);

    private readonly Option<string> _order =
        OptionKinds.Choice("--order", "Order of differentiation", "exact", "exact", "first");

    private readonly Option<string> _rotations = OptionKinds.Choice(
        "--rotations", "Turn classes by multiples of 90 degrees in training", "on", "on", "off");

    private readonly Option<int> _evalTasks =
        OptionKinds.Whole("--eval-tasks", "Tasks to measure accuracy on", 600);

    private readonly Option<string?> _data = OptionKinds.PathTo(
        "--data", "Images to use instead of the embedded glyphs: NAME-images.idx.gz with labels",
        "FOLDER");

    private readonly Option<string?> _out = OptionKinds.PathTo(
        "--out", "New folder for the run [default: runs/DATE-TIME]", "FOLDER");

    public IEnumerable<Option> All =>
    [
        _ways, _shots, _queries, _metaBatch, _innerSteps, _testSteps, _innerRate, _rate,
        _iterations, _seconds, _filters, _seed, _order, _rotations, _evalTasks, _data, _out,
    ];

    public TrainOptions Read(ParseResult parsed)
    {
        int? iterations = parsed.GetValue(_iterations);
        return new TrainOptions
        {
            Ways = parsed.GetValue(_ways),
            Shots = parsed.GetValue(_shots),
            Queries = parsed.GetValue(_queries),
            MetaBatch = parsed.GetValue(_metaBatch),
            InnerSteps = parsed.GetValue(_innerSteps),
            TestSteps = parsed.GetValue(_testSteps),
            InnerRate = parsed.GetValue(_innerRate),
            Rate = parsed.GetValue(_rate),
            Iterations = iterations,
            Seconds = parsed.GetValue(_seconds) ?? (iterations is null ? 150 : null),
            Filters = parsed.GetValue(_filters),
            Seed = parsed.GetValue(_seed),
            FirstOrder = parsed.GetValue(_order) == "first",
            Rotations = parsed.GetValue(_rotations) == "on",
            EvalTasks = parsed.GetValue(_evalTasks),
            Data = parsed.GetValue(_data),
            Out = parsed.GetValue(_out),
        };
    }
}

internal sealed class TestSyntax
{
    private const string AsTrained = " [default: as trained]";

    private readonly Option<int?> _ways =
        OptionKinds.WholeOrNone("--ways", "Classes in a task" + AsTrained, 2);
    private readonly Option<int?> _shots =
        OptionKinds.WholeOrNone("--shots", "Support images of a class" + AsTrained);
    private readonly Option<int?> _queries =
        OptionKinds.WholeOrNone("--queries", "Query images of a class" + AsTrained);
    private readonly Option<int?> _testSteps =
        OptionKinds.WholeOrNone("--test-steps", "Inner steps" + AsTrained);

    private readonly Option<double?> _innerRate =
        OptionKinds.PositiveOrNone("--inner-rate", "Rate of the inner steps" + AsTrained);

    private readonly Option<int> _evalTasks =
        OptionKinds.Whole("--eval-tasks", "Tasks to measure accuracy on", 600);

    private readonly Option<long> _seed = OptionKinds.Seed("--seed", "Seed of the tasks", 0);

    private readonly Option<string?> _data =
        OptionKinds.PathTo("--data", "Images to test on" + AsTrained, "FOLDER");

    public Argument<string> Run { get; } = new("RUN")
    {
        Description = "Folder of a run, or a model file with its config.json beside it",
    };

    public IEnumerable<Option> All =>
        [_ways, _shots, _queries, _testSteps, _innerRate, _evalTasks, _seed, _data];

    public TestOptions Read(ParseResult parsed) => new()
    {
        Run = parsed.GetRequiredValue(Run),
        Ways = parsed.GetValue(_ways),
        Shots = parsed.GetValue(_shots),
        Queries = parsed.GetValue(_queries),
        TestSteps = parsed.GetValue(_testSteps),
        InnerRate = parsed.GetValue(_innerRate),
        EvalTasks = parsed.GetValue(_evalTasks),
        Seed = parsed.GetValue(_seed),
        Data = parsed.GetValue(_data),
    };
}

internal sealed class ReproSyntax
{
    private static readonly string[] Names = ["sinusoid"];

    private readonly Option<int> _iterations =
        OptionKinds.Whole("--iterations", "Meta-steps to train", 70_000);

    private readonly Option<long> _seed =
        OptionKinds.Seed("--seed", "Seed of everything random", 0);

    private readonly Option<string> _order =
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

    public IEnumerable<Option> All => [_iterations, _seed, _order];

    public ReproOptions Read(ParseResult parsed) => new()
    {
        Name = parsed.GetRequiredValue(Name),
        Iterations = parsed.GetValue(_iterations),
        Seed = parsed.GetValue(_seed),
        FirstOrder = parsed.GetValue(_order) == "first",
    };
}
