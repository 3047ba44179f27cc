// The settings that a search tries: numbers with a range, drawn from a seed.
using System.Globalization;
using Engine.Data;

namespace Engine.Cli;

/// <summary>One setting: a value for each option that is searched, by its name.</summary>
internal sealed record Setting(int Trial, IReadOnlyDictionary<string, string> Values)
{
    /// <summary>"--rate 0.004 --inner-rate 0.4".</summary>
    public override string ToString() =>
        string.Join(' ', Values.Select(v => $"{v.Key} {v.Value}"));
}

/// <summary>The options that have a range, of the run and of its method.</summary>
internal sealed class SearchSpace(IEnumerable<OptionSpec> options)
{
    private readonly OptionSpec[] searched =
        [.. options.Where(o => o.Attribute.High > o.Attribute.Low)];

    /// <summary>Names of the options that are searched.</summary>
    public IEnumerable<string> Names => searched.Select(o => o.Name);

    /// <summary>
    /// Setting number i of a seed: trial 0 leaves everything as it is; the others draw rates
    /// log-uniformly and whole numbers uniformly from their ranges. What was typed stays.
    /// </summary>
    public Setting Draw(long seed, int trial, Func<string, string?> typed)
    {
        var random = new SeededRandom(seed, trial);
        var values = new OrderedDictionary<string, string>();
        foreach (OptionSpec option in searched)
        {
            double low = option.Attribute.Low, high = option.Attribute.High;
            double share = random.Uniform(0, 1);
            if (typed(option.Name) is not null || trial == 0) continue;
            values.Add(option.Name, option.Default is int
                ? ((int)low + (int)(share * (high - low + 1)))
                    .ToString(CultureInfo.InvariantCulture)
                : (low * Math.Pow(high / low, share)).ToString("G2", CultureInfo.InvariantCulture));
        }

        return new(trial, values);
    }
}
