// Which series are for training, validation and test.
namespace Engine.Data;

/// <summary>Three sets of series that have no series in common.</summary>
public sealed record SeriesSplit(SeriesSet Train, SeriesSet Validation, SeriesSet Test)
{
    /// <summary>
    /// Unseen series of the trained families: each family gives at random its share, rounded up, to
    /// test and to validation, and keeps at least one series for training. The same for the same
    /// seed.
    /// </summary>
    public static SeriesSplit BySeries(
        SeriesSet source, long seed, double validationShare = 0.2, double testShare = 0.2) =>
        By(source, Partition.WithinGroups(
            [.. source.Series.Select(s => s.Family)], seed, validationShare, testShare));

    /// <summary>
    /// Unseen families: the named ones are for validation and test, all others for training.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// A name is not a family, or is in both lists, or no family is left.
    /// </exception>
    public static SeriesSplit ByFamily(
        SeriesSet source, IReadOnlyCollection<string> validation, IReadOnlyCollection<string> test)
    {
        foreach (string name in validation.Concat(test))
        {
            if (!source.Families.Contains(name)
                || (validation.Contains(name) && test.Contains(name)))
            {
                throw new ArgumentException(
                    $"'{name}' must be a family of {source.Name}, for either validation or test; "
                    + $"the families are {string.Join(", ", source.Families)}.");
            }
        }

        if (source.Families.All(f => validation.Contains(f) || test.Contains(f)))
        {
            throw new ArgumentException(
                $"no family of {source.Name} is left for training; leave out fewer.");
        }

        return By(source, [.. source.Series.Select(s =>
            test.Contains(s.Family) ? Partition.Test
            : validation.Contains(s.Family) ? Partition.Validation : Partition.Train)]);
    }

    private static SeriesSplit By(SeriesSet source, int[] parts)
    {
        SeriesSet Of(int part, string name) => new(
            $"{source.Name}, {name}", [.. source.Series.Where((_, i) => parts[i] == part)]);
        return new(
            Of(Partition.Train, "training"), Of(Partition.Validation, "validation"),
            Of(Partition.Test, "test"));
    }
}
