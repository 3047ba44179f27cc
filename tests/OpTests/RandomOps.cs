// What random programs are made of: every kind of operation, each with operands it can take. Where
// an operation has poles, its operand is kept from them.
namespace Engine.OpTests;

/// <summary>The operations random programs draw from.</summary>
internal static class RandomOps
{
    public static IReadOnlyList<RandomOp> All { get; } =
        [.. Unary(), .. Unary(), .. Binary(), .. Binary(), .. Reductions(), .. Movement(),
            .. Structured()];

    /// <summary>An operation of one operand of any shape.</summary>
    public static RandomOp Of(string text, Func<Tensor, Tensor> f) =>
        d => d.Add(text, x => f(x[0]), d.Find());

    private static RandomOp[] Unary() =>
    [
        Of("-{0}", x => -x), Of("{0}.Tanh()", x => x.Tanh()), Of("{0}.Sin()", x => x.Sin()),
        Of("{0}.Cos()", x => x.Cos()), Of("{0}.Sigmoid()", x => x.Sigmoid()),
        Of("{0}.Softplus()", x => x.Softplus()), Of("{0}.Relu()", x => x.Relu()),
        Of("{0}.Abs()", x => x.Abs()), Of("{0}.Square()", x => x.Square()),
        Of("{0}.Tanh().Exp()", x => x.Tanh().Exp()),
        Of("(-{0}.Square()).Exp()", x => (-x.Square()).Exp()),
        Of("({0}.Square() + 0.5).Log()", x => (x.Square() + 0.5).Log()),
        Of("({0}.Abs() + 0.3).Sqrt()", x => (x.Abs() + 0.3).Sqrt()),
        Of("({0}.Square() + 0.4).Rsqrt()", x => (x.Square() + 0.4).Rsqrt()),
        Of("{0} * 0.7", x => x * 0.7), Of("1.5 - {0}", x => 1.5 - x),
        Of("1 / ({0}.Square() + 0.6)", x => 1 / (x.Square() + 0.6)),
        Of("Tensor.Maximum({0}, 0.2)", x => Tensor.Maximum(x, 0.2)),
        Of("Tensor.Where({0} > 0.1, {0}, 0.5)", x => Tensor.Where(x > 0.1, x, 0.5)),
        Of("{0}.Sign() * {0}", x => x.Sign() * x), Of("{0}.Erf()", x => x.Erf()),
        Of("{0}.Gelu()", x => x.Gelu()), Of("{0}.Elu()", x => x.Elu()),
        Of("{0}.Square().Log1p()", x => x.Square().Log1p()),
        Of("{0}.Tanh().Expm1()", x => x.Tanh().Expm1()),
        Of("{0}.Clip(-0.8, 0.9)", x => x.Clip(-0.8, 0.9)),
    ];

    private static RandomOp[] Binary() =>
    [
        Two("{0} + {1}", (x, y) => x + y), Two("{0} - {1}", (x, y) => x - y),
        Two("{0} * {1}", (x, y) => x * y), Two("{0} * {1}", (x, y) => x * y),
        Two("{0} / ({1}.Square() + 0.5)", (x, y) => x / (y.Square() + 0.5)),
        Two("({0}.Square() + 0.5).Pow({1}.Tanh())", (x, y) => (x.Square() + 0.5).Pow(y.Tanh())),
        Two("Tensor.Maximum({0}, {1})", Tensor.Maximum),
        Two("Tensor.Minimum({0}, {1})", Tensor.Minimum),
        Two("Tensor.Atan2({0}, {1}.Square() + 0.4)", (x, y) => Tensor.Atan2(x, y.Square() + 0.4)),
        Two("Tensor.Where({0} < {1}, {1}.Sin(), {0})", (x, y) => Tensor.Where(x < y, y.Sin(), x)),
        Two("Tensor.Where(({0} >= {1}) & ({0} > 0), {0}, {1})",
            (x, y) => Tensor.Where((x >= y) & (x > 0), x, y)),
    ];

    private static RandomOp Two(string text, Func<Tensor, Tensor, Tensor> f) => d =>
    {
        int a = d.Find();
        if (a < 0) return false;
        int b = d.Find(s => Broadcasts(s, d.ShapeOf(a)));
        return d.Add(text, x => f(x[0], x[1]), d.Coin ? [a, b] : [b, a]);
    };

