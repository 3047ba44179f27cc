// Rows of Einstein sums, convolutions of other kinds, and pooling by size.
namespace Engine.OpTests;

internal static partial class OpTable
{
    private static IEnumerable<OpRow> Contractions()
    {
        foreach (var (equation, shapes) in ((string, int[][])[])
            [
                ("ij,jk->ik", [[2, 3], [3, 4]]), ("ij,kj", [[2, 3], [4, 3]]),
                ("bij,bjk->bik", [[2, 2, 3], [2, 3, 2]]), ("ij,ij->", [[2, 3], [2, 3]]),
                ("i,j->ji", [[2], [3]]), ("bi,bj->bij", [[2, 3], [2, 2]]),
                ("abc,cbd->ad", [[2, 3, 2], [2, 3, 2]]), ("ij,k->i", [[2, 3], [2]]),
                ("...ij,...jk->...ik", [[2, 1, 2, 3], [3, 3, 2]]),
            ])
            yield return Sum(
                equation, shapes, equation.Contains("...") ? BatchedMatMul : EinsumOf(equation));
        foreach (var (equation, shape) in ((string, int[])[])
            [("ii", [3, 3]), ("ii->i", [3, 3]), ("iji->j", [2, 3, 2]), ("ijk->kj", [2, 3, 2]),
                ("iii->i", [2, 2, 2]), ("ba", [2, 3])])
            yield return Sum(equation, [shape], EinsumOf(equation));
        yield return Sum("ij,jk,kl->il", [[2, 3], [3, 2], [2, 2]], EinsumOf("ij,jk,kl->il")) with
        {
            Errors =
            [
                (() => Tensor.Einsum("ij,jk", Of(2, 3), Of(4, 2)),
                    "Einsum: \"ij,jk\" for shapes (2, 3), (4, 2) gives 'j' the sizes 3 and 4. "
                    + "Axes of one letter must be equally long."),
                (() => Tensor.Einsum("ij", Of(2)),
                    "Einsum: \"ij\" for shapes (2) names 2 axes in \"ij\" for an operand of 1. "
                    + "Give one letter an axis, or \"...\" for the others."),
                (() => Tensor.Einsum("i,i", Of(2)),
                    "Einsum: \"i,i\" for shapes (2) names 2 operands, but 1 are given. Separate "
                    + "their letters by commas."),
                (() => Tensor.Einsum("i->ij", Of(2)),
                    "Einsum: \"i->ij\" for shapes (2) has the result letter 'j' twice or in no "
                    + "operand. Name each letter of the result once."),
                (() => Tensor.Einsum("i;", Of(2)),
                    "Einsum: \"i;\" for shapes (2) has ';', which is not a letter. Use letters, "
                    + "commas, \"...\" and \"->\"."),
                (() => Tensor.Einsum("i->i->i", Of(2)),
                    "Einsum: \"i->i->i\" for shapes (2) has more than one \"->\". Write "
                    + "operands->result."),
            ],
        };
        yield return new(
            "Conv1d", x => x[0].Conv1d(x[1], 2, 1, 2, 2),
            x => SequenceConvolution(x[0], x[1], 2, 1, 2, 2),
            [Draw.Normal, Draw.Normal], [new([2, 4, 8], [6, 2, 3]), new([1, 2, 5], [2, 1, 1])])
        {
            Tolerance32 = 1e-5,
            Errors =
            [
                (() => Of(1, 2).Conv1d(Of(1, 2, 3)),
                    "Conv1d: needs 3 axes (N, C, L), but got shape (1, 2). Reshape it."),
                (() => Of(1, 2, 4).Conv1d(Of(1, 2)),
                    "Conv1d: needs 3 axes (K, C / groups, S), but got shape (1, 2). Reshape it."),
                (() => Of(1, 4, 8).Conv1d(Of(2, 3, 3)),
                    "Conv1d: sequences (1, 4, 8) have 4 channels, but filters (2, 3, 3) in 1 "
                    + "groups take 3 * 1 and their number, 2, must be divisible by the groups."),
                (() => Of(1, 2, 8).Conv1d(Of(2, 2, 3), stride: 0, padding: -1),
                    "Conv1d: stride 0, dilation 1 and groups 1 must be at least 1, padding -1 at "
                    + "least 0."),
                (() => Of(1, 2, 4).Conv1d(Of(2, 2, 3), dilation: 3, padding: 1),
                    "Conv1d: filters (2, 2, 3) with dilation 3 span 7, more than sequences (1, 2, "
                    + "4) with padding 1. Use smaller filters or more padding."),
                (() => Ints(1, 2, 4).Conv1d(Of(2, 2, 3)),
                    "Conv1d: needs float32 or float64, but got int64 (1, 2, 4). Use "
                    + ".Cast(DType.Float32)."),
            ],
        };
        foreach (var (name, stride, padding, output, dilation, groups, x, w) in
            ((string, int, int, int, int, int, int[], int[])[])
            [
                ("", 1, 0, 0, 1, 1, [2, 3, 3, 4], [3, 2, 3, 2]),
                ("Strided", 2, 1, 1, 1, 1, [1, 2, 3, 3], [2, 3, 3, 3]),
                ("Dilated", 1, 1, 0, 2, 1, [1, 1, 3, 4], [1, 2, 2, 3]),
                ("Grouped", 3, 0, 2, 1, 2, [1, 4, 2, 2], [4, 1, 2, 3]),
            ])
            yield return new(
                "ConvTranspose2d" + name,
                t => t[0].ConvTranspose2d(t[1], stride, padding, output, dilation, groups),
                t => TransposedConvolution(t[0], t[1], stride, padding, output, dilation, groups),
                [Draw.Normal, Draw.Normal], [new(x, w)])
            {
                Tolerance32 = 1e-5,
                Errors =
                [
                    (() => Of(1, 3, 2, 2).ConvTranspose2d(Of(2, 3, 2, 2)),
                        "ConvTranspose2d: images (1, 3, 2, 2) have 3 channels, but filters "
                        + "(2, 3, 2, 2) take 2, which must be divisible by the 1 groups."),
                    (() => Of(1, 2, 2, 2).ConvTranspose2d(Of(2, 3, 2, 2), outputPadding: 1),
                        "ConvTranspose2d: stride 1 and dilation 1 must be at least 1, padding 0 at "
                        + "least 0, output padding 1 at least 0 and below the stride."),
                    (() => Of(1, 2, 1, 1).ConvTranspose2d(Of(2, 3, 1, 1), padding: 1),
                        "ConvTranspose2d: images (1, 2, 1, 1) with filters (2, 3, 1, 1), stride "
                        + "(1, 1), padding (1, 1) and dilation (1, 1) give 0 x 0 images. Use less "
                        + "padding."),
                ],
            };
        yield return Move("GlobalAvgPool2d", x => x.GlobalAvgPool2d(),
            x => x.Reduce([2, 3], v => v.Average()), [[2, 3, 2, 3]]);
        foreach (var (height, width) in ((int, int)[])[(1, 1), (2, 3), (5, 4)])
            yield return Move(
                $"AdaptiveAvgPool2d{height}{width}", x => x.AdaptiveAvgPool2d(height, width),
                x => Adaptive(x, height, width), [[2, 2, 5, 6], [1, 1, 3, 7]]) with
            {
                Errors = [(() => Of(1, 1, 2, 2).AdaptiveAvgPool2d(0, 1),
                    "AdaptiveAvgPool2d: images (1, 1, 2, 2) cannot be averaged to 0 x 1. All sizes "
                    + "must be at least 1.")],
            };
        foreach (var (window, stride, padding, dilation) in ((int, int, int, int)[])
            [(2, 1, 0, 1), (3, 2, 1, 1), (2, 1, 1, 2)])
            yield return Move(
                $"Unfold{window}{stride}{padding}{dilation}",
                x => x.Unfold(window, stride, padding, dilation),
                x => Columns(x, window, stride, padding, dilation), [[2, 2, 4, 5]]) with
            {
                Errors = [(() => Of(1, 1, 2, 2).Unfold(3),
                    "Unfold: windows of 3 x 3 with dilation 1 span 3 x 3, more than images "
                    + "(1, 1, 2, 2) with padding 0. Use smaller windows or more padding.")],
            };
    }

