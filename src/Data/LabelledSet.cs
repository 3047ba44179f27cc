// Examples with labels, for ordinary training and for domains: chosen, divided and made into
// batches. Few-shot tasks are drawn from classes instead (ImageClasses, EpisodeSampler), but a
// labelled set is such a source as well.
using System.Collections.Immutable;

namespace Engine.Data;

/// <summary>
/// Examples of one shape, in an order, each with the number of its class. Immutable; sets that are
/// made of another one share its values, and keep all of its classes, so that a label means the
/// same in each.
/// </summary>
public sealed partial class LabelledSet : IEpisodeSource
{
    private readonly IStoredValues values;
    private readonly ImmutableArray<int> rows; // where each example lies in the values

    private LabelledSet(
        string name, Shape shape, IStoredValues values, ImmutableArray<int> rows,
        ImmutableArray<int> labels, ImmutableArray<string> classes)
    {
        (Name, Shape, this.values, this.rows) = (name, shape, values, rows);
        (Labels, Classes) = (labels, classes);
    }

    /// <summary>What error messages and reports call the set.</summary>
    public string Name { get; }

    /// <summary>Shape of an example: (C, H, W) of images, (F) of vectors.</summary>
    public Shape Shape { get; }

    /// <summary>Number of examples.</summary>
    public int Count => Labels.Length;

    /// <summary>Values in an example.</summary>
    public int Size => (int)Shape.Count;

    /// <summary>Names of the classes; a label is a place in it.</summary>
    public ImmutableArray<string> Classes { get; }

    /// <summary>The label of each example.</summary>
    public ImmutableArray<int> Labels { get; }

    /// <summary>
    /// The images of all classes, in the order in which they lie in their files.
    /// </summary>
    public static LabelledSet From(ImageClasses images)
    {
        ArgumentNullException.ThrowIfNull(images);
        (int Row, int Label)[] all =
        [
            .. images.Classes.SelectMany((c, label) => c.Images.Select(row => (row, label)))
                .OrderBy(example => example.row),
        ];
        return new(
            images.Name, [images.Channels, images.Height, images.Width], images.Stored,
            [.. all.Select(a => a.Row)], [.. all.Select(a => a.Label)],
            [.. images.Classes.Select(c => c.Name)]);
    }

    /// <summary>
    /// A set of bytes, example after example; a byte b becomes b / <paramref name="divisor"/>.
    /// </summary>
    /// <exception cref="DataException">Values, labels or classes do not fit together.</exception>
    public static LabelledSet FromBytes(
        string name, Shape shape, byte[] values, float divisor, IReadOnlyList<int> labels,
        IReadOnlyList<string> classes) =>
        Create(name, shape, new ByteValues(values, divisor), labels, classes);

    /// <summary>A set of floats, example after example.</summary>
    /// <exception cref="DataException">
    /// Values, labels or classes do not fit together, or a value is not finite.
    /// </exception>
    public static LabelledSet FromFloats(
        string name, Shape shape, float[] values, IReadOnlyList<int> labels,
        IReadOnlyList<string> classes)
    {
        ArgumentNullException.ThrowIfNull(values);
        int sick = Array.FindIndex(values, x => !float.IsFinite(x));
        if (sick >= 0)
        {
            throw new DataException(
                $"{name}: example {sick / Math.Max(1, shape.Count)} holds {values[sick]}; every "
                + "value must be finite. Leave such examples out, or fill them in.");
        }

        return Create(name, shape, new FloatValues(values), labels, classes);
    }

    internal static LabelledSet Create(
        string name, Shape shape, IStoredValues values, IReadOnlyList<int> labels,
        IReadOnlyList<string> classes)
    {
        if (shape.Count == 0 || values.Length != labels.Count * shape.Count)
        {
            throw new DataException(
                $"{name}: {labels.Count} labels need {labels.Count} examples of {shape}, but there "
                + $"are {values.Length} values.");
        }

        for (int i = 0; i < labels.Count; i++)
        {
            if (labels[i] < 0 || labels[i] >= classes.Count)
            {
                throw new DataException(
                    $"{name}: label {labels[i]} of example {i} has no name; with the names of "
                    + $"{classes.Count} classes, labels are 0 to {classes.Count - 1}.");
            }
        }

        return new(
            name, shape, values, [.. Enumerable.Range(0, labels.Count)], [.. labels], [.. classes]);
    }

    /// <summary>The examples of several sets, set after set, without a copy of them.</summary>
    /// <exception cref="ArgumentException">
    /// There are none, or their shapes or classes differ.
    /// </exception>
    public static LabelledSet Together(string name, IReadOnlyList<LabelledSet> sets)
    {
        ArgumentNullException.ThrowIfNull(sets);
        if (sets.Count == 0) throw new ArgumentException($"{name}: no sets to bring together.");
        LabelledSet first = sets[0];
        if (sets.FirstOrDefault(set => set.Shape != first.Shape
            || !set.Classes.SequenceEqual(first.Classes)) is { } other)
        {
            throw new ArgumentException(
                $"{name}: {first} and {other} differ in shape or classes; bring together what has "
                + "both in common.");
        }

        var all = new JoinedValues([.. sets.Select(set => set.values)], first.Size);
        return new(
            name, first.Shape, all,
            [.. sets.SelectMany((set, i) => set.rows.Select(row => all.First(i) + row))],
            [.. sets.SelectMany(set => set.Labels)], first.Classes);
    }

