// A method that the command trains by its name: the paper it is from, the options it takes, and
// how it makes a learner of a network.

using Engine.Meta;

namespace Engine.Cli;

/// <summary>
/// The options of a method. Its properties with an <see cref="OptionAttribute"/> are what can be
/// typed.
/// </summary>
internal interface ILearnerOptions
{
    /// <summary>The method in a few words, with its options.</summary>
    string Description { get; }

    /// <summary>The outer optimiser.</summary>
    string Outer => "Adam";

    /// <summary>Whether it changes along the training, whose meta-steps it has to know.</summary>
    bool Anneals => false;

    /// <summary>The learner of a network with fresh weights.</summary>
    /// <exception cref="CliException">The network lacks a part that the method needs.</exception>
    Learner Create<T>(Start<T> start) where T : ITree;
}

/// <summary>What a method begins with.</summary>
/// <param name="Network">The network's parts.</param>
/// <param name="Model">Its fresh weights.</param>
/// <param name="Run">How it is to be trained.</param>
/// <param name="Images">The size of the inputs.</param>
internal sealed record Start<T>(Network<T> Network, T Model, RunOptions Run, ImageSize Images)
    where T : ITree
{
    public Objective<T> Objective => Network.Objective;

    /// <summary>A key for what the method draws besides the network.</summary>
    public Key Key => Key.From(Run.Seed).Split()[1];

    /// <summary>Length of the network's features.</summary>
    public int FeatureCount(Features<T> embed) => embed(
        Model, Tensor.Zeros([1, Images.Channels, Images.Height, Images.Width]),
        (norm, x) => norm.Forward(x)).Shape[1];
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
    IReadOnlyList<(string Name, object? Value)> Options)
{
    /// <summary>Whether a run has to know how many meta-steps there are.</summary>
    public bool Anneals(RunOptions run) =>
        run.Schedule != RateSchedule.Constant || Learning.Anneals;
}