    private static bool Broadcasts(Shape a, Shape b)
    {
        for (int i = 1; i <= Math.Min(a.Rank, b.Rank); i++)
            if (a[^i] != b[^i] && a[^i] != 1 && b[^i] != 1)
                return false;
        return true;
    }

    private static RandomOp[] Reductions() =>
    [
        Over("Sum", (x, axes, keep) => x.Sum(axes, keep)),
        Over("Mean", (x, axes, keep) => x.Mean(axes, keep)),
        Over("Max", (x, axes, keep) => x.Max(axes, keep)),
        Over("Min", (x, axes, keep) => x.Min(axes, keep)),
        Over("LogSumExp", (x, axes, keep) => x.LogSumExp(axes, keep)),
        Over("Var", (x, axes, keep) => x.Var(axes, keep)),
        Along("CumSum", (x, axis) => x.CumSum(axis)), Along("Sort", (x, axis) => x.Sort(axis)),
        Along("Softmax", (x, axis) => x.Softmax(axis)),
        Along("LogSoftmax", (x, axis) => x.LogSoftmax(axis)),
        Along("ArgSort", (x, axis) => x.TakeAlongAxis(x.ArgSort(axis), axis),
            "{{0}}.TakeAlongAxis({{0}}.ArgSort({0}), {0})"),
        Along("ArgMax", (x, axis) => x.TakeAlongAxis(x.ArgMax(axis, keepDims: true), axis),
            "{{0}}.TakeAlongAxis({{0}}.ArgMax({0}, keepDims: true), {0})"),
    ];

    private static RandomOp Over(string name, Func<Tensor, Axes, bool, Tensor> f) => d =>
    {
        int a = d.Find(s => s.Rank > 0 && s.Count > 0);
        if (a < 0) return false;
        int[] axes = [.. Enumerable.Range(0, d.ShapeOf(a).Rank).Where(_ => d.Coin)];
        if (axes.Length == 0) axes = [d.Below(d.ShapeOf(a).Rank)];
        bool keep = d.Coin;
        return d.Add($"{{0}}.{name}([{string.Join(", ", axes)}], {(keep ? "true" : "false")})",
            x => f(x[0], axes, keep), a);
    };

    private static RandomOp Along(
        string name, Func<Tensor, int, Tensor> f, string? text = null) => d =>
    {
        int a = d.Find(s => s.Rank > 0 && s.Count > 0);
        if (a < 0) return false;
        int axis = d.Below(d.ShapeOf(a).Rank);
        return d.Add(string.Format(text ?? $"{{{{0}}}}.{name}({{0}})", axis), x => f(x[0], axis), a);
    };

    private static RandomOp[] Movement() =>
    [
        d => Reshape(d), d => Permute(d), d => Slice(d), d => Pad(d), d => Flip(d),
        d => Expand(d), d => Join(d, stack: false), d => Join(d, stack: true),
        Of("{0}.ExpandDims(0)", x => x.Rank < 5 ? x.ExpandDims(0) : x),
        Along("Flip({0}).Roll", (x, axis) => x.Flip(axis).Roll(1, axis), "{{0}}.Flip({0}).Roll(1, {0})"),
        Square("Triu", x => x.Triu()), Square("Tril", x => x.Tril()),
        Square("Diagonal", x => x.Diagonal()),
        Of("{0}.ExpandDims(-1).Squeeze()", x => x.ExpandDims(-1).Squeeze()),
    ];

    private static RandomOp Square(string name, Func<Tensor, Tensor> f) => d =>
        d.Add($"{{0}}.{name}()", x => f(x[0]), d.Find(s => s.Rank > 1 && s.Count > 0));

    private static bool Reshape(RandomDraft d)
    {
        int a = d.Find(s => s.Count > 1);
        if (a < 0) return false;
        int count = (int)d.ShapeOf(a).Count;
        int[] divisors = [.. Enumerable.Range(1, count).Where(k => count % k == 0)];
        int first = d.Any(divisors);
        int[] sizes = d.Coin ? [first, count / first] : [1, count / first, first];
        return d.Add($"{{0}}.Reshape({string.Join(", ", sizes)})", x => x[0].Reshape(sizes), a);
    }

