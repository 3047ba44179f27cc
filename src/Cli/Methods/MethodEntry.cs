// A method that the command trains by its name: the paper it is from, the options it takes, and
// how it makes a learner of a network.

namespace Engine.Cli;

/// <summary>
/// The options of a method. Its properties with an <see cref="OptionAttribute"/> are what can be
/// typed.
/// </summary>
internal interface ILearnerOptions
{
    /// <summary>The method in a few words, with its options.</summary>
    string Description { get; }

    /// <summary>The learner of a network with fresh weights.</summary>
    /// <exception cref="CliException">The network lacks a part that the method needs.</exception>
    Learner Create<T>(Network<T> network, T start, RunOptions run) where T : ITree;
}

/// <summary>A method by name.</summary>
/// <param name="Name">What <c>--method</c> calls it.</param>
/// <param name="Paper">Who proposed it, and when.</param>
/// <param name="Defaults">How it is usually trained.</param>
/// <param name="Choosable">Its options and how they are read.</param>
internal sealed record MethodEntry(
    string Name, string Paper, RunOptions Defaults, Choosable<MethodChoice> Choosable)
{
    /// <summary>A method whose options are those of a record.</summary>
    public static MethodEntry Of<TOptions>(string name, string paper, RunOptions? defaults = null)
        where TOptions : class, ILearnerOptions, new()
    {
        var set = new OptionSet<TOptions>();
        RunOptions usual = defaults ?? new RunOptions();
        MethodChoice Choose(TOptions options) =>
            new(name, paper, usual, options, [.. set.Entries(options)]);
        return new(name, paper, usual, new(
            name, set.Specs, typed => Choose(set.Read(typed)),
            (json, typed) => Choose(set.Read(json, typed))));
    }
}

/// <summary>A method with its options.</summary>
/// <param name="Name">The name of its entry.</param>
/// <param name="Paper">Who proposed it, and when.</param>
/// <param name="Defaults">How it is usually trained.</param>
/// <param name="Learning">Makes the learner.</param>
/// <param name="Options">Its options by their names in config.json.</param>
internal sealed record MethodChoice(
    string Name, string Paper, RunOptions Defaults, ILearnerOptions Learning,
    IReadOnlyList<(string Name, object? Value)> Options);
