// Options whose errors are one line in the words of this tool, with the values that would be right.
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Engine.Cli;

internal static class OptionKinds
{
    public static Option<int> Whole(string name, string help, int fallback, int min = 1) =>
        With(WholeOrNone(name, help, min), fallback);

    /// <summary>A whole number that may be left out.</summary>
    public static Option<int?> WholeOrNone(string name, string help, int min = 1) => new(name)
    {
        Description = help,
        HelpName = "N",
        CustomParser = r => int.TryParse(
            Text(r), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            && value >= min ? value : Wrong<int?>(r, name, $"a whole number from {min} up"),
    };

    public static Option<long> Seed(string name, string help, long fallback) =>
        With(SeedOrNone(name, help), fallback);

    /// <summary>A seed that may be left out.</summary>
    public static Option<long?> SeedOrNone(string name, string help) => new(name)
    {
        Description = help,
        HelpName = "N",
        CustomParser = r => long.TryParse(
            Text(r), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
            ? value : Wrong<long?>(r, name, "a whole number"),
    };

    public static Option<double> Positive(string name, string help, double fallback) =>
        With(PositiveOrNone(name, help), fallback);

    /// <summary>A number above 0 that may be left out.</summary>
    public static Option<double?> PositiveOrNone(string name, string help) => new(name)
    {
        Description = help,
        HelpName = "X",
        CustomParser = r => double.TryParse(
            Text(r), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            && value > 0 && double.IsFinite(value)
            ? value : Wrong<double?>(r, name, "a number above 0"),
    };

    /// <summary>One of a few words.</summary>
    public static Option<string> Choice(
        string name, string help, string fallback, params string[] words) =>
        new(name)
        {
            Description = help,
            HelpName = string.Join('|', words),
            DefaultValueFactory = _ => fallback,
            CustomParser = r => words.Contains(Text(r))
                ? Text(r) : Wrong<string>(r, name, string.Join(" or ", words)),
        };

    public static Option<string?> PathTo(string name, string help, string what) => new(name)
    {
        Description = help,
        HelpName = what,
        CustomParser = r => Text(r).Length > 0
            ? Text(r) : Wrong<string?>(r, name, "a path"),
    };

    private static Option<T> With<T>(Option<T?> option, T fallback)
        where T : struct => new(option.Name)
        {
            Description = option.Description,
            HelpName = option.HelpName,
            DefaultValueFactory = _ => fallback,
            CustomParser = r => option.CustomParser!(r) ?? default,
        };

    private static string Text(ArgumentResult result) => result.Tokens.Single().Value;

    private static T? Wrong<T>(ArgumentResult result, string name, string right)
    {
        result.AddError($"{name}: '{Text(result)}' is wrong; give {right}.");
        return default;
    }
}
