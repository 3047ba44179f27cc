// What the command can be told to choose from.
namespace Engine.Cli;

/// <summary>The networks and the methods that the command knows.</summary>
internal sealed record Choices(
    ChoiceTable<MethodChoice> Methods, ChoiceTable<NetworkChoice> Networks)
{
    /// <summary>The built-in ones, and networks of a program of the user's own.</summary>
    /// <exception cref="ArgumentException">Two networks have one name.</exception>
    public static Choices With(IEnumerable<NetworkEntry> networks) => new(
        new("method", "Method to train by", BuiltInMethods.All.Select(e => e.Choosable)),
        new("network", "Network to train",
            BuiltInNetworks.All.Concat(networks).Select(e => e.Choosable)));
}
