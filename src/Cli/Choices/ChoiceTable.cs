// Things that the command knows by name, networks and methods: an option chooses one, and each
// takes options of its own.
using System.CommandLine;
using System.Text.Json;

namespace Engine.Cli;

/// <summary>A thing by name, with the options it takes.</summary>
/// <param name="Name">What is typed to choose it.</param>
/// <param name="Options">The options it takes.</param>
/// <param name="Typed">The thing with the options that were typed, by name.</param>
/// <param name="Recorded">
/// The thing with the options of an object, but for those that were typed.
/// </param>
internal sealed record Choosable<T>(
    string Name, IReadOnlyList<OptionSpec> Options, Func<Func<string, string?>, T> Typed,
    Func<JsonElement, Func<string, string?>, T> Recorded);

/// <summary>Things of one kind by name; the first is the default.</summary>
internal sealed class ChoiceTable<T>
{
    private readonly string noun;
    private readonly string help;
    private readonly Choosable<T>[] entries;

    /// <param name="noun">What one is called; also its option and its name in config.json.</param>
    /// <param name="help">What the option that chooses is for.</param>
    /// <param name="entries">The things there are.</param>
    /// <exception cref="ArgumentException">Two have one name.</exception>
    public ChoiceTable(string noun, string help, IEnumerable<Choosable<T>> entries)
    {
        (this.noun, this.help, this.entries) = (noun, help, [.. entries]);
        var twice = this.entries.GroupBy(e => e.Name).FirstOrDefault(g => g.Count() > 1);
        if (twice is not null)
            throw new ArgumentException($"two {noun}s are named '{twice.Key}'; rename one.");
    }

    /// <summary>The names, the default first.</summary>
    public IEnumerable<string> Names => entries.Select(e => e.Name);

    /// <summary>The option that chooses, then those of all things.</summary>
    public IEnumerable<Symbol> Symbols =>
    [
        new Option<string?>(Option)
        {
            Description = $"{help}: {Listed}",
            HelpName = "NAME",
            DefaultValueFactory = _ => entries[0].Name,
        },
        .. OptionSymbols(_ => true, Defaults),
    ];

    /// <summary>The options of all things that <c>engine test</c> takes.</summary>
    public IEnumerable<Symbol> TestSymbols => OptionSymbols(
        option => option.Attribute.InTest,
        same => $"{string.Join(", ", same.Select(s => s.Entry.Name))}; default: as trained");

    private IEnumerable<Symbol> OptionSymbols(
        Func<OptionSpec, bool> offered,
        Func<IEnumerable<(Choosable<T> Entry, OptionSpec Option)>, string> note) =>
    [
        .. from entry in entries
           from option in entry.Options
           where offered(option)
           group (entry, option) by option.Name into same
           select new Option<string?>(same.Key)
           {
               Description = string.Join("; ", same.GroupBy(s => s.option.Attribute.Help).Select(
                   help => $"{help.Key} [{note(help)}]")),
               HelpName = same.First().option.Kind.Placeholder,
           },
    ];

    private string Option => "--" + noun;

    private string Listed => string.Join(", ", Names);

    /// <summary>The thing that was typed, with its options.</summary>
    /// <exception cref="CliException">
    /// There is no such thing, or it does not take an option that was typed.
    /// </exception>
    public T Read(Func<string, string?> typed)
    {
        Choosable<T> entry = typed(Option) is not { } name ? entries[0] : Find(name);
        CheckTakes(entry, typed);
        return entry.Typed(typed);
    }

    /// <summary>The options that the thing that was typed takes.</summary>
    /// <exception cref="CliException">There is no such thing.</exception>
    public IReadOnlyList<OptionSpec> OptionsOf(Func<string, string?> typed) =>
        (typed(Option) is { } name ? Find(name) : entries[0]).Options;

    /// <summary>
    /// The thing that config.json records, with the options it records, but for those typed.
    /// </summary>
    /// <exception cref="FormatException">
    /// It is damaged, or the thing is not one of these.
    /// </exception>
    /// <exception cref="CliException">It does not take an option that was typed.</exception>
    public T Read(JsonElement config, Func<string, string?>? typed = null)
    {
        typed ??= _ => null;
        // A run from before there was a choice: the options of the default stand among the others.
        if (!config.TryGetProperty(noun, out JsonElement recorded))
            return entries[0].Recorded(config, typed);
        if (recorded.ValueKind != JsonValueKind.Object
            || !recorded.TryGetProperty("name", out JsonElement name)
            || name.ValueKind != JsonValueKind.String)
            throw new FormatException($"'{noun}' is {recorded.GetRawText()}.");
        Choosable<T> entry = entries.FirstOrDefault(e => e.Name == name.GetString())
            ?? throw new FormatException($"the {noun} '{name}' is not among {Listed}; use the "
                + "program that trained it.");
        CheckTakes(entry, typed);
        return entry.Recorded(recorded, typed);
    }

    private Choosable<T> Find(string name) => entries.FirstOrDefault(e => e.Name == name)
        ?? throw CliException.Use($"{Option}: '{name}' is wrong; give one of {Listed}.");

    private void CheckTakes(Choosable<T> entry, Func<string, string?> typed)
    {
        string[] takes = [.. entry.Options.Select(o => o.Name)];
        string? other = entries.SelectMany(e => e.Options).Select(o => o.Name)
            .FirstOrDefault(o => !takes.Contains(o) && typed(o) is not null);
        if (other is not null)
        {
            throw CliException.Use($"{other}: the {noun} {entry.Name} does not take it; it takes "
                + $"{(takes.Length > 0 ? string.Join(", ", takes) : "no options")}.");
        }
    }

    /// <summary>"maml, anil: 0.4; boil: 0.1".</summary>
    private static string Defaults(IEnumerable<(Choosable<T> Entry, OptionSpec Option)> same) =>
        string.Join("; ", same.GroupBy(s => s.Option.Default is { } d ? ValueKind.Text(d) : "")
            .Select(g => string.Join(", ", g.Select(s => s.Entry.Name))
                + (g.Key.Length > 0 ? $": {g.Key}" : "")));
}
