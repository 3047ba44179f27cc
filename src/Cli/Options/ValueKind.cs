// How the text of an option becomes a value of its property's type, and which texts are right.
// A number in config.json is read as the same text on the command line would be.
using System.Globalization;
using System.Text.Json;
using Engine.Data;

namespace Engine.Cli;

/// <summary>The values an option can have.</summary>
/// <param name="Placeholder">What stands for a value in help: N, X, on|off.</param>
/// <param name="Right">What a wrong value should have been: "a whole number from 1 up".</param>
/// <param name="Parse">The value of a text; null if the text is wrong.</param>
/// <param name="InJson">Whether a JSON value of that kind can be right.</param>
internal sealed record ValueKind(
    string Placeholder, string Right, Func<string, object?> Parse, Func<JsonValueKind, bool> InJson)
{
    private const NumberStyles Whole = NumberStyles.AllowLeadingSign;
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>The kind of a property of that type.</summary>
    public static ValueKind Of(Type type, OptionAttribute option)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(int))
        {
            return Number("N", $"a whole number from {option.Min} up", text =>
                int.TryParse(text, Whole, Invariant, out int n) && n >= option.Min ? n : null);
        }

        if (type == typeof(Counts))
        {
            return new("N|N..M|N,M", $"a whole number from {option.Min} up, a range of them such "
                + "as 2..5, or several such as 2,5", text => Numbers(text, option.Min),
                json => json is JsonValueKind.Number or JsonValueKind.String);
        }

        if (type == typeof(long))
        {
            return Number("N", "a whole number",
                text => long.TryParse(text, Whole, Invariant, out long n) ? n : null);
        }

        if (type == typeof(double))
        {
            return Number("X", "a number above 0", text =>
                double.TryParse(text, NumberStyles.Float, Invariant, out double x)
                && x > 0 && double.IsFinite(x) ? x : null);
        }

        if (type == typeof(bool))
        {
            return Words(["on", "off"], word => word == "on",
                json => json is JsonValueKind.True or JsonValueKind.False);
        }

        if (type.IsEnum)
        {
            return Words([.. Enum.GetNames(type).Select(Word)],
                word => Enum.Parse(
                    type, word.Replace("-", "", StringComparison.Ordinal), ignoreCase: true),
                IsText);
        }

        if (type == typeof(string))
        {
            return new(option.Value, $"a {option.Value.ToLowerInvariant()}",
                text => text.Length > 0 ? text : null, IsText);
        }

        throw new ArgumentException($"an option cannot be of the type {type.Name}; choose int, "
            + "long, double, bool, string or an enumeration.");
    }

    /// <summary>The text that <see cref="Parse"/> would make this value of.</summary>
    public static string Text(object value) => value switch
    {
        bool on => on ? "on" : "off",
        Enum name => Word(name.ToString()),
        Counts numbers => string.Join(',', numbers.Values),
        _ => Convert.ToString(value, Invariant)!,
    };

    /// <summary>5, 2..5 or 2,5 as numbers; null if it is something else.</summary>
    private static Counts? Numbers(string text, int least)
    {
        int[] All(string separator) =>
        [
            .. text.Split(separator).Select(
                word => int.TryParse(word, Whole, Invariant, out int n) ? n : -1),
        ];
        if (All("..") is [var from, var to])
        {
            return least <= from && from <= to && to <= from + 1000
                ? Counts.Between(from, to) : null;
        }

        int[] each = All(",");
        return each.All(n => n >= least) ? Counts.Of(each) : null;
    }

    /// <summary>PerDomain as it is typed: per-domain.</summary>
    private static string Word(string name) => string.Concat(name.Select((letter, i) =>
        i > 0 && char.IsUpper(letter) ? $"-{letter}" : $"{letter}")).ToLowerInvariant();

    /// <summary>The value of a JSON value; null if that is wrong.</summary>
    public object? Read(JsonElement json) => !InJson(json.ValueKind) ? null : Parse(
        json.ValueKind switch
        {
            JsonValueKind.True => "on",
            JsonValueKind.False => "off",
            JsonValueKind.String => json.GetString()!,
            _ => json.GetRawText(),
        });

    private static ValueKind Number(
        string placeholder, string right, Func<string, object?> parse) =>
        new(placeholder, right, parse, json => json == JsonValueKind.Number);

    private static ValueKind Words(
        string[] words, Func<string, object> parse, Func<JsonValueKind, bool> inJson) =>
        new(string.Join('|', words), string.Join(" or ", words),
            text => words.Contains(text) ? parse(text) : null, inJson);

    private static bool IsText(JsonValueKind json) => json == JsonValueKind.String;
}