    /// <summary>The same set under another name.</summary>
    public LabelledSet Named(string name) => new(name, Shape, values, rows, Labels, Classes);

    /// <summary>These examples in this order; an example may come twice.</summary>
    /// <exception cref="ArgumentException">There is no such example.</exception>
    public LabelledSet Rows(IEnumerable<int> indices)
    {
        ImmutableArray<int> chosen = [.. indices];
        foreach (int i in chosen) CheckExample(i);
        return new(
            Name, Shape, values, [.. chosen.Select(i => rows[i])],
            [.. chosen.Select(i => Labels[i])], Classes);
    }

    /// <summary>Examples first .. first + count - 1.</summary>
    /// <exception cref="ArgumentException">There are not as many.</exception>
    public LabelledSet Range(int first, int count)
    {
        if (first < 0 || count < 0 || (long)first + count > Count)
        {
            throw new ArgumentException(
                $"{Name}: {count} examples from {first} on are not among the {Count} there are.");
        }

        return Rows(Enumerable.Range(first, count));
    }

    /// <summary>
    /// So many examples at random, and the others. The same for the same seed; smaller samples of a
    /// seed are part of larger ones.
    /// </summary>
    /// <exception cref="ArgumentException">There are not as many.</exception>
    public (LabelledSet Chosen, LabelledSet Others) Sample(int count, long seed)
    {
        if (count < 0 || count > Count)
        {
            throw new ArgumentException(
                $"{Name}: {count} examples asked for, but there are {Count}.");
        }

        int[] order = new SeededRandom(seed, SampleStream).Choose(Count, Count);
        return (Rows(order[..count]), Rows(order[count..]));
    }

    /// <summary>
    /// A fraction of the examples at random, rounded to a whole number of them, and the others. The
    /// same for the same seed.
    /// </summary>
    /// <exception cref="ArgumentException">The fraction is not in 0..1.</exception>
    public (LabelledSet Chosen, LabelledSet Others) Split(double fraction, long seed) =>
        fraction is >= 0 and <= 1
            ? Sample((int)Math.Round(fraction * Count), seed)
            : throw new ArgumentException($"{Name}: fraction {fraction} must lie in 0..1.");

    /// <summary>
    /// So many examples of each class at random, class after class, and the others. The same for
    /// the same seed; smaller samples of a seed are part of larger ones.
    /// </summary>
    /// <exception cref="ArgumentException">A class has not as many.</exception>
    public (LabelledSet Chosen, LabelledSet Others) PerClass(int count, long seed)
    {
        EpisodeSampler.CheckPositive(nameof(count), count);
        ILookup<int, int> members = new SeededRandom(seed, PerClassStream).Choose(Count, Count)
            .ToLookup(i => Labels[i]);
        int[] few =
            [.. Enumerable.Range(0, Classes.Length).Where(c => members[c].Count() < count)];
        if (few.Length > 0)
        {
            throw new ArgumentException(
                $"{Name}: {count} examples of each class asked for, but there are "
                + string.Join(", ", few.Select(c => $"{members[c].Count()} of '{Classes[c]}'"))
                + ". Ask for fewer, or give more data.");
        }

        int[] chosen =
            [.. Enumerable.Range(0, Classes.Length).SelectMany(c => members[c].Take(count))];
        var taken = chosen.ToHashSet();
        return (Rows(chosen), Rows(Enumerable.Range(0, Count).Where(i => !taken.Contains(i))));
    }

    /// <summary>
    /// How many of these examples are among those of another set: both come from one reading of a
    /// set. Sets that were read apart, or whose values were changed, have none in common.
    /// </summary>
    public int CountIn(LabelledSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (!ReferenceEquals(values, other.values)) return 0;
        var known = other.rows.ToHashSet();
        return rows.Count(known.Contains);
    }

    /// <summary>Writes the values of an example.</summary>
    /// <param name="index">Place of the example in the set.</param>
    /// <param name="target">Exactly <see cref="Size"/> values.</param>
    public void CopyExample(int index, Span<float> target)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(target.Length, Size);
        CheckExample(index);
        values.Copy(rows[index], target);
    }

    /// <summary>Name, examples, shape and classes in words.</summary>
    public override string ToString() =>
        $"{Name}: {Count} examples of {Shape} in {Classes.Length} classes";

    // Streams of a seed: batches have those from 0 on, one for each epoch.
    private const long SampleStream = -1, PerClassStream = -2;

    int IEpisodeSource.ClassCount => Classes.Length;

    ImmutableArray<int> IEpisodeSource.SampleShape => [.. Shape.Sizes];

    string IEpisodeSource.ClassName(int number) => Classes[number];

    ImmutableArray<int> IEpisodeSource.ClassRows(int number) =>
        [.. Enumerable.Range(0, Count).Where(i => Labels[i] == number)];

    void IEpisodeSource.CopySample(int row, Span<float> target, int quarterTurns)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(quarterTurns, 0);
        CopyExample(row, target);
    }

    private void CheckExample(int index)
    {
        if (index < 0 || index >= Count)
        {
            throw new ArgumentException(
                $"{Name}: there is no example {index}; examples are 0 to {Count - 1}.");
        }
    }
}