    private static OpRow Sum(
        string equation, int[][] shapes, Func<NArray[], NArray> reference) => new(
        "Einsum " + equation, x => Tensor.Einsum(equation, x), reference,
        [.. shapes.Select(_ => Draw.Normal)], [new(shapes)]);

    private static NArray BatchedMatMul(NArray[] x) => NArray.MatMul(x[0], x[1]);

    /// <summary>The sum over all letters, one place of all of them at a time.</summary>
    private static Func<NArray[], NArray> EinsumOf(string equation) => x =>
    {
        string[] sides = equation.Split("->"), terms = sides[0].Split(',');
        string letters = new([.. terms.SelectMany(term => term).Distinct()]);
        string output = sides.Length > 1 ? sides[1]
            : new([.. letters.Where(c => sides[0].Count(d => d == c) == 1).Order()]);
        int SizeOf(char c) => Enumerable.Range(0, terms.Length)
            .Where(i => terms[i].Contains(c)).Select(i => x[i].Sizes[terms[i].IndexOf(c)]).First();
        int[] sizes = [.. output.Select(SizeOf)];
        var sums = new Dictionary<string, double>();
        foreach (int[] at in NArray.Places([.. letters.Select(SizeOf)]))
        {
            int[] Pick(string term) => [.. term.Select(c => at[letters.IndexOf(c)])];
            double product = 1;
            for (int i = 0; i < terms.Length; i++) product *= x[i][Pick(terms[i])];
            string key = string.Join(",", Pick(output));
            sums[key] = sums.GetValueOrDefault(key) + product;
        }
        return NArray.Fill(sizes, at => sums[string.Join(",", at)]);
    };

