// Rows of products, convolutions, pooling, indexing and random numbers.
namespace Engine.OpTests;

internal static partial class OpTable
{
    private static IEnumerable<OpRow> Structured()
    {
        yield return new(
            "MatMul", x => x[0].MatMul(x[1]), MatMulReference, [Draw.Normal, Draw.Normal],
            [new([3, 4], [4, 5]), new([4], [4, 5]), new([3, 4], [4]), new([4], [4]),
                new([2, 3, 4], [2, 4, 5]), new([2, 1, 3, 4], [3, 4, 2]), new([3, 3, 4], [4, 2]),
                new([1, 1], [1, 1]), new([0, 3], [3, 2]), new([2, 0], [0, 3]),
                new([17, 19], [19, 18])])
        {
            Errors =
            [
                (() => Of(5, 3).MatMul(Of(4, 2)),
                    "MatMul: the last axis of (5, 3) must equal the second-to-last axis of (4, 2), "
                    + "but 3 != 4. Transpose one operand or reshape."),
                (() => Of().MatMul(Of(2)),
                    "MatMul: needs at least one axis on both sides, but got () and (2). Multiply "
                    + "scalars with *."),
            ],
        };
        foreach (var (name, stride, padding, dilation, groups, x, w) in
            ((string, int, int, int, int, int[], int[])[])
            [
                ("", 1, 0, 1, 1, [2, 3, 6, 5], [4, 3, 3, 3]),
                ("Padded", 1, 1, 1, 1, [1, 2, 5, 4], [3, 2, 3, 3]),
                ("Strided", 2, 1, 1, 1, [2, 2, 7, 6], [3, 2, 3, 3]),
                ("Dilated", 1, 2, 2, 1, [1, 2, 6, 7], [2, 2, 3, 3]),
                ("Grouped", 1, 1, 1, 2, [2, 4, 5, 5], [6, 2, 3, 3]),
                ("Depthwise", 2, 2, 1, 4, [1, 4, 7, 6], [4, 1, 5, 3]),
                ("Pointwise", 1, 0, 1, 1, [2, 5, 3, 3], [4, 5, 1, 1]),
                ("Sparse", 3, 0, 1, 1, [1, 2, 7, 8], [2, 2, 2, 2]),
                ("One", 1, 1, 1, 1, [3, 1, 1, 1], [1, 1, 3, 3]),
                ("Empty", 1, 1, 1, 1, [0, 2, 4, 4], [3, 2, 3, 3]),
            ])
        {
            yield return new(
                "Conv2d" + name, t => t[0].Conv2d(t[1], stride, padding, dilation, groups),
                t => NArray.Conv2d(t[0], t[1], stride, padding, dilation, groups),
                [Draw.Normal, Draw.Normal], [new(x, w)])
            {
                Tolerance32 = 1e-5,
                Errors =
                [
                    (() => Of(1, 3, 8, 8).Conv2d(Of(4, 2, 3, 3)),
                        "Conv2d: images (1, 3, 8, 8) have 3 channels, but filters (4, 2, 3, 3) in "
                        + "1 groups take 2 * 1 and their number, 4, must be divisible by the "
                        + "groups."),
                    (() => Of(1, 3, 2, 2).Conv2d(Of(4, 3, 3, 3)),
                        "Conv2d: filters (4, 3, 3, 3) with dilation (1, 1) span 3 x 3, more than "
                        + "images (1, 3, 2, 2) with padding (0, 0). Use smaller filters or more "
                        + "padding."),
                    (() => Of(3, 8, 8).Conv2d(Of(4, 3, 3, 3)),
                        "Conv2d: needs 4 axes (N, C, H, W), but got shape (3, 8, 8). Reshape it."),
                ],
            };
        }
        foreach (var (window, stride, padding, sizes) in ((int, int, int, int[])[])
            [(2, 2, 0, [2, 3, 6, 8]), (2, 2, 0, [1, 2, 7, 5]), (3, 2, 1, [2, 1, 7, 7]),
                (2, 1, 0, [1, 1, 3, 3])])
        {
            string name = $"{window}{stride}{padding}_{sizes[2]}";
            yield return new(
                "MaxPool2d" + name, x => x[0].MaxPool2d(window, stride, padding),
                x => x[0].Pool(window, stride, padding, v => v.Max()), [Draw.Distinct],
                [new(sizes)])
            {
                Errors = [(() => Of(1, 1, 2, 2).MaxPool2d(3),
                    "MaxPool2d: a window of 3 x 3 is larger than images (1, 1, 2, 2) with padding "
                    + "0. Use a smaller window.")],
            };
            yield return new(
                "AvgPool2d" + name, x => x[0].AvgPool2d(window, stride, padding),
                x => x[0].Pool(window, stride, padding, v => v.Sum() / (window * window)),
                [Draw.Normal], [new(sizes)]);
        }
        yield return new(
            "Take", x => x[0].Take(x[1], 1),
            x => NArray.Fill(
                [x[0].Sizes[0], .. x[1].Sizes, .. x[0].Sizes[2..]],
                at => x[0][[at[0], (int)x[1][at[1..(1 + x[1].Sizes.Length)]],
                    .. at[(1 + x[1].Sizes.Length)..]]]),
            [Draw.Normal, Draw.Index],
            [new([3, 5], [7]), new([2, 3, 4], [2, 2]), new([2, 3], []), new([2, 3], [0])])
        {
            Errors = [(() => Of(2, 3).Take(Of(2), 1),
                "Take: needs integer indices, but got float32 (2). Use .Cast(DType.Int64).")],
        };
        foreach (int axis in (int[])[0, 1])
            yield return new(
                "TakeAlongAxis" + axis, x => x[0].TakeAlongAxis(x[1], axis),
                x => NArray.Fill(x[1].Sizes, at =>
                {
                    int[] from = [.. at];
                    from[axis] = (int)x[1][at];
                    return x[0][from];
                }),
                [Draw.Normal, Draw.Index],
                axis == 0 ? [new([3, 5], [4, 5])] : [new([3, 5], [3, 4]), new([2, 3], [2, 0])])
            {
                Errors = [(() => Of(2, 3).TakeAlongAxis(Ints(3, 3), 1),
                    "TakeAlongAxis: index (3, 3) must have the shape (2, 3) but for axis 1. "
                    + "Broadcast it first.")],
            };
        foreach (int axis in (int[])[0, 1])
            yield return new(
                "LogSoftmaxAt" + axis, x => x[0].LogSoftmaxAt(x[1], axis),
                x => NArray.Fill(x[1].Sizes, at =>
                {
                    int[] from = [.. at];
                    double sum = 0;
                    for (from[axis] = 0; from[axis] < x[0].Sizes[axis]; from[axis]++)
                        sum += Math.Exp(x[0][from]);
                    from[axis] = (int)x[1][at];
                    return x[0][from] - Math.Log(sum);
                }),
                [Draw.Normal, Draw.Index],
                axis == 0 ? [new([3, 5], [4, 5])] : [new([3, 5], [3, 4]), new([2, 3], [2, 0])])
            {
                Errors = [(() => Ints(2).LogSoftmaxAt(Ints(2)),
                    "LogSoftmaxAt: needs float32 or float64, but got int64 (2). Use "
                    + ".Cast(DType.Float32).")],
            };
        yield return new(
            "OneHot", x => x[0].OneHot(3, DType.Float64),
            x => NArray.Fill([.. x[0].Sizes, 3], at => Truth(x[0][at[..^1]] == at[^1])),
            [Draw.Index], [new([4]), new([2, 3]), new([[]]), new([0])])
        {
            Differentiable = false,
        };
    }

