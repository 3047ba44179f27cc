// Where the command starts.
namespace Engine.Cli;

internal static class EntryPoint
{
    private static int Main(string[] args)
    {
        using var interrupt = new Interrupt(Console.Error);
        return CommandLine.Run(args, Console.Out, Console.Error, interrupt.Token);
    }
}
