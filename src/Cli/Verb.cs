// A verb of the command: what it is called, what may be typed after it, and what it then does.
using System.CommandLine;

namespace Engine.Cli;

/// <summary>A verb.</summary>
/// <param name="Name">What is typed to call it.</param>
/// <param name="Help">What it does, for --help.</param>
/// <param name="Syntax">Its options and arguments.</param>
/// <param name="Read">
/// Makes the job to run of what was typed: it is given the text typed for an option of a name, null
/// if there is none. It throws a <see cref="CliException"/> if a text is wrong, and does no work.
/// </param>
internal sealed record Verb(
    string Name, string Help, IEnumerable<Symbol> Syntax,
    Func<Func<string, string?>, Action<VerbContext>> Read)
{
    /// <summary>A verb whose options are those of a record.</summary>
    public static Verb Of<T>(string name, string help, Action<T, VerbContext> run)
        where T : class, new()
    {
        var set = new OptionSet<T>();
        return new(name, help, set.Symbols, typed =>
        {
            T options = set.Read(typed);
            return context => run(options, context);
        });
    }
}
