// Options that say nothing where they stand: whoever gives one is told so, instead of believing
// that it was heeded.
namespace Engine.Cli;

/// <summary>Refuses options of a record that have another value than their default.</summary>
internal sealed class UnusedOptions<T>(T options) where T : class, new()
{
    private static readonly OptionSet<T> Set = new();

    /// <summary>Refuses the named options, if they were given, for a reason.</summary>
    /// <exception cref="CliException">One of them was.</exception>
    public void Refuse(string why, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            OptionSpec spec = Set.Specs.Single(spec => spec.Name == name);
            if (!Equals(spec.Property.GetValue(options), spec.Default))
                throw CliException.Use($"{name}: {why}; leave it out.");
        }
    }
}
