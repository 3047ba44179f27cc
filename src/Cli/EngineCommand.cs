// The engine command as a function: a program of your own calls it to run the command with its own
// networks beside the built-in ones.
namespace Engine.Cli;

/// <summary>Runs the command.</summary>
public static class EngineCommand
{
    /// <summary>
    /// Runs a command line, such as ["train", "--network", "mine"], and returns its exit code: 0 if
    /// it succeeded. Ctrl-C ends training early and keeps the model.
    /// </summary>
    /// <param name="args">What was typed after the program's name.</param>
    /// <param name="networks">Networks to know besides the built-in ones.</param>
    /// <param name="output">Where figures go; the console by default.</param>
    /// <param name="error">Where errors go, a line each; the console's by default.</param>
    /// <exception cref="ArgumentException">
    /// Two networks have one name, or a network's option has the name of another option.
    /// </exception>
    public static int Run(
        string[] args, IReadOnlyList<NetworkEntry> networks, TextWriter? output = null,
        TextWriter? error = null)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(networks);
        error ??= Console.Error;
        using var interrupt = new Interrupt(error);
        return CommandLine.Run(
            args, Choices.With(networks), output ?? Console.Out, error,
            interrupt.Token);
    }
}
