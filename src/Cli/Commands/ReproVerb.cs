// engine repro: see ReproOptions for what it is asked.
namespace Engine.Cli;

internal static class ReproVerb
{
    // Needs tensors, gradients and layers, which are not there yet; until then it says so.
    public static void Run(ReproOptions options, VerbContext context) =>
        throw CliException.Fail("repro: not in this build yet.");
}
