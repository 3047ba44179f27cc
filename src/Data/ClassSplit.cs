// Which classes are for training, validation and test. Groups (scripts, alphabets) stay whole, so
// that the test asks for characters of writing systems never seen.
using System.Collections.Immutable;

namespace Engine.Data;

/// <summary>Three sets of classes that have no class in common.</summary>
public sealed record ClassSplit(ImageClasses Train, ImageClasses Validation, ImageClasses Test)
{
    /// <summary>
    /// Test scripts: an alphabet, a syllabary, an abjad, an angular script and an Indic one. None
    /// is closely related to a script of the other two parts. Families that share letters (Latin,
    /// Greek, Cyrillic, Coptic) or shapes (Telugu and Kannada, Thai and Lao) are kept together.
    /// </summary>
    public static ImmutableArray<string> TestScripts { get; } =
        ["ARMENIAN", "ETHIOPIC", "HEBREW", "KHMER", "RUNIC"];

    /// <summary>Validation scripts.</summary>
    public static ImmutableArray<string> ValidationScripts { get; } = ["GOTHIC", "LAO", "THAI"];

    /// <summary>
    /// The embedded glyphs: 350 characters to train on, 51 to validate, 99 to test.
    /// </summary>
    public static ClassSplit ByScript() =>
        ByGroup(EmbeddedData.Glyphs, ValidationScripts, TestScripts);

    /// <summary>The named groups are for validation and test, all others for training.</summary>
    /// <exception cref="ArgumentException">
    /// A name is not a group, or is in both lists.
    /// </exception>
    public static ClassSplit ByGroup(
        ImageClasses source, IReadOnlyCollection<string> validation,
        IReadOnlyCollection<string> test)
    {
        var groups = source.Classes.Select(c => c.Group).ToHashSet();
        foreach (string name in validation.Concat(test))
        {
            if (!groups.Contains(name) || (validation.Contains(name) && test.Contains(name)))
            {
                throw new ArgumentException(
                    $"'{name}' must be a group of {source.Name}, for either validation or test.");
            }
        }

        return By(source, [.. source.Classes.Select(c =>
            test.Contains(c.Group) ? 2 : validation.Contains(c.Group) ? 1 : 0)]);
    }

    /// <summary>
    /// Whole groups drawn at random until test and validation have at least their share of the
    /// classes; a class without a group is a group of its own. The same for the same seed.
    /// </summary>
    public static ClassSplit AtRandom(
        ImageClasses source, long seed, double validationShare = 0.1, double testShare = 0.2) =>
        By(source, Partition.ByGroup(
            [.. source.Classes.Select(c => c.Group)], seed, validationShare, testShare));

    /// <summary>
    /// So many classes drawn at random to train on, some of which are kept to validate on; all
    /// others are for test. The same for the same seed.
    /// </summary>
    /// <exception cref="ArgumentException">A part would be empty.</exception>
    public static ClassSplit Shuffled(
        ImageClasses source, int train, long seed, int validation = 0)
    {
        int count = source.Classes.Length;
        if (train < 1 || train >= count || validation < 0 || validation >= train)
        {
            throw new ArgumentException(
                $"train: {train} of the {count} classes of {source.Name} leave none to train on or "
                + $"none to test; choose 1 to {count - 1}.");
        }

        var parts = new int[count];
        int[] order = new SeededRandom(seed).Choose(count, count);
        foreach (int c in order.AsSpan(train - validation)) parts[c] = 1;
        foreach (int c in order.AsSpan(train)) parts[c] = 2;
        return By(source, parts);
    }

    /// <summary>Part 0, 1 or 2 of each class.</summary>
    private static ClassSplit By(ImageClasses source, int[] parts)
    {
        ImageClasses Of(int number, string name) => source.Subset(
            $"{source.Name}, {name}",
            Enumerable.Range(0, parts.Length).Where(i => parts[i] == number));
        return new ClassSplit(Of(0, "training"), Of(1, "validation"), Of(2, "test"));
    }
}