    /// <summary>
    /// Random ops, as functions of the key's words: only that they batch and that devices agree.
    /// </summary>
    private static IEnumerable<OpRow> Random()
    {
        yield return Drawn("Uniform", key => key.Uniform([3, 4], -1, 2, DType.Float64));
        yield return Drawn("Uniform32", key => key.Uniform([5]).Cast(DType.Float64));
        yield return Drawn("Normal", key => key.Normal([7], DType.Float64));
        yield return Drawn("TruncatedNormal", key => key.TruncatedNormal([7], 2, DType.Float64));
        yield return Drawn("Permutation", key => key.Permutation(9));
        yield return Drawn("Integers", key => key.Integers([6], -3, 4));
        yield return Drawn("Bernoulli", key => key.Bernoulli([9], 0.3));
        yield return Drawn("Exponential", key => key.Exponential([7], DType.Float64));
        yield return Drawn("Gumbel", key => key.Gumbel([7], DType.Float64));
        yield return Drawn("Choice", key => key.Choice(9, [2, 3], replace: false));
        yield return Drawn("Categorical", key => key.Categorical(Tensor.Zeros([4, 3])));
        yield return Unary(
            "Dropout", x => Key.From(3).To(x.Device).Dropout(x, 0.3), x => x, Draw.Normal) with
        {
            Reference = x => NArray.Zip(
                x[0], NArray.From(Key.From(3).Dropout(Tensor.Ones(x[0].Sizes, DType.Float64), 0.3)),
                (a, kept) => kept == 0 ? 0 : a * kept),
            ElementWise = false,
            Errors = [(() => Key.From(0).Dropout(Of(2), 1.5),
                "Dropout: rate 1.5 for (2) is not a probability. Give one in 0 .. 1.")],
        };
        yield return new(
            "BernoulliOf",
            x => Key.From(4).To(x[0].Device).Bernoulli(x[0].Cast(DType.Float64)),
            x => NArray.Zip(
                x[0], NArray.From(Key.From(4).Uniform(x[0].Sizes, 0, 1, DType.Float64)),
                (p, u) => Truth(u < p)),
            [Draw.Probability], [new([3, 5]), new([0])])
        {
            Differentiable = false,
        };
    }

    private static OpRow Drawn(string name, Func<Key, Tensor> draw) => new(
        name, x => draw(new TestKey(x[0]).Key),
        x => NArray.From(draw(new TestKey(Tensor.From([.. x[0].Values.Select(v => (long)v)])).Key)
            .To(new Device(new ReferenceBackend()))),
        [Draw.Index], [new([2])])
    {
        Differentiable = false,
    };

    /// <summary>A key whose words are given as int64.</summary>
    private sealed record TestKey(Tensor Words)
    {
        public Key Key => Key.From(0).WithLeaves([Words.Cast(DType.Int32)]);
    }

    private static NArray MatMulReference(NArray[] x)
    {
        NArray a = x[0], b = x[1];
        bool row = a.Sizes.Length == 1, column = b.Sizes.Length == 1;
        if (row) a = a.Reshape(1, a.Sizes[0]);
        if (column) b = b.Reshape(b.Sizes[0], 1);
        NArray c = NArray.MatMul(a, b);
        int[] sizes = c.Sizes;
        if (column) sizes = sizes[..^1];
        if (row) sizes = column ? sizes[..^1] : [.. sizes[..^2], sizes[^1]];
        return c.Reshape(sizes);
    }
}