    private static bool Permute(RandomDraft d)
    {
        int a = d.Find(s => s.Rank > 1);
        if (a < 0) return false;
        int[] order = [.. Enumerable.Range(0, d.ShapeOf(a).Rank).OrderBy(_ => d.Below(1000))];
        return d.Add($"{{0}}.Transpose({string.Join(", ", order)})", x => x[0].Transpose(order), a);
    }

    private static bool Slice(RandomDraft d)
    {
        int a = d.Find(s => s.Count > 0 && s.Rank > 0);
        if (a < 0) return false;
        int[] sizes = [.. d.ShapeOf(a).Sizes];
        int[] start = Array.ConvertAll(sizes, n => d.Below(n));
        int[] stop = [.. sizes.Select((n, i) => start[i] + 1 + d.Below(n - start[i]))];
        int[] step = Array.ConvertAll(sizes, _ => 1 + d.Below(2));
        string Text(int[] v) => $"[{string.Join(", ", v)}]";
        return d.Add($"{{0}}.Slice({Text(start)}, {Text(stop)}, {Text(step)})",
            x => x[0].Slice(start, stop, step), a);
    }

    private static bool Pad(RandomDraft d)
    {
        int a = d.Find(s => s.Rank is > 0 and < 4);
        if (a < 0) return false;
        int[] before = [.. d.ShapeOf(a).Sizes], after = [.. d.ShapeOf(a).Sizes];
        for (int i = 0; i < before.Length; i++) (before[i], after[i]) = (d.Below(2), d.Below(3));
        double value = d.Any(0, 0, 0.3);
        return d.Add(
            $"{{0}}.Pad([{string.Join(", ", before)}], [{string.Join(", ", after)}], {value})",
            x => x[0].Pad(before, after, value), a);
    }

    private static bool Flip(RandomDraft d)
    {
        int a = d.Find(s => s.Rank > 0);
        if (a < 0) return false;
        int axis = d.Below(d.ShapeOf(a).Rank);
        return d.Add($"{{0}}.Flip({axis})", x => x[0].Flip(axis), a);
    }

    private static bool Expand(RandomDraft d)
    {
        int a = d.Find(s => s.Rank < 4);
        if (a < 0) return false;
        int[] sizes = [d.Any(2, 3), .. d.ShapeOf(a).Sizes];
        for (int i = 1; i < sizes.Length; i++)
            if (sizes[i] == 1)
                sizes[i] = d.Any(1, 4);
        return d.Add($"{{0}}.BroadcastTo([{string.Join(", ", sizes)}])",
            x => x[0].BroadcastTo(sizes), a);
    }

    private static bool Join(RandomDraft d, bool stack)
    {
        int a = d.Find(s => s.Rank is > 0 and < 4);
        if (a < 0) return false;
        int axis = d.Below(d.ShapeOf(a).Rank), b = d.Find(s => s == d.ShapeOf(a));
        return stack
            ? d.Add($"Tensor.Stack([{{0}}, {{1}}], {axis})", x => Tensor.Stack(x, axis), a, b)
            : d.Add($"Tensor.Concat([{{0}}, {{1}}], {axis})", x => Tensor.Concat(x, axis), a, b);
    }

    private static RandomOp[] Structured() =>
    [
        d => Product(d), d => Product(d), d => Product(d), d => Layer(d), d => Layer(d),
        d => Convolve(d), d => Convolve(d), d => Pool(d), d => Take(d), d => Take(d),
        d => TakeAlong(d), d => OneHot(d), d => Scatter(d), d => Solve(d),
    ];

    private static bool Product(RandomDraft d)
    {
        int a = d.Find(s => s.Rank is 1 or 2 or 3);
        if (a < 0) return false;
        int k = d.ShapeOf(a)[^1];
        int b = d.Find(s => s.Rank is 1 or 2 && s[s.Rank == 1 ? 0 : -2] == k);
        if (d.Coin || b < 0)
            return d.Add("{0}.MatMul({0}.SwapAxes(-1, -2)) * 0.3",
                x => x[0].MatMul(x[0].SwapAxes(-1, -2)) * 0.3, d.ShapeOf(a).Rank > 1 ? a : -1);
        return d.Add("{0}.MatMul({1}) * 0.5", x => x[0].MatMul(x[1]) * 0.5, a, b);
    }

