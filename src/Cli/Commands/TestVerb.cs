// engine test: see TestOptions for what it is asked.
namespace Engine.Cli;

internal static class TestVerb
{
    // Needs tensors, gradients and layers, which are not there yet; until then it says so.
    public static void Run(TestOptions options, VerbContext context) =>
        throw CliException.Fail("test: not in this build yet.");
}
