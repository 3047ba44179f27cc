// engine train: see TrainOptions for what it is asked.
namespace Engine.Cli;

internal static class TrainVerb
{
    // Needs tensors, gradients and layers, which are not there yet; until then it says so.
    public static void Run(TrainOptions options, VerbContext context) =>
        throw CliException.Fail("train: not in this build yet.");
}
