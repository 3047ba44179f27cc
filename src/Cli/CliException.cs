// How a command fails on purpose: one line that says what is wrong and what to do.
namespace Engine.Cli;

/// <summary>Ends the command with a one-line message and an exit code.</summary>
internal sealed class CliException : Exception
{
    /// <summary>Exit code of a command used wrongly.</summary>
    public const int WrongUse = 2;

    /// <summary>Exit code of a command that failed.</summary>
    public const int Failure = 1;

    /// <summary>Exit code of a command that the user stopped.</summary>
    public const int Interrupted = 130;

    private CliException(int exitCode, string message, Exception? inner)
        : base(message, inner) => ExitCode = exitCode;

    public int ExitCode { get; }

    /// <summary>What was typed asks for something impossible.</summary>
    public static CliException Use(string message, Exception? inner = null) =>
        new(WrongUse, message, inner);

    /// <summary>What was typed is right, but it could not be done.</summary>
    public static CliException Fail(string message, Exception? inner = null) =>
        new(Failure, message, inner);

    /// <summary>The user stopped the command before there was anything to keep.</summary>
    public static CliException Stopped(string message, Exception inner) =>
        new(Interrupted, message, inner);

    /// <summary>
    /// Runs something whose arguments come from options, so that an ArgumentException is wrong use.
    /// </summary>
    public static T CheckUse<T>(Func<T> make)
    {
        try
        {
            return make();
        }
        catch (ArgumentException e)
        {
            throw Use(e.Message, e);
        }
    }
}
