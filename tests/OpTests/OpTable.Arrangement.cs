// Rows of diagonals, triangles, rearrangements and indexing.
namespace Engine.OpTests;

internal static partial class OpTable
{
    private static IEnumerable<OpRow> Arrangement()
    {
        foreach (int offset in (int[])[0, 1, -2, 7])
        {
            yield return Move("Diagonal" + offset, x => x.Diagonal(offset),
                x => DiagonalOf(x, offset), [[3, 4], [2, 4, 3], [1, 1], [5, 2], [0, 3]]);
            yield return Move("Triu" + offset, x => x.Triu(offset),
                x => NArray.Fill(x.Sizes, at => at[^1] - at[^2] >= offset ? x[at] : 0),
                [[3, 4], [2, 4, 3], [0, 2]]) with
            {
                Errors = [(() => Of(3).Triu(),
                    "Triu: needs matrices (..., m, n), but got shape (3). Reshape it.")],
            };
            yield return Move("Tril" + offset, x => x.Tril(offset),
                x => NArray.Fill(x.Sizes, at => at[^1] - at[^2] <= offset ? x[at] : 0),
                [[3, 4], [2, 4, 3], [0, 2]]);
            yield return Move("Diag" + offset, x => x.Diag(offset), x => DiagOf(x, offset),
                [[3], [2, 2], [1], [2, 0]]) with
            {
                Errors = [(() => Of().Diag(),
                    "Diag: a scalar has no axis to lay along a diagonal. Reshape it to (1).")],
            };
        }
        yield return Move("DiagonalOfAxes", x => x.Diagonal(1, 2, 0),
            x => DiagonalOf(x.Permute(1, 2, 0), 1), [[3, 2, 4], [2, 3, 2]]) with
        {
            Errors = [(() => Of(2, 2).Diagonal(0, 1, -1),
                "Diagonal: axis 1 of shape (2, 2) is named twice. Name two different axes.")],
        };
        yield return Move("Split", x => x.Split(2, 1)[1],
            x => NArray.Fill([x.Sizes[0], x.Sizes[1] / 2], at => x[at[0], at[1] + x.Sizes[1] / 2]),
            [[3, 4], [1, 2], [2, 0]]) with
        {
            Errors = [(() => Of(2, 3).Split(2, 1),
                "Split: axis 1 of shape (2, 3) does not divide into 2 equal parts. Give the size "
                + "of each part instead.")],
        };
        yield return Move("SplitSizes", x => x.Split([1, 0, 2])[2],
            x => NArray.Fill([2, .. x.Sizes[1..]], at => x[[at[0] + 1, .. at[1..]]]),
            [[3, 4], [3]]) with
        {
            Errors = [(() => Of(3).Split([1, 1]),
                "Split: parts of [1, 1] do not fill axis 0 of shape (3). Sizes must add up to 3.")],
        };
        foreach (int shift in (int[])[1, -2, 9])
            yield return Move("Roll" + shift, x => x.Roll(shift, 0),
                x => NArray.Fill(x.Sizes, at =>
                    x[[((at[0] - shift) % x.Sizes[0] + x.Sizes[0]) % x.Sizes[0], .. at[1..]]]),
                [[5, 2], [3], [1, 2], [0, 2]]);
        yield return Move("Repeat", x => x.Repeat(3, 1),
            x => NArray.Fill([x.Sizes[0], 3 * x.Sizes[1]], at => x[at[0], at[1] / 3]),
            [[2, 4], [1, 1], [2, 0]]) with
        {
            Errors = [(() => Of(2).Repeat(-1, 0),
                "Repeat: cannot repeat axis 0 of shape (2) -1 times. Give 0 or more.")],
        };
        yield return Move("Tile", x => x.Tile(2, 1, 3), x => NArray.Fill(
                [2, x.Sizes.Length > 1 ? x.Sizes[^2] : 1, 3 * x.Sizes[^1]],
                at => x[x.Sizes.Length > 1 ? [at[1], at[2] % x.Sizes[1]] : [at[2] % x.Sizes[0]]]),
            [[2, 4], [3], [1, 1]]) with
        {
            Errors = [(() => Of(2).Tile(-1),
                "Tile: cannot make (-1) copies of shape (2). Give 0 or more along each axis.")],
        };
        yield return new(
            "ScatterAdd", x => x[0].ScatterAdd(x[1], x[2], 1), ScatterOf,
            [Draw.Normal, Draw.Index, Draw.Normal],
            [new([2, 3], [2, 5], [2, 5]), new([1, 4], [1, 1], [1, 1]), new([3, 3], [3, 0], [3, 0])])
        {
            Errors =
            [
                (() => Of(2, 3).ScatterAdd(Ints(3, 3), Of(3, 3), 1),
                    "ScatterAdd: index (3, 3) must have the shape (2, 3) but for axis 1. Broadcast "
                    + "it first."),
                (() => Of(2, 3).ScatterAdd(Ints(2, 2), Of(2, 1), 1),
                    "ScatterAdd: updates (2, 1) must have the shape of index (2, 2). Broadcast one "
                    + "of them first."),
            ],
        };
        yield return new(
            "IndexByTensor", x => x[0][x[1]],
            x => NArray.Fill(
                [.. x[1].Sizes, .. x[0].Sizes[1..]],
                at => x[0][[(int)x[1][at[..x[1].Sizes.Length]], .. at[x[1].Sizes.Length..]]]),
            [Draw.Normal, Draw.Index], [new([3, 2], [4]), new([4], [2, 2])])
        {
            Errors = [(() => Of(2)[Of(2) > 0],
                "Take: a mask (2) would give (2) a shape that depends on values. Use Where(mask, "
                + "x, 0), or positions.")],
        };
        yield return new(
            "Outer", x => x[0].Outer(x[1]),
            x => NArray.Fill([x[0].Sizes[0], x[1].Sizes[0]], at => x[0][at[0]] * x[1][at[1]]),
            [Draw.Normal, Draw.Normal], [new([3], [4]), new([1], [1]), new([0], [2])])
        {
            Errors = [(() => Of(2, 2).Outer(Of(2)),
                "Outer: needs two vectors, but got shapes (2, 2) and (2). Flatten them, or use "
                + "Einsum.")],
        };
    }

    private static NArray DiagonalOf(NArray x, int offset)
    {
        int m = x.Sizes[^2], n = x.Sizes[^1];
        int length = Math.Max(0, offset >= 0 ? Math.Min(m, n - offset) : Math.Min(m + offset, n));
        return NArray.Fill([.. x.Sizes[..^2], length], at =>
            x[[.. at[..^1], at[^1] + Math.Max(0, -offset), at[^1] + Math.Max(0, offset)]]);
    }

    private static NArray DiagOf(NArray x, int offset)
    {
        int size = x.Sizes[^1] + Math.Abs(offset);
        return NArray.Fill([.. x.Sizes[..^1], size, size], at => at[^1] - at[^2] == offset
            ? x[[.. at[..^2], Math.Min(at[^1], at[^2])]]
            : 0);
    }

    private static NArray ScatterOf(NArray[] x)
    {
        double[] values = [.. x[0].Values];
        foreach (int[] at in NArray.Places(x[1].Sizes))
            values[at[0] * x[0].Sizes[1] + (int)x[1][at]] += x[2][at];
        return new(values, x[0].Sizes);
    }
}
