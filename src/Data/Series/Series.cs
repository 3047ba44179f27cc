// Time series and sets of them: what forecasting tasks are drawn from.
using System.Collections.Immutable;

namespace Engine.Data;

/// <summary>One series, in the order of time.</summary>
/// <param name="Id">What it is called: "construction".</param>
/// <param name="Family">Series of one kind, such as one survey; may be empty.</param>
/// <param name="Unit">What the values count: "thousands of persons"; may be empty.</param>
/// <param name="Times">The time of each value, as the file writes it.</param>
/// <param name="Values">The values; NaN where one is missing.</param>
public sealed record Series(
    string Id, string Family, string Unit, ImmutableArray<string> Times,
    ImmutableArray<double> Values)
{
    /// <summary>How many values are missing.</summary>
    public int Missing => Values.Count(double.IsNaN);

    /// <summary>
    /// The series with every missing value replaced by the last one known before it, which takes
    /// nothing from the future; what is missing at the beginning is cut off.
    /// </summary>
    public Series Filled()
    {
        int start = 0;
        while (start < Values.Length && double.IsNaN(Values[start])) start++;
        double[] values = [.. Values[start..]];
        for (int t = 1; t < values.Length; t++)
            if (double.IsNaN(values[t]))
                values[t] = values[t - 1];
        return this with { Times = Times[start..], Values = [.. values] };
    }

    /// <summary>Name, family, length and gaps in words.</summary>
    public override string ToString() =>
        Id + (Family.Length > 0 ? $" ({Family})" : "") + $": {Values.Length} values"
        + (Unit.Length > 0 ? $" in {Unit}" : "") + (Missing > 0 ? $", {Missing} missing" : "");
}

/// <summary>Series from one source or several. Immutable.</summary>
/// <param name="Name">What error messages and reports call the set.</param>
/// <param name="Series">The series; a series's number is its position here.</param>
public sealed record SeriesSet(string Name, ImmutableArray<Series> Series)
{
    /// <summary>Names of the families, each once, in the order of the series.</summary>
    public IReadOnlyList<string> Families => [.. Series.Select(s => s.Family).Distinct()];

    /// <summary>The series of this set and then those of another.</summary>
    public SeriesSet With(SeriesSet other) =>
        new($"{Name} and {other.Name}", [.. Series, .. other.Series]);

    /// <summary>Every series filled, as <see cref="Series.Filled"/> does.</summary>
    public SeriesSet Filled() => this with { Series = [.. Series.Select(s => s.Filled())] };

    /// <summary>Name and counts in words.</summary>
    public override string ToString() =>
        $"{Name}: {Series.Length} series of {Families.Count} families";
}
