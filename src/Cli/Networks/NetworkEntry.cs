// A network that the command trains by its name: how it is made, which options it takes, and what
// it is judged by. A program of your own registers its networks by entries like these.

namespace Engine.Cli;

/// <summary>A network by name, made by <see cref="Of{TModel, TOptions}"/>.</summary>
public sealed class NetworkEntry
{
    private NetworkEntry(Choosable<NetworkChoice> choosable) => Choosable = choosable;

    /// <summary>What <c>--network</c> calls it.</summary>
    public string Name => Choosable.Name;

    internal Choosable<NetworkChoice> Choosable { get; }

    /// <summary>A network with options of its own.</summary>
    /// <param name="name">What <c>--network</c> calls it.</param>
    /// <param name="create">
    /// The untrained network from a random key, the size of the images (which are square), the
    /// number of classes in a task, and its options.
    /// </param>
    /// <param name="network">
    /// From images (N, C, H, W) to logits (N, classes), the loss of those, and the parts that some
    /// methods need.
    /// </param>
    /// <param name="describe">
    /// The network in a few words for figures and the report; its name and options by default.
    /// </param>
    /// <typeparam name="TModel">The network.</typeparam>
    /// <typeparam name="TOptions">
    /// Its options: a record whose properties have an <see cref="OptionAttribute"/>.
    /// </typeparam>
    public static NetworkEntry Of<TModel, TOptions>(
        string name, Func<Key, ImageSize, int, TOptions, TModel> create, Network<TModel> network,
        Func<TOptions, string>? describe = null)
        where TModel : ITree where TOptions : class, new()
    {
        var set = new OptionSet<TOptions>();
        if (set.Specs.Any(spec => spec.JsonName == "name" || spec.Attribute.Positional))
            throw new ArgumentException($"network '{name}': an option can be neither called Name, "
                + "which config.json has the network's by, nor positional; change it.");
        NetworkChoice Choose(TOptions options)
        {
            (string Name, object? Value)[] entries = [.. set.Entries(options)];
            string all = string.Join(", ", entries.Select(e => $"{e.Name} {e.Value}"));
            return new(
                name, describe?.Invoke(options) ?? (all.Length > 0 ? $"{name} with {all}" : name),
                entries,
                (method, run, images) => method.Create(new Start<TModel>(
                    network, create(Key.From(run.Seed), images, run.Outputs, options), run,
                    images)));
        }

        return new(new(
            name, set.Specs, typed => Choose(set.Read(typed)),
            (json, typed) => Choose(set.Read(json, typed))));
    }

    /// <summary>A network without options.</summary>
    /// <inheritdoc cref="Of{TModel, TOptions}"/>
    public static NetworkEntry Of<TModel>(
        string name, Func<Key, ImageSize, int, TModel> create, Network<TModel> network)
        where TModel : ITree =>
        Of<TModel, NoOptions>(
            name, (key, images, ways, _) => create(key, images, ways), network);

    private sealed record NoOptions;
}

/// <summary>A network with its options.</summary>
/// <param name="Name">The name of its entry.</param>
/// <param name="Description">The network in a few words.</param>
/// <param name="Options">Its options by their names in config.json.</param>
/// <param name="Create">
/// Makes it untrained, to be trained by a method, for a run and images of a size.
/// </param>
internal sealed record NetworkChoice(
    string Name, string Description, IReadOnlyList<(string Name, object? Value)> Options,
    Func<ILearnerOptions, RunOptions, ImageSize, Learner> Create);
