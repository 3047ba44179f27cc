// engine test: the accuracy of a trained model on classes it has not seen.
using System.Diagnostics;
using System.Globalization;
using Engine.Data;
using Engine.Meta;

namespace Engine.Cli;

internal static class TestVerb
{
    private static readonly OptionSet<TestOptions> OfTests = new();

    public static Verb Verb(Choices choices) => new(
        "test", "Measure a trained model on unseen classes",
        [.. OfTests.Symbols, .. choices.Methods.TestSymbols], typed =>
        {
            TestOptions options = OfTests.Read(typed);
            return context => Run(options, typed, choices, context);
        });

    private static void Run(
        TestOptions options, Func<string, string?> typed, Choices choices, VerbContext context)
    {
        var clock = Stopwatch.StartNew();
        string model = options.Run.EndsWith(".safetensors", StringComparison.Ordinal)
            ? options.Run : Path.Combine(options.Run, "model.safetensors");
        string folder = Path.GetDirectoryName(Path.GetFullPath(model))!;
        RunConfig config =
            RunConfig.Read(Path.Combine(folder, RunConfig.File), choices, typed);
        RunOptions o = Asked(options, config.Options);
        Learner learner = config.Network
            .Create(config.Method.Learning, config.Options, config.Images).Load(model);
        var (names, sets, which) = Unseen(options, config);
        EpisodeSampler[] samplers = CliException.CheckUse(() => sets.Select(
            classes => new EpisodeSampler(classes, o.Ways, o.Shots, o.Queries)).ToArray());
        context.Figure("model", "model", Path.GetFullPath(model));
        context.Figure(
            "data", "data", ImageClasses.Together(
                string.Join(", ", sets.Select(set => set.Name)), sets).ToString());
        context.Figure("classes", "classes", which);
        context.Figure("task", "task", $"{o.Ways}-way {o.Shots}-shot, {o.Queries} queries a class");
        context.Figure("method", "method", config.Method.Learning.Description);
        context.Figure("batch_norm", "batch norm", Experiment.Name(learner.BatchNorm));
        context.Figure("eval_tasks", "test tasks", options.EvalTasks);
        long seed = options.Seed ?? config.Options.Seed;
        context.Figure("seed", "  their seed", Drawn(seed, options, config), seed);

        int share = Experiment.Share(options.EvalTasks, samplers.Length);
        Evaluation[] each =
        [
            .. samplers.Select(sampler => learner.Evaluate(
                (first, count) => Episode.From(
                    sampler.Sample(Experiment.TestSeed(seed), first, count)),
                share, learner.FinalSteps, context.Stop)),
        ];
        Evaluation result = Evaluation.Over(each);
        context.Percent("accuracy", "accuracy", result.Final);
        context.PlusMinus("ci95", "  95 % interval", result.Interval95[^1]);
        if (names.Count > 1) context.Summary.Add("sets", names.ToArray());
        TrainFigures.EachSet(
            "accuracy_per_set", "ci95_per_set", names, each, result.Steps[^1], context);
        context.Steps("accuracy_per_step", "  by inner step", result);
        context.Figure("seconds", "whole run", clock.Elapsed.TotalSeconds, "F1", "s");
    }

    /// <summary>A seed, and whether its tasks are those that training ended with.</summary>
    private static string Drawn(long seed, TestOptions asked, RunConfig config)
    {
        RunOptions o = Asked(asked, config.Options);
        bool same = seed == config.Options.Seed
            && (o.Ways, o.Shots, o.Queries) == (config.Options.Ways, config.Options.Shots,
                config.Options.Queries)
            && (asked.Data is null || Same(asked.Data, config.Options.Data));
        string number = seed.ToString(CultureInfo.InvariantCulture);
        return same ? $"{number}, that of the run: the tasks it was tested on" : number;
    }

    private static RunOptions Asked(TestOptions asked, RunOptions trained)
    {
        if (asked.Ways > trained.Outputs)
        {
            throw CliException.Use(
                $"--ways: {asked.Ways} exceeds the {trained.Outputs} outputs of the model; choose "
                + $"at most {trained.Outputs}, or train another.");
        }

        return trained with
        {
            Ways = asked.Ways ?? trained.Ways,
            Shots = asked.Shots ?? trained.Shots,
            Queries = asked.Queries ?? trained.Queries,
        };
    }

    /// <summary>Whether two texts name the same data, trailing separators or not.</summary>
    private static bool Same(string a, string? b) => b is not null
        && Path.TrimEndingDirectorySeparator(RunSets.FullPath(a))
        == Path.TrimEndingDirectorySeparator(RunSets.FullPath(b));

    /// <summary>
    /// The test classes of the run; of other data those that were published for testing, or all if
    /// none were; and in words which they are. Of a mix they are those of each set.
    /// </summary>
    private static (IReadOnlyList<string> Names, IReadOnlyList<ImageClasses> Sets, string Which)
        Unseen(TestOptions options, RunConfig config)
    {
        ImageSize takes = config.Images;
        bool own = options.Data is null || Same(options.Data, config.Options.Data);
        if (own || RunSets.IsMix(options.Data))
        {
            RunSets sets = own ? RunSets.Load(config.Options) : RunSets.Load(
                config.Options with
                {
                    Data = options.Data,
                    TrainClasses = null,
                    ValidationClasses = null,
                }, takes);
            return (sets.Names, [.. sets.Each.Select(split => split.Test)],
                $"the {sets.Split.Test.Classes.Length} that "
                + (own ? "the run kept for testing" : "the splits of these sets keep for testing"));
        }

        // Image files become what the model takes; the images of IDX files must be so already.
        ImageClasses other = RunImages.Load(
            options.Data!, new() { Size = takes.Height, Grey = takes.Channels == 1 });
        ImageSize size = RunImages.SizeOf(other);
        if (size != takes)
        {
            throw CliException.Use(
                $"--data: images of {other.Name} are {size}, but the model takes {takes}.");
        }

        return ClassSplit.Published(other)?.Test is { } published
            ? ([other.Name], [published], $"the {published.Classes.Length} of {other.Name} that "
                + "were published for testing")
            : ([other.Name], [other], $"all {other.Classes.Length} of {other.Name}");
    }
}