    private static bool Layer(RandomDraft d)
    {
        int a = d.Find(s => s.Rank > 0 && s[^1] is > 0 and < 20);
        if (a < 0) return false;
        int w = d.Input([d.ShapeOf(a)[^1], d.Any(1, 3, 4, 18)]);
        return d.Add("{0}.MatMul({1}).Tanh()", x => x[0].MatMul(x[1]).Tanh(), a, w);
    }

    private static bool Convolve(RandomDraft d)
    {
        int a = d.Find(s => s.Count is >= 12 and <= 300 && s.Rank >= 2 && s[^1] > 1 && s[^2] > 1);
        if (a < 0) return false;
        Shape s = d.ShapeOf(a);
        int height = s[^2], width = s[^1], channels = s.Rank > 2 ? s[^3] : 1;
        int filters = d.Any(1, 2, 3), size = d.Any(1, 2, 3), stride = d.Any(1, 1, 2);
        int w = d.Input([filters, channels, size, size]);
        int padding = size > Math.Min(height, width) ? 1 : d.Below(2);
        int images = (int)s.Count / (channels * height * width);
        return d.Add(
            $"{{0}}.Reshape({images}, {channels}, {height}, {width})"
                + $".Conv2d({{1}}, {stride}, {padding})",
            x => x[0].Reshape(images, channels, height, width).Conv2d(x[1], stride, padding),
            a, w);
    }

    private static bool Pool(RandomDraft d)
    {
        int a = d.Find(s => s.Rank == 4 && s.Count > 0 && s[-1] > 1 && s[-2] > 1);
        return d.Coin
            ? d.Add("{0}.MaxPool2d(2, 1)", x => x[0].MaxPool2d(2, 1), a)
            : d.Add("{0}.AvgPool2d(2)", x => x[0].AvgPool2d(2), a);
    }

    private static bool Take(RandomDraft d)
    {
        int a = d.Find(s => s.Rank is > 0 and < 4 && s.Count > 0);
        if (a < 0) return false;
        int axis = d.Below(d.ShapeOf(a).Rank), n = d.ShapeOf(a)[axis];
        int i = d.Indices(d.Any<Shape>([3], [2, 2], []), n);
        return d.Add($"{{0}}.Take({{1}}, {axis})", x => x[0].Take(x[1], axis), a, i);
    }

    private static bool TakeAlong(RandomDraft d)
    {
        int a = d.Find(s => s.Rank > 0 && s.Count > 0);
        if (a < 0) return false;
        int axis = d.Below(d.ShapeOf(a).Rank);
        int[] sizes = [.. d.ShapeOf(a).Sizes];
        (int n, sizes[axis]) = (sizes[axis], d.Any(1, 2, 5));
        return d.Add($"{{0}}.TakeAlongAxis({{1}}, {axis})", x => x[0].TakeAlongAxis(x[1], axis), a,
            d.Indices(sizes, n));
    }

    private static bool OneHot(RandomDraft d)
    {
        int a = d.Find(s => s.Rank == 2 && s[0] is > 0 and < 10);
        if (a < 0) return false;
        int n = d.ShapeOf(a)[0];
        return d.Add($"{{1}}.OneHot({n}, DType.Float64).MatMul({{0}})",
            x => x[1].OneHot(n, DType.Float64).MatMul(x[0]), a, d.Indices([4], n));
    }

    private static bool Scatter(RandomDraft d)
    {
        int a = d.Find(s => s.Rank > 0 && s.Count > 0), b = d.Find(s => s == d.ShapeOf(Math.Max(a, 0)));
        if (a < 0) return false;
        int axis = d.Below(d.ShapeOf(a).Rank);
        return d.Add($"{{0}}.ScatterAdd({{2}}, {{1}}, {axis})",
            x => x[0].ScatterAdd(x[2], x[1], axis), a, b,
            d.Indices(d.ShapeOf(a), d.ShapeOf(a)[axis]));
    }

    /// <summary>A system that is well conditioned whatever the matrix.</summary>
    private static bool Solve(RandomDraft d)
    {
        int a = d.Find(s => s.Rank == 2 && s[0] is > 0 and < 6);
        if (a < 0) return false;
        int n = d.ShapeOf(a)[0];
        return d.Add(
            $"({{0}}.MatMul({{0}}.Transpose()) + {n} * Tensor.Eye({n}, DType.Float64)).Solve({{0}})",
            x => (x[0].MatMul(x[0].Transpose()) + n * Tensor.Eye(n, DType.Float64)).Solve(x[0]), a);
    }
}
