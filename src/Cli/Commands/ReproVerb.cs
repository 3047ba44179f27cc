// engine repro: see ReproOptions for what it is asked.
namespace Engine.Cli;

internal static class ReproVerb
{
    public static void Run(ReproOptions options, VerbContext context)
    {
        switch (options.Name)
        {
            case "sinusoid": SinusoidRepro.Run(options, context); break;
            default: throw CliException.Use($"'{options.Name}' is no experiment.");
        }
    }
}
