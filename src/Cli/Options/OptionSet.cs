// The options of a record: symbols for the parser of command lines, and the record itself from what
// was typed or from config.json.
using System.CommandLine;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Engine.Data;

namespace Engine.Cli;

/// <summary>One option of a record.</summary>
/// <param name="Property">The property that holds it.</param>
/// <param name="Attribute">How it was declared.</param>
/// <param name="Default">Its value in a new record.</param>
internal sealed record OptionSpec(PropertyInfo Property, OptionAttribute Attribute, object? Default)
{
    private readonly string[] words = Words(Property.Name);

    public ValueKind Kind { get; } = ValueKind.Of(Property.PropertyType, Attribute);

    /// <summary>Its name on the command line.</summary>
    public string Name =>
        Attribute.Positional ? Attribute.Value : "--" + string.Join('-', words);

    /// <summary>Its name in files.</summary>
    public string JsonName => string.Join('_', words);

    /// <summary>Its name in sentences.</summary>
    public string Label => string.Join(' ', words);

    /// <summary>
    /// What the parser of command lines needs to know of it; its help is the declared one unless
    /// another is given, and an empty one hides it.
    /// </summary>
    public Symbol Symbol(string? help = null) => Attribute.Positional
        ? new Argument<string>(Name)
        {
            Description = help ?? Attribute.Help,
            Arity = Default is null ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne,
        }
        : Attribute.Flag ? new Option<bool>(Name) { Description = help ?? Attribute.Help }
        : new Option<string?>(Name)
        {
            Description = help ?? Attribute.Help,
            Hidden = help?.Length == 0,
            HelpName = Kind.Placeholder,
            DefaultValueFactory = Default is null ? null : _ => ValueKind.Text(Default),
        };

    /// <summary>The value of what was typed.</summary>
    /// <exception cref="CliException">It is wrong.</exception>
    public object Parse(string text) => Kind.Parse(text)
        ?? throw CliException.Use($"{Name}: '{text}' is wrong; give {Kind.Right}.");

    /// <summary>
    /// The value of its entry in an object. One that may be null or came later may be missing: the
    /// object is then from before there was this option.
    /// </summary>
    /// <exception cref="FormatException">It is missing or wrong.</exception>
    public object? Read(JsonElement json)
    {
        if (!json.TryGetProperty(JsonName, out JsonElement value))
        {
            return Default is null || Attribute.Later
                ? Default : throw new FormatException($"it has no '{JsonName}'.");
        }

        if (value.ValueKind == JsonValueKind.Null && Default is null) return null;
        return Kind.Read(value)
            ?? throw new FormatException($"'{JsonName}' is {value.GetRawText()}.");
    }

    private static string[] Words(string name) => [.. string.Concat(
        name.Select((c, i) => i > 0 && char.IsUpper(c) ? $" {c}" : $"{c}"))
        .ToLowerInvariant().Split(' ')];
}

/// <summary>The options of a kind of record, in the order of its properties.</summary>
internal sealed class OptionSet<T> where T : class, new()
{
    public IReadOnlyList<OptionSpec> Specs { get; } =
    [
        .. from property in typeof(T).GetProperties()
           let option = property.GetCustomAttribute<OptionAttribute>()
           where option is not null
           select new OptionSpec(property, option, property.GetValue(new T())),
    ];

    public IEnumerable<Symbol> Symbols => Specs.Select(spec => spec.Symbol());

    /// <summary>
    /// The record of what was typed for options of those names; null leaves the default, which is
    /// that of <paramref name="defaults"/> where it is given.
    /// </summary>
    public T Read(Func<string, string?> typed, T? defaults = null) => Fill(
        spec => typed(spec.Name) is { } text ? spec.Parse(text)
            : defaults is null ? spec.Default : spec.Property.GetValue(defaults));

    /// <summary>
    /// The record of the entries of an object, all of which must be there, but for options that
    /// were typed.
    /// </summary>
    /// <exception cref="FormatException">One is missing or wrong.</exception>
    public T Read(JsonElement json, Func<string, string?>? typed = null) => Fill(
        spec => typed?.Invoke(spec.Name) is { } text ? spec.Parse(text) : spec.Read(json));

    /// <summary>Names in files and values.</summary>
    public IEnumerable<(string Name, object? Value)> Entries(T options) => Specs.Select(spec =>
        (spec.JsonName, spec.Property.GetValue(options) switch
        {
            Counts { Vary: false } number => number.Least,
            object value and (Enum or Counts) => ValueKind.Text(value),
            var value => value,
        }));

    /// <summary>What a page lists as settings: every option that has a value.</summary>
    public static IReadOnlyList<(string Name, string Value)> Settings(T options) =>
    [
        .. new OptionSet<T>().Entries(options).Where(entry => entry.Value is not null)
            .Select(entry => (
                entry.Name.Replace('_', ' '),
                Convert.ToString(entry.Value, CultureInfo.InvariantCulture)!)),
    ];

    private T Fill(Func<OptionSpec, object?> value)
    {
        var options = new T();
        foreach (OptionSpec spec in Specs) spec.Property.SetValue(options, value(spec));
        return options;
    }
}
