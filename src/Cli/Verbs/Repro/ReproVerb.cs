// engine repro: repeats a published experiment by name.
namespace Engine.Cli;

internal static class ReproVerb
{
    /// <summary>The experiment there is.</summary>
    public const string Experiment = "sinusoid";

    public static Verb Verb { get; } =
        Verb.Of<ReproOptions>("repro", "Repeat a published experiment", Run);

    private static void Run(ReproOptions options, VerbContext context)
    {
        if (options.Name != Experiment)
        {
            throw CliException.Use(
                $"'{options.Name}' is not an experiment; there is {Experiment}.");
        }

        SinusoidRepro.Run(options, context);
    }
}
