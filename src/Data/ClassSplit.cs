// Which classes are for training, validation and test. Groups (scripts, alphabets) stay whole, so
// that the test asks for characters of writing systems never seen.
using System.Collections.Immutable;

namespace Engine.Data;

/// <summary>What a class is for.</summary>
public enum SplitPart
{
    /// <summary>Tasks to train on.</summary>
    Train,

    /// <summary>Tasks to choose settings by.</summary>
    Validation,

    /// <summary>Tasks to be judged on.</summary>
    Test,
}

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

    /// <summary>
    /// The split of those who published the images; null if they gave none, that is unless every
    /// class has its part and there are some to train on and some to test. There may be none to
    /// validate on.
    /// </summary>
    public static ClassSplit? Published(ImageClasses source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var parts = source.Classes.Select(c => c.Part).ToHashSet();
        bool given = !parts.Contains(null)
            && parts.Contains(SplitPart.Train) && parts.Contains(SplitPart.Test);
        return given ? By(source, [.. source.Classes.Select(c => c.Part!.Value)]) : null;
    }

    /// <summary>The named groups are for validation and test, all others for training.</summary>
    /// <exception cref="ArgumentException">
    /// A name is not a group, or is in both lists.
    /// </exception>
    public static ClassSplit ByGroup(
        ImageClasses source, IReadOnlyCollection<string> validation,
        IReadOnlyCollection<string> test) =>
        Listed(source, "group", c => c.Group, validation, test);

    /// <summary>The named classes are for validation and test, all others for training.</summary>
    /// <exception cref="ArgumentException">
    /// A name is not that of a class, or is in both lists.
    /// </exception>
    public static ClassSplit ByName(
        ImageClasses source, IReadOnlyCollection<string> validation,
        IReadOnlyCollection<string> test) =>
        Listed(source, "class", c => c.Name, validation, test);

    /// <summary>
    /// The classes in random order, whatever their groups: the first are for training, all others
    /// for test. The same for the same seed; validation takes nothing from the test.
    /// </summary>
    /// <param name="source">The classes.</param>
    /// <param name="train">How many are not for test.</param>
    /// <param name="seed">The seed of the order.</param>
    /// <param name="validation">
    /// How many of these, the last ones, are for validation instead of training.
    /// </param>
    /// <exception cref="ArgumentException">
    /// No class would be left to train on or to test.
    /// </exception>
    public static ClassSplit Shuffled(
        ImageClasses source, int train, long seed, int validation = 0)
    {
        ArgumentNullException.ThrowIfNull(source);
        int count = source.Classes.Length;
        if (train < 1 || train >= count)
        {
            throw new ArgumentException(
                $"train: {train} of the {count} classes of {source.Name} leave none to train on or "
                + $"none to test; choose 1 to {count - 1}.");
        }

        if (validation < 0 || validation >= train)
        {
            throw new ArgumentException(
                $"validation: {validation} of the {train} classes that are not for test leave none "
                + $"to train on; choose 0 to {train - 1}.");
        }

        var parts = new SplitPart[count];
        int[] order = new SeededRandom(seed).Choose(count, count);
        foreach (int c in order.AsSpan(train - validation)) parts[c] = SplitPart.Validation;
        foreach (int c in order.AsSpan(train)) parts[c] = SplitPart.Test;
        return By(source, parts);
    }

    /// <summary>
    /// Whole groups drawn at random until test and validation have at least their share of the
    /// classes; a class without a group is a group of its own. The same for the same seed.
    /// </summary>
    public static ClassSplit AtRandom(
        ImageClasses source, long seed, double validationShare = 0.1, double testShare = 0.2)
    {
        var groups = source.Classes
            .Select((c, i) => (Class: i, Group: c.Group.Length > 0 ? c.Group : $"\0{i}"))
            .GroupBy(p => p.Group, p => p.Class)
            .ToList();
        var part = new SplitPart[source.Classes.Length];
        int test = 0, validation = 0;
        foreach (int g in new SeededRandom(seed).Choose(groups.Count, groups.Count))
        {
            SplitPart to = test < testShare * part.Length ? SplitPart.Test
                : validation < validationShare * part.Length ? SplitPart.Validation
                : SplitPart.Train;
            foreach (int c in groups[g]) part[c] = to;
            if (to == SplitPart.Test) test += groups[g].Count();
            if (to == SplitPart.Validation) validation += groups[g].Count();
        }

        return By(source, part);
    }

    /// <summary>What the lists say of each class's name or group.</summary>
    private static ClassSplit Listed(
        ImageClasses source, string kind, Func<ImageClass, string> key,
        IReadOnlyCollection<string> validation, IReadOnlyCollection<string> test)
    {
        var keys = source.Classes.Select(key).ToHashSet();
        foreach (string name in validation.Concat(test))
        {
            if (!keys.Contains(name) || (validation.Contains(name) && test.Contains(name)))
            {
                throw new ArgumentException(
                    $"'{name}' must be a {kind} of {source.Name}, for either validation or test.");
            }
        }

        return By(source, [.. source.Classes.Select(key).Select(k =>
            test.Contains(k) ? SplitPart.Test
            : validation.Contains(k) ? SplitPart.Validation : SplitPart.Train)]);
    }

    private static ClassSplit By(ImageClasses source, SplitPart[] parts)
    {
        ImageClasses Of(SplitPart part, string name) => source.Subset(
            $"{source.Name}, {name}",
            Enumerable.Range(0, parts.Length).Where(i => parts[i] == part));
        return new ClassSplit(
            Of(SplitPart.Train, "training"), Of(SplitPart.Validation, "validation"),
            Of(SplitPart.Test, "test"));
    }
}
