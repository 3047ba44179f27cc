// The networks the command can train: --network chooses one, and each takes options of its own.
using System.CommandLine;
using System.Text.Json;

namespace Engine.Cli;

/// <summary>Networks by name; the first is the default.</summary>
internal sealed class NetworkTable
{
    private const string Option = "--network";
    private readonly NetworkEntry[] entries;

    public NetworkTable(IEnumerable<NetworkEntry> entries)
    {
        this.entries = [.. entries];
        var twice = this.entries.GroupBy(e => e.Name).FirstOrDefault(g => g.Count() > 1);
        if (twice is not null)
            throw new ArgumentException($"two networks are named '{twice.Key}'; rename one.");
    }

    /// <summary>The option that chooses, then those of all networks.</summary>
    public IEnumerable<Symbol> Symbols =>
    [
        new Option<string?>(Option)
        {
            Description = $"Network to train: {Names}",
            HelpName = "NAME",
            DefaultValueFactory = _ => entries[0].Name,
        },
        .. from entry in entries
           from option in entry.Options
           group (entry, option) by option.Name into same
           select new Option<string?>(same.Key)
           {
               Description = string.Join("; ", same.GroupBy(s => s.option.Attribute.Help).Select(
                   help => $"{help.Key} [{string.Join(", ", help.Select(Default))}]")),
               HelpName = same.First().option.Kind.Placeholder,
           },
    ];

    private string Names => string.Join(", ", entries.Select(e => e.Name));

    /// <summary>The network that was typed, with its options.</summary>
    /// <exception cref="CliException">
    /// There is no such network, or it does not take an option that was typed.
    /// </exception>
    public NetworkChoice Read(Func<string, string?> typed)
    {
        NetworkEntry entry = typed(Option) is not { } name ? entries[0]
            : Find(name) ?? throw CliException.Use(
                $"{Option}: '{name}' is wrong; give one of {Names}.");
        string[] takes = [.. entry.Options.Select(o => o.Name)];
        string? other = entries.SelectMany(e => e.Options).Select(o => o.Name)
            .FirstOrDefault(o => !takes.Contains(o) && typed(o) is not null);
        if (other is not null)
        {
            throw CliException.Use($"{other}: the network {entry.Name} does not take it; it takes "
                + $"{(takes.Length > 0 ? string.Join(", ", takes) : "no options")}.");
        }

        return entry.Read(typed);
    }

    /// <summary>The network that config.json records.</summary>
    /// <exception cref="FormatException">
    /// It is damaged, or the network is not one of these.
    /// </exception>
    public NetworkChoice Read(JsonElement config)
    {
        // A run from before there was a choice: the options of the default stand among the others.
        if (!config.TryGetProperty("network", out JsonElement network))
            return entries[0].Read(config);
        if (network.ValueKind != JsonValueKind.Object
            || !network.TryGetProperty("name", out JsonElement name)
            || name.ValueKind != JsonValueKind.String)
            throw new FormatException($"'network' is {network.GetRawText()}.");
        NetworkEntry entry = Find(name.GetString()!) ?? throw new FormatException(
            $"the network '{name}' is not among {Names}; use the program that trained it.");
        return entry.Read(network);
    }

    private static string Default((NetworkEntry Entry, OptionSpec Option) of) =>
        of.Entry.Name + (of.Option.Default is { } value ? $": {ValueKind.Text(value)}" : "");

    private NetworkEntry? Find(string name) => entries.FirstOrDefault(e => e.Name == name);
}
