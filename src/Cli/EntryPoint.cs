// Where the command starts.
namespace Engine.Cli;

internal static class EntryPoint
{
    private static int Main(string[] args) => EngineCommand.Run(args, networks: []);
}
