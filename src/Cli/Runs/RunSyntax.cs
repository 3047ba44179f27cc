// The options of runs as verbs show them: help that says which methods have other defaults.
using System.CommandLine;

namespace Engine.Cli;

internal static class RunSyntax
{
    private static readonly OptionSet<RunOptions> Set = new();

    /// <summary>
    /// The options of <see cref="RunOptions"/>, but for those to which a verb gives help of its
    /// own; an empty one hides the option, for the verb to refuse it with a reason.
    /// </summary>
    public static IEnumerable<Symbol> Of(params (string Name, string Help)[] own) =>
        Set.Specs.Select(spec => spec.Symbol(
            own.Where(o => o.Name == spec.Name).Select(o => o.Help).FirstOrDefault()
            ?? Help(spec)));

    /// <summary>"Tasks in a meta-step [reptile: 5; protonet, matching: 1]".</summary>
    private static string Help(OptionSpec spec)
    {
        string defaults = string.Join("; ",
            from entry in BuiltInMethods.All
            let value = spec.Property.GetValue(entry.Defaults)
            where value is not null && !value.Equals(spec.Default)
            group entry.Name by value into same
            select $"{string.Join(", ", same)}: {ValueKind.Text(same.Key)}");
        return defaults.Length == 0
            ? spec.Attribute.Help : $"{spec.Attribute.Help} [{defaults}]";
    }
}
