// Where the command starts.
namespace Engine.Cli;

internal static class EntryPoint
{
    private static int Main()
    {
        Console.WriteLine("engine: no commands yet");
        return 0;
    }
}
