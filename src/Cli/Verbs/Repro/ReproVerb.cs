// engine repro: repeats a published experiment by name.
namespace Engine.Cli;

/// <summary>An experiment that can be repeated.</summary>
/// <param name="Name">What is typed.</param>
/// <param name="Run">Repeats it and prints its figures.</param>
internal sealed record Reproduction(string Name, Action<ReproOptions, VerbContext> Run);

internal static class ReproVerb
{
    public static Verb Verb(Choices choices) => Cli.Verb.Of<ReproOptions>(
        "repro", "Repeat a published experiment",
        (options, context) => Run(options, [.. All(choices)], context));

    /// <summary>The experiments there are.</summary>
    public static IEnumerable<Reproduction> All(Choices choices) =>
    [
        new("sinusoid", SinusoidRepro.Run),
        new("pointmass", PointMassRepro.Run),
        new("glyphs-oml", ContinualRepro.Run),
        new("series-metalstm", SeriesRepro.Run),
        .. ClassificationTable.All.Select(experiment => new Reproduction(
            experiment.Name,
            (options, context) => new ClassificationRepro(experiment, choices)
                .Run(options, context))),
        new(DamlRepro.Name, DamlRepro.Run),
        .. SurfRepro.All.Select(e => new Reproduction(
            e.Name,
            (options, context) => SurfRepro.Run(
                e.Name, e.Align, e.Published, options, context))),
        .. PipelineRepro.All.Select(e => new Reproduction(
            e.Name, (options, context) => PipelineRepro.Run(e, options, context))),
        new(InvariantRepro.Name, InvariantRepro.Run),
        .. MobileNetRepro.All,
        .. TransferRepro.All.Select(experiment => new Reproduction(
            experiment.Name,
            (options, context) => TransferRepro.Run(experiment, options, context))),
        .. GeneralisationTable.All.Select(experiment => new Reproduction(
            experiment.Name,
            (options, context) => GeneralisationRepro.Run(experiment, options, context))),
    ];

    private static void Run(ReproOptions options, Reproduction[] all, VerbContext context)
    {
        if (options.List)
        {
            foreach (Reproduction r in all) context.Line(r.Name);
            context.Summary.Add("names", all.Select(r => r.Name).ToArray());
            return;
        }

        Reproduction chosen = all.FirstOrDefault(r => r.Name == options.Name)
            ?? throw CliException.Use(options.Name is { } name
                ? $"'{name}' is not an experiment; engine repro --list names those there are."
                : "name an experiment; engine repro --list names those there are.");
        if (options.Html is { } page) OutputFile.CheckTyped("--html", page);
        chosen.Run(options, context);
    }
}
