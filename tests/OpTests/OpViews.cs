// Inputs as views: the same values lying otherwise in memory.
namespace Engine.OpTests;

/// <summary>Ways to lay the values of a tensor out, none of which may change a result.</summary>
internal static class OpViews
{
    public static (string Kind, Func<Tensor, Tensor> View)[] All { get; } =
    [
        ("transposed", x => x.Transpose().Eval().Transpose()),
        ("strided", x => x.Rank == 0 ? x : Spread(x).Eval().Slice(
            new int[x.Rank], [.. Spread(x).Shape.Sizes], [.. Enumerable.Repeat(2, x.Rank)])),
        ("flipped", x => x.Flip().Eval().Flip()),
    ];

    /// <summary>Each element followed by another along every axis.</summary>
    private static Tensor Spread(Tensor x)
    {
        for (int axis = 0; axis < x.Rank; axis++)
        {
            Tensor pair = Tensor.Stack([x, x], axis + 1);
            x = pair.Reshape(x.Shape.With(axis, 2 * x.Shape[axis]));
        }
        return x;
    }
}