    private static NArray SequenceConvolution(
        NArray x, NArray w, int stride, int padding, int dilation, int groups)
    {
        int length = (x.Sizes[2] + 2 * padding - dilation * (w.Sizes[2] - 1) - 1) / stride + 1;
        int perGroup = w.Sizes[0] / groups;
        return NArray.Fill([x.Sizes[0], w.Sizes[0], length], at =>
        {
            double sum = 0;
            foreach (int[] tap in NArray.Places(w.Sizes[1..]))
            {
                int place = at[2] * stride - padding + tap[1] * dilation;
                if (place >= 0 && place < x.Sizes[2])
                    sum += x[at[0], at[1] / perGroup * w.Sizes[1] + tap[0], place]
                        * w[at[1], tap[0], tap[1]];
            }
            return sum;
        });
    }

    /// <summary>Every element of the images lays its filters over the result.</summary>
    private static NArray TransposedConvolution(
        NArray x, NArray w, int stride, int padding, int output, int dilation, int groups)
    {
        int Out(int size, int kernel) =>
            (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + output + 1;
        int[] sizes = [x.Sizes[0], w.Sizes[1] * groups, Out(x.Sizes[2], w.Sizes[2]),
            Out(x.Sizes[3], w.Sizes[3])];
        var y = new double[sizes.Aggregate(1, (a, b) => a * b)];
        foreach (int[] at in NArray.Places(x.Sizes))
            foreach (int[] tap in NArray.Places(w.Sizes[1..]))
            {
                int h = at[2] * stride - padding + tap[1] * dilation;
                int v = at[3] * stride - padding + tap[2] * dilation;
                if (h < 0 || v < 0 || h >= sizes[2] || v >= sizes[3]) continue;
                int channel = at[1] / (x.Sizes[1] / groups) * w.Sizes[1] + tap[0];
                y[((at[0] * sizes[1] + channel) * sizes[2] + h) * sizes[3] + v] +=
                    x[at] * w[at[1], tap[0], tap[1], tap[2]];
            }
        return new(y, sizes);
    }

    private static NArray Adaptive(NArray x, int height, int width) =>
        NArray.Fill([x.Sizes[0], x.Sizes[1], height, width], at =>
        {
            double sum = 0;
            int count = 0;
            for (int h = at[2] * x.Sizes[2] / height; h * height < (at[2] + 1) * x.Sizes[2]; h++)
                for (int w = at[3] * x.Sizes[3] / width; w * width < (at[3] + 1) * x.Sizes[3]; w++)
                {
                    sum += x[at[0], at[1], h, w];
                    count++;
                }
            return sum / count;
        });

    private static NArray Columns(NArray x, int window, int stride, int padding, int dilation)
    {
        int Out(int size) => (size + 2 * padding - dilation * (window - 1) - 1) / stride + 1;
        int wide = Out(x.Sizes[3]), area = window * window;
        return NArray.Fill([x.Sizes[0], x.Sizes[1] * area, Out(x.Sizes[2]) * wide], at =>
        {
            int tap = at[1] % area;
            int h = at[2] / wide * stride - padding + tap / window * dilation;
            int w = at[2] % wide * stride - padding + tap % window * dilation;
            return h >= 0 && w >= 0 && h < x.Sizes[2] && w < x.Sizes[3]
                ? x[at[0], at[1] / area, h, w]
                : 0;
        });
    }
}
