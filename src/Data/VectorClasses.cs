// Vectors sorted into classes, such as bags of n-grams or features of another network. Only what is
// not zero is kept, because most of a bag is.
using System.Collections.Immutable;

namespace Engine.Data;

/// <summary>One class of vectors.</summary>
/// <param name="Name">What people call it: "card_arrival".</param>
/// <param name="Group">
/// Classes of one group, such as a domain, may be kept in one part of a split; may be empty.
/// </param>
/// <param name="Rows">Row numbers of its vectors in the source.</param>
public sealed record VectorClass(string Name, string Group, ImmutableArray<int> Rows);

/// <summary>A vector by its places that are not zero, which ascend, and their values.</summary>
public sealed record SparseVector(ImmutableArray<int> Places, ImmutableArray<float> Values)
{
    /// <summary>Writes the whole vector, zeros included.</summary>
    public void CopyTo(Span<float> target)
    {
        target.Clear();
        for (int i = 0; i < Places.Length; i++) target[Places[i]] = Values[i];
    }
}

/// <summary>
/// Vectors of one length sorted into classes. Immutable; subsets share the vectors.
/// </summary>
public sealed class VectorClasses : IEpisodeSource
{
    private readonly ImmutableArray<SparseVector> rows;

    private VectorClasses(
        string name, int length, ImmutableArray<SparseVector> rows,
        ImmutableArray<VectorClass> classes)
    {
        (Name, Length, this.rows, Classes) = (name, length, rows, classes);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>Values in a vector.</summary>
    public int Length { get; }

    /// <summary>The classes; a class's number is its position here.</summary>
    public ImmutableArray<VectorClass> Classes { get; }

    /// <summary>Number of vectors in all classes together.</summary>
    public int VectorCount => Classes.Sum(c => c.Rows.Length);

    /// <inheritdoc/>
    public int ClassCount => Classes.Length;

    /// <inheritdoc/>
    public ImmutableArray<int> SampleShape => [Length];

    /// <summary>Vectors and the classes that name their rows.</summary>
    /// <exception cref="DataException">Vectors or classes that do not fit together.</exception>
    public static VectorClasses From(
        string name, int length, IEnumerable<SparseVector> vectors,
        IEnumerable<VectorClass> classes)
    {
        ImmutableArray<SparseVector> rows = [.. vectors];
        ImmutableArray<VectorClass> all = [.. classes];
        for (int i = 0; i < rows.Length; i++)
        {
            var (places, values) = rows[i];
            bool ascend = places.Zip(places.Skip(1)).All(p => p.First < p.Second);
            if (places.Length != values.Length || !ascend
                || (places.Length > 0 && (places[0] < 0 || places[^1] >= length)))
            {
                throw new DataException(
                    $"{name}: vector {i} must have a value for each of its places, which ascend "
                    + $"from 0 to at most {length - 1}.");
            }
        }

        foreach (VectorClass c in all)
        {
            if (c.Rows.Any(row => row < 0 || row >= rows.Length))
            {
                throw new DataException(
                    $"{name}: class '{c.Name}' names a vector that is not among the {rows.Length} "
                    + "there are.");
            }
        }

        return new(name, length, rows, all);
    }

    /// <summary>The same vectors with some of the classes, in the order given.</summary>
    public VectorClasses Subset(string name, IEnumerable<int> classes) =>
        new(name, Length, rows, [.. classes.Select(c => Classes[c])]);

    /// <summary>
    /// Classes for training, validation and test at random, and none in two of them. With
    /// <paramref name="byGroup"/> whole groups, so that the test asks for domains never seen. The
    /// same for the same seed.
    /// </summary>
    public (VectorClasses Train, VectorClasses Validation, VectorClasses Test) Split(
        long seed, double validationShare = 0.2, double testShare = 0.2, bool byGroup = false)
    {
        int[] parts = Partition.ByGroup(
            [.. Classes.Select(c => byGroup ? c.Group : "")], seed, validationShare, testShare);
        VectorClasses Of(int part, string title) => Subset(
            $"{Name}, {title}", Enumerable.Range(0, parts.Length).Where(i => parts[i] == part));
        return (
            Of(Partition.Train, "training"), Of(Partition.Validation, "validation"),
            Of(Partition.Test, "test"));
    }

    /// <inheritdoc/>
    public string ClassName(int number) => Classes[number].Name;

    /// <inheritdoc/>
    public ImmutableArray<int> ClassRows(int number) => Classes[number].Rows;

    /// <summary>Writes the vector of a row. Vectors cannot be turned.</summary>
    public void CopySample(int row, Span<float> target, int quarterTurns = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(target.Length, Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(quarterTurns, 0);
        rows[row].CopyTo(target);
    }

    /// <summary>Name, classes, vectors and length in words.</summary>
    public override string ToString() =>
        $"{Name}: {Classes.Length} classes, {VectorCount} vectors of {Length}";
}
