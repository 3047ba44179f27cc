// The op table: one row an op. A reflection test fails on a primitive that no row reaches.
namespace Engine.OpTests;

/// <summary>All rows.</summary>
internal static partial class OpTable
{
    private static readonly Case[] UnaryCases =
    [
        new([3, 5]), new([[]]), new([1]), new([0]), new([7]), new([2, 0, 3]), new([2, 3, 17]),
        new([1, 1]),
    ];

    private static readonly Case[] BinaryCases =
    [
        new([3, 5], [3, 5]), new([], []), new([4, 1, 3], [2, 1]), new([5], [3, 1]), new([], [7]),
        new([0, 3], [1, 3]), new([33], [33]), new([2, 3], []),
    ];

    // Lazy: the parts of this class lie in several files, whose static fields come first.
    private static readonly Lazy<OpRow[]> AllRows = new(() =>
        [.. Elementwise(), .. Activations(), .. Movement(), .. Reductions(), .. Structured(),
            .. Arrangement(), .. Scans(), .. Contractions(), .. LinearAlgebra(), .. Random()]);

    public static IReadOnlyList<OpRow> Rows => AllRows.Value;

    public static OpRow Row(string name) => Rows.Single(row => row.Name == name);

    private static OpRow Unary(
        string name, Func<Tensor, Tensor> f, Func<double, double> reference, Draw draw) =>
        new(name, x => f(x[0]), x => x[0].Map(reference), [draw], UnaryCases)
        {
            ElementWise = true,
        };

    private static OpRow Binary(
        string name, Func<Tensor, Tensor, Tensor> f, Func<double, double, double> reference,
        Draw first = Draw.Normal, Draw second = Draw.Normal) =>
        new(name, x => f(x[0], x[1]), x => NArray.Zip(x[0], x[1], reference), [first, second],
            BinaryCases)
        {
            ElementWise = true,
        };

    private static Tensor Of(params int[] sizes) => Tensor.Zeros(sizes);

    private static Tensor Ints(params int[] sizes) => Tensor.Zeros(sizes, DType.Int64);
}
