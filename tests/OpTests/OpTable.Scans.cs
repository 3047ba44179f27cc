// Rows of products, running sums, norms, order and truth over axes.
namespace Engine.OpTests;

internal static partial class OpTable
{
    private static IEnumerable<OpRow> Scans()
    {
        foreach (var (name, axes, keep) in ((string, int[], bool)[])
            [("0", [0], false), ("12Keep", [1, 2], true), ("All", [0, 1, 2], false)])
        {
            yield return Reduce("Prod" + name, x => x.Prod(axes, keep), axes, keep,
                v => v.Aggregate(1.0, (a, b) => a * b),
                [[2, 3, 3], [1, 1, 1], [4, 1, 2], [0, 3, 2]]);
            // Away from short vectors, where third derivatives spoil finite differences.
            Draw draw = name == "All" ? Draw.AwayFromZero : Draw.Positive;
            foreach (double p in (double[])[1, 2, 3])
                yield return Reduce(
                    $"Norm{p}_{name}", x => x.Norm(axes, keep, p), axes, keep,
                    v => Math.Pow(v.Sum(u => Math.Pow(Math.Abs(u), p)), 1 / p),
                    [[2, 3, 5], [4, 2, 3]], draw);
            yield return Reduce(
                "NormInfinity" + name, x => x.Norm(axes, keep, double.PositiveInfinity), axes, keep,
                v => v.Max(Math.Abs), [[2, 3, 5], [1, 1, 1]], Draw.Distinct) with
            {
                Errors = [(() => Of(2).Norm(p: 0),
                    "Norm: p = 0 does not define a norm of shape (2). Give a positive p or an "
                    + "infinity.")],
            };
            yield return Truths("Any" + name, x => x.Any(axes, keep), axes, keep,
                v => v.Any(u => u != 0));
            yield return Truths("All" + name, x => x.All(axes, keep), axes, keep,
                v => v.All(u => u != 0));
        }
        foreach (int axis in (int[])[0, -1])
        {
            yield return Along("CumSum" + axis, x => x.CumSum(axis), axis,
                v => Running(v, (a, b) => a + b));
            yield return Along("CumSumReverse" + axis, x => x.CumSum(axis, reverse: true), axis,
                v => Reversed(Running(Reversed(v), (a, b) => a + b)));
            yield return Along("CumProd" + axis, x => x.CumProd(axis), axis,
                v => Running(v, (a, b) => a * b));
            yield return Along("CumProdReverse" + axis, x => x.CumProd(axis, reverse: true), axis,
                v => Reversed(Running(Reversed(v), (a, b) => a * b)));
            yield return Along("Sort" + axis, x => x.Sort(axis), axis, v => [.. v.Order()]) with
            {
                Draws = [Draw.Distinct],
            };
            yield return Along("SortDescending" + axis, x => x.Sort(axis, descending: true), axis,
                v => [.. v.OrderDescending()]) with
            {
                Draws = [Draw.Distinct],
            };
            yield return Along(
                "ArgSortDescending" + axis, x => x.ArgSort(axis, descending: true), axis,
                v => [.. Enumerable.Range(0, v.Count).OrderByDescending(i => v[i])
                    .Select(i => (double)i)]) with
            {
                Differentiable = false,
            };
            yield return Reduce(
                "ArgMin" + axis, x => x.ArgMin(axis), [axis], false, v => v.IndexOf(v.Min()),
                ReduceShapes, Draw.Distinct) with
            {
                Differentiable = false,
                Errors = [(() => Of(2, 0).ArgMin(),
                    "ArgMin: axes [1] of shape (2, 0) hold no elements. "
                        + "A mean or extremum needs at least one.")],
            };
        }
        yield return Move("TopK", x => x.TopK(2).Values,
            x => Top(x, (v, i) => v.OrderDescending().ElementAt(i)), [[3, 4], [2], [2, 3, 3]]) with
        {
            Draws = [Draw.Distinct],
            Errors = [(() => Of(2, 3).TopK(4),
                "TopK: cannot take 4 elements along axis 1 of shape (2, 3). Ask for 0 to 3.")],
        };
        yield return Move("TopKSmallest", x => x.TopK(2, largest: false).Values,
            x => Top(x, (v, i) => v.Order().ElementAt(i)), [[3, 4]]) with
        {
            Draws = [Draw.Distinct],
        };
        yield return Move("TopKIndices", x => x.TopK(2).Indices,
            x => Top(x, (v, i) => v.IndexOf(v.OrderDescending().ElementAt(i))), [[3, 4]]) with
        {
            Differentiable = false,
        };
    }

    private static OpRow Truths(
        string name, Func<Tensor, Tensor> f, int[] axes, bool keep, Predicate<List<double>> g) =>
        Reduce(
            name, f, axes, keep, v => Truth(g(v)), [[2, 3, 2], [1, 1, 1], [0, 3, 2]],
            Draw.Mask) with
        {
            Differentiable = false,
            Errors = [(() => Of(2).Any(),
                "Any: needs a bool mask, but got float32 (2). Compare first, for example x > 0.")],
        };

    private static List<double> Running(List<double> v, Func<double, double, double> f)
    {
        List<double> result = [.. v];
        for (int i = 1; i < result.Count; i++) result[i] = f(result[i - 1], v[i]);
        return result;
    }

    private static List<double> Reversed(List<double> v) => [.. Enumerable.Reverse(v)];

    private static NArray Top(NArray x, Func<List<double>, int, double> f) =>
        NArray.Fill([.. x.Sizes[..^1], 2], at => f(
            [.. Enumerable.Range(0, x.Sizes[^1]).Select(i => x[[.. at[..^1], i]])], at[^1]));
}
