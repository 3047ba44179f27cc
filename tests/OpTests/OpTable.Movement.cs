// Rows of movement ops.
namespace Engine.OpTests;

internal static partial class OpTable
{
    private static IEnumerable<OpRow> Movement()
    {
        yield return Move("Reshape", x => x.Reshape(6, -1), x => x.Reshape(6, x.Values.Length / 6),
            [[2, 3, 4], [6, 0, 2], [6]]) with
        {
            Errors =
            [
                (() => Of(2, 3).Reshape(4, -1),
                    "Reshape: shape (2, 3) has 6 elements, which (4, -1) cannot hold. Sizes must "
                    + "multiply to 6; one may be -1."),
                (() => Of(2, 3).Reshape(7),
                    "Reshape: shape (2, 3) has 6 elements, which (7) cannot hold. Sizes must "
                    + "multiply to 6; one may be -1."),
            ],
        };
        yield return Move("Transpose", x => x.Transpose(2, 0, 1), x => x.Permute(2, 0, 1),
            [[2, 3, 4], [1, 5, 1], [0, 2, 3]]) with
        {
            Errors = [(() => Of(2, 3).Transpose(0, 0),
                "Transpose: [0, 0] is not a permutation of the 2 axes of shape (2, 3). Name each "
                + "axis once.")],
        };
        yield return Move("MoveAxis", x => x.MoveAxis(0, -1), x => x.Permute(1, 2, 0),
            [[2, 3, 4]]);
        yield return Move("SwapAxes", x => x.SwapAxes(0, 2), x => x.Permute(2, 1, 0), [[2, 3, 4]]);
        yield return Move("ExpandDims", x => x.ExpandDims(1),
            x => x.Reshape([x.Sizes[0], 1, .. x.Sizes[1..]]), [[3], [2, 3]]) with
        {
            Errors = [(() => Of(2).ExpandDims(3),
                "ExpandDims: axis 3 is out of range for shape (2); it must lie in -2..1.")],
        };
        yield return Move("Squeeze", x => x.Squeeze(1),
            x => x.Reshape([x.Sizes[0], .. x.Sizes[2..]]), [[3, 1], [2, 1, 4]]) with
        {
            Errors = [(() => Of(2, 3).Squeeze(1),
                "Squeeze: axis 1 of shape (2, 3) has size 3, not 1. Name only axes of size 1.")],
        };
        yield return Move("Flatten", x => x.Flatten(1),
            x => x.Reshape(x.Sizes[0], x.Values.Length / x.Sizes[0]), [[3, 2, 2], [2, 5]]);
        yield return Move("BroadcastTo", x => x.BroadcastTo([3, 4, 5]),
            x => NArray.Fill([3, 4, 5], x.Repeated), [[4, 1], [5], [], [1, 4, 5], [3, 4, 5]]) with
        {
            Errors = [(() => Of(2, 3).BroadcastTo([3, 3]),
                "BroadcastTo: shape (2, 3) does not repeat to (3, 3): aligned at the right, sizes "
                + "must be equal or 1 in the first. Reshape it first.")],
        };
        yield return Move("Slice", x => x.Slice([1, 0], [6, 3], [2, 1]),
            x => NArray.Fill([3, 3, .. x.Sizes[2..]], at => x[[1 + 2 * at[0], at[1], .. at[2..]]]),
            [[7, 5], [6, 3], [8, 4, 2]]) with
        {
            Errors =
            [
                (() => Of(4)[2..5],
                    "Slice: range 2..5 does not lie within axis 0 of shape (4). Bounds must "
                    + "satisfy 0 <= start <= end <= 4."),
                (() => Of(4)[4],
                    "Slice: index 4 is outside axis 0 of shape (4); it must lie in -4..3."),
                (() => Of(4).Slice([0], [4], [0]),
                    "Slice: 0..4 by 0 does not lie within axis 0 of shape (4). Bounds must satisfy "
                    + "0 <= start <= stop <= 4, the step be positive."),
            ],
        };
        yield return Move("Ranges", x => x[1.., ^2..],
            x => NArray.Fill([x.Sizes[0] - 1, 2], at => x[at[0] + 1, x.Sizes[1] - 2 + at[1]]),
            [[3, 4], [1, 2]]);
        yield return Move("Index", x => x[^1],
            x => NArray.Fill(x.Sizes[1..], at => x[[x.Sizes[0] - 1, .. at]]), [[3, 4], [5]]);
        yield return Move("Column", x => x[.., 0],
            x => NArray.Fill([x.Sizes[0], .. x.Sizes[2..]], at => x[[at[0], 0, .. at[1..]]]),
            [[3, 4], [2, 1, 3], [0, 2]]);
        yield return Move("RangesAndElements", x => x[-1, 1.., ^2],
            x => NArray.Fill([x.Sizes[1] - 1, .. x.Sizes[3..]],
                at => x[[x.Sizes[0] - 1, 1 + at[0], x.Sizes[2] - 2, .. at[1..]]]),
            [[3, 4, 2], [1, 2, 3, 2]]);
        yield return Move("Elements", x => x[0, -2],
            x => NArray.Fill(x.Sizes[2..], at => x[[0, x.Sizes[1] - 2, .. at]]),
            [[3, 4], [1, 2, 3]]);
        yield return Move("Pad", x => x.Pad([1, 0], [2, 3]),
            x => NArray.Fill(
                [x.Sizes[0] + 3, x.Sizes[1] + 3], at => Inside(x, at[0] - 1, at[1], 0)),
            [[2, 3], [1, 1], [0, 2]]) with
        {
            Errors = [(() => Of(2).Pad([-1], [0]),
                "Pad: width -1 is negative for shape (2). Slice to make an axis shorter.")],
        };
        yield return Move("PadValue", x => x.Pad([1, 0], [2, 3], -2.5),
            x => NArray.Fill(
                [x.Sizes[0] + 3, x.Sizes[1] + 3], at => Inside(x, at[0] - 1, at[1], -2.5)),
            [[2, 3]]);
        yield return Move("Flip", x => x.Flip([0, 2]),
            x => NArray.Fill(
                x.Sizes, at => x[x.Sizes[0] - 1 - at[0], at[1], x.Sizes[2] - 1 - at[2]]),
            [[2, 3, 4], [1, 2, 1], [0, 2, 3]]);
        yield return new(
            "Concat", x => Tensor.Concat(x, 1),
            x => NArray.Fill(
                [x[0].Sizes[0], x[0].Sizes[1] + x[1].Sizes[1]],
                at => at[1] < x[0].Sizes[1] ? x[0][at] : x[1][at[0], at[1] - x[0].Sizes[1]]),
            [Draw.Normal, Draw.Normal],
            [new([2, 3], [2, 4]), new([1, 1], [1, 1]), new([2, 0], [2, 3]), new([0, 2], [0, 1])])
        {
            Errors = [(() => Tensor.Concat([Of(2, 3), Of(3, 3)], 1),
                "Concat: shapes (2, 3) and (3, 3) differ in more than axis 1. Slice or reshape "
                + "one.")],
        };
        yield return new(
            "Stack", x => Tensor.Stack(x, -1),
            x => NArray.Fill([.. x[0].Sizes, 2], at => x[at[^1]][at[..^1]]),
            [Draw.Normal, Draw.Normal], [new([2, 3], [2, 3]), new([], []), new([0], [0])])
        {
            Errors = [(() => Tensor.Stack([Of(2), Of(3)]),
                "Stack: shapes (2) and (3) differ. Stack needs equal shapes; Concat joins along an "
                + "existing axis.")],
        };
        yield return new(
            "Barrier", x => x[0].After(x[1]), x => x[0], [Draw.Normal, Draw.Normal],
            [new([2, 3], [4]), new([], [2]), new([0], [0])]);
    }

    private static OpRow Move(
        string name, Func<Tensor, Tensor> f, Func<NArray, NArray> reference, int[][] shapes) =>
        new(name, x => f(x[0]), x => reference(x[0]), [Draw.Normal],
            [.. shapes.Select(shape => new Case(shape))]);

    private static double Inside(NArray x, int i, int j, double outside) =>
        i >= 0 && j >= 0 && i < x.Sizes[0] && j < x.Sizes[1] ? x[i, j] : outside;
}
