// engine gradcheck: see GradCheckOptions for what it is asked.
namespace Engine.Cli;

internal static class GradCheckVerb
{
    // Needs tensors, gradients and layers, which are not there yet; until then it says so.
    public static void Run(GradCheckOptions options, VerbContext context) =>
        throw CliException.Fail("gradcheck: not in this build yet.");
}
