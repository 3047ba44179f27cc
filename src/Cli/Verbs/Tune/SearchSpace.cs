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

/// <summary>An option that is searched, from Low to High.</summary>
internal sealed record SearchRange(OptionSpec Option, double Low, double High)
{
    /// <summary>"--rate 0.0004 to 0.02".</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Option.Name} {Low:G3} to {High:G3}");
}

/// <summary>The numbers that are searched: those with a range that were not typed.</summary>
internal sealed class SearchSpace
{
    private const double RateDown = 0.1;
    private const double RateUp = 5;

    private readonly (SearchRange Range, bool Typed)[] all;

    /// <summary>
    /// The rate of the outer steps, around the method's own, and the method's options that have a
    /// range.
    /// </summary>
    /// <exception cref="CliException">Nothing is left to search.</exception>
    public SearchSpace(
        OptionSpec rate, double usualRate, IEnumerable<OptionSpec> ofMethod,
        Func<string, string?> typed)
    {
        all =
        [
            .. from range in ofMethod
                   .Where(o => o.Attribute.High > o.Attribute.Low)
                   .Select(o => new SearchRange(o, o.Attribute.Low, o.Attribute.High))
                   .Prepend(new(rate, RateDown * usualRate, RateUp * usualRate))
               select (range, typed(range.Option.Name) is not null),
        ];
        if (all.All(a => a.Typed))
        {
            throw CliException.Use(
                $"{all[0].Range.Option.Name}: nothing is left to search, as "
                + $"{string.Join(", ", all.Select(a => a.Range.Option.Name))} "
                + "are all given; leave one out.");
        }
    }

    /// <summary>What is searched.</summary>
    public IEnumerable<SearchRange> Ranges => all.Where(a => !a.Typed).Select(a => a.Range);

    /// <summary>
    /// Setting number i of a seed: trial 0 leaves everything as it is; the others draw rates
    /// log-uniformly and whole numbers uniformly from their ranges. What was typed stays, and the
    /// other numbers are the same as without it.
    /// </summary>
    public Setting Draw(long seed, int trial)
    {
        var random = new SeededRandom(seed, trial);
        var values = new OrderedDictionary<string, string>();
        foreach (var ((option, low, high), typed) in all)
        {
            double share = random.Uniform(0, 1);
            if (typed || trial == 0) continue;
            values.Add(option.Name, option.Default is int
                ? ((int)low + (int)(share * (high - low + 1)))
                    .ToString(CultureInfo.InvariantCulture)
                : (low * Math.Pow(high / low, share)).ToString("G2", CultureInfo.InvariantCulture));
        }

        return new(trial, values);
    }
}
