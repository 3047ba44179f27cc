// Rows of reductions and what is composed of them.
namespace Engine.OpTests;

internal static partial class OpTable
{
    private static readonly int[][] ReduceShapes = [[2, 3, 5], [1, 1, 1], [4, 1, 70], [2, 9, 33]];

    private static IEnumerable<OpRow> Reductions()
    {
        foreach (var (name, axes, keep) in ((string, int[], bool)[])
            [("0", [0], false), ("12Keep", [1, 2], true), ("Last", [-1], false),
                ("All", [0, 1, 2], false)])
        {
            yield return Reduce("Sum" + name, x => x.Sum(axes, keep), axes, keep, v => v.Sum(),
                [.. ReduceShapes, [0, 3, 2]]) with
            {
                Errors =
                [
                    (() => Of(2, 3).Sum(2),
                        "Sum: axis 2 is out of range for shape (2, 3); it must lie in -2..1."),
                    (() => Of(2, 3).Sum([0, -2]),
                        "Sum: axis 0 is named twice in [0, -2]. Name it once."),
                ],
            };
            yield return Reduce("Mean" + name, x => x.Mean(axes, keep), axes, keep,
                v => v.Average(), ReduceShapes) with
            {
                Errors = [(() => Of(0, 3).Mean(0),
                    "Mean: axes [0] of shape (0, 3) hold no elements. A mean or extremum needs at least one.")],
            };
            yield return Reduce("Max" + name, x => x.Max(axes, keep), axes, keep, v => v.Max(),
                ReduceShapes, Draw.Distinct) with
            {
                Errors = [(() => Of(0).Max(),
                    "Max: axes [0] of shape (0) hold no elements. A mean or extremum needs at least one.")],
            };
            yield return Reduce("Min" + name, x => x.Min(axes, keep), axes, keep, v => v.Min(),
                ReduceShapes, Draw.Distinct);
            yield return Reduce(
                "LogSumExp" + name, x => x.LogSumExp(axes, keep), axes, keep,
                v => v.Max() + Math.Log(v.Sum(u => Math.Exp(u - v.Max()))), ReduceShapes);
            yield return Reduce(
                "Var" + name, x => x.Var(axes, keep), axes, keep,
                v => v.Average(u => (u - v.Average()) * (u - v.Average())), ReduceShapes) with
            {
                Tolerance64 = 1e-12,
            };
        }
        yield return Reduce(
            "VarUnbiased", x => x.Var(0, false, 1), [0], false,
            v => v.Sum(u => (u - v.Average()) * (u - v.Average())) / (v.Count - 1),
            [[4, 3], [2, 2]]) with
        {
            Tolerance64 = 1e-12,
            Errors = [(() => Of(1).Var(0, correction: 1),
                "Var: axes [0] of shape (1) hold 1 elements, and the correction 1 leaves none. "
                + "Reduce more axes or correct by less.")],
        };
        foreach (int axis in (int[])[0, -1])
        {
            yield return Reduce(
                "ArgMax" + axis, x => x.ArgMax(axis), [axis], false, v => v.IndexOf(v.Max()),
                ReduceShapes, Draw.Distinct) with
            {
                Differentiable = false,
            };
            yield return Along("Softmax" + axis, x => x.Softmax(axis), axis,
                v => [.. v.Select(u => Math.Exp(u) / v.Sum(Math.Exp))]) with
            {
                Errors = [(() => Ints(2).Softmax(),
                    "Softmax: needs float32 or float64, but got int64 (2). Use "
                    + ".Cast(DType.Float32).")],
            };
            yield return Along("LogSoftmax" + axis, x => x.LogSoftmax(axis), axis,
                v => [.. v.Select(u => u - v.Max() - Math.Log(v.Sum(w => Math.Exp(w - v.Max()))))]);
            yield return Along("ArgSort" + axis, x => x.ArgSort(axis), axis,
                v => [.. Enumerable.Range(0, v.Count).OrderBy(i => v[i])
                    .Select(i => (double)i)]) with
            {
                Differentiable = false,
            };
        }
    }

    private static OpRow Reduce(
        string name, Func<Tensor, Tensor> f, int[] axes, bool keep, Func<List<double>, double> g,
        int[][] shapes, Draw draw = Draw.Normal) =>
        new(name, x => f(x[0]), x => x[0].Reduce(axes, g, keep), [draw],
            [.. shapes.Select(shape => new Case(shape))]);

    /// <summary>An op that maps each line along an axis to another line.</summary>
    private static OpRow Along(
        string name, Func<Tensor, Tensor> f, int axis, Func<List<double>, List<double>> g) =>
        new(name, x => f(x[0]), x =>
        {
            int at = axis < 0 ? axis + x[0].Sizes.Length : axis;
            return NArray.Fill(x[0].Sizes, place =>
            {
                var line = new List<double>();
                for (int i = 0; i < x[0].Sizes[at]; i++)
                {
                    int[] other = [.. place];
                    other[at] = i;
                    line.Add(x[0][other]);
                }
                return g(line)[place[at]];
            });
        },
        [Draw.Normal], [new([3, 4]), new([2, 3, 5]), new([1, 1]), new([7])]);
}
