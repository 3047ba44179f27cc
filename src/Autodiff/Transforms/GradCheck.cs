// Derivatives against finite differences, in float64.
namespace Engine;

/// <summary>
/// What a gradient check found: the largest relative error over <paramref name="Directions"/>
/// directions, and the analytic and numerical derivative where it occurred.
/// </summary>
public sealed record GradCheckResult(
    int Order, int Directions, double Error, double Analytic, double Numerical)
{
    /// <summary>
    /// Along how many of the directions the function has a kink or a jump at the point, or so near
    /// that differences jump between steps. These say nothing and are not in the error, which is
    /// NaN if there are no others.
    /// </summary>
    public int Kinks { get; init; }

    /// <inheritdoc/>
    public override string ToString() =>
        $"order {Order}: relative error {Error:0.0e+00} over {Directions} directions "
        + $"(analytic {Analytic:R}, numerical {Numerical:R} at worst)"
        + (Kinks == 0 ? "" : $"; along {Kinks} of them the function has a kink, where differences "
            + "say nothing");
}

/// <summary>Checks derivatives by central differences.</summary>
public static class GradCheck
{
    // Fourth-order central differences: truncation h^4, rounding 1e-16 / h.
    private const double FirstStep = 1e-4;

    // What the first step confirms so well needs no others.
    private const double Confirmed = 1e-8;
    private const int ElementLimit = 128;

    /// <summary>
    /// Compares the gradient of f (order 1), or the gradient of a random projection of the gradient
    /// (order 2), with fourth-order central differences. All float leaves are taken to float64; f
    /// may return any float shape. Up to 128 elements each is moved by itself; above that 16 random
    /// directions are taken. Errors are relative to the larger derivative, or to the largest
    /// derivative seen where both are tiny. With a <paramref name="step"/> of 0, one is tried, and
    /// where it does not confirm the derivative, all of <see cref="Differences.Steps"/>; kinks are
    /// told from wrong derivatives. Keep a step of your own within the distance to the nearest
    /// kink.
    /// </summary>
    public static GradCheckResult Run<T>(
        Func<T, Tensor> f, T inputs, int order = 1, double step = 0, long seed = 0)
        where T : ITree
    {
        ArgumentNullException.ThrowIfNull(f);
        ArgumentNullException.ThrowIfNull(inputs);
        if (order is not (1 or 2))
            throw Errors.Fail("GradCheck", $"order {order} is not supported; it checks 1 and 2.");
        if (!(step >= 0 && double.IsFinite(step)))
            throw Errors.Fail("GradCheck", $"step {step} is none. Give a positive one, or 0 to try "
                + "several.");
        Key[] keys = Key.From(seed).Split(3);
        T x = inputs.Map((Tensor leaf) => leaf.DType.IsFloat() ? leaf.Cast(DType.Float64) : leaf);
        Func<T, Tensor> loss = Scalar(f, keys[0]);
        if (order == 2) loss = ProjectedGradient(loss, Direction(x, keys[1]));
        return Compare(loss, x, order, step, keys[2]);
    }

    private static GradCheckResult Compare<T>(
        Func<T, Tensor> loss, T x, int order, double step, Key key) where T : ITree
    {
        T gradient = Grad.Of(loss)(x);
        T[] directions = [.. Directions(x, key)];
        double[] analytic = Array.ConvertAll(directions, v => Tree.Dot(gradient, v).Item());
        double scale = analytic.Select(Math.Abs).DefaultIfEmpty().Max();
        var pairs = new List<(double Analytic, double Numerical)>();
        foreach (var (v, a) in directions.Zip(analytic))
        {
            Func<double, double> line = Differences.Line(loss, x, v);
            double numerical = Differences.At(line, step == 0 ? FirstStep : step);
            if (step == 0 && !(Error(a, numerical, scale) <= Confirmed))
            {
                Difference settled = Differences.Of(line);
                if (settled.IsKink) continue;
                numerical = settled.Value;
            }
            pairs.Add((a, numerical));
        }

        foreach (var (a, n) in pairs) scale = Math.Max(scale, Math.Max(Math.Abs(a), Math.Abs(n)));
        int kinks = directions.Length - pairs.Count;
        double nothing = kinks > 0 && pairs.Count == 0 ? double.NaN : 0;
        var worst = new GradCheckResult(order, directions.Length, nothing, 0, 0) { Kinks = kinks };
        foreach (var (a, n) in pairs)
        {
            double error = Error(a, n, scale);
            if (!(error <= worst.Error))
                worst = worst with { Error = error, Analytic = a, Numerical = n };
            if (double.IsNaN(error)) break;
        }
        return worst;
    }

    /// <summary>The difference, relative to the larger, but not to less than they may be.</summary>
    private static double Error(double a, double n, double scale) => a == n ? 0
        : Math.Abs(a - n) / Math.Max(Math.Max(Math.Abs(a), Math.Abs(n)), 1e-3 * scale);

    /// <summary>f projected to a scalar by fixed random weights.</summary>
    private static Func<T, Tensor> Scalar<T>(Func<T, Tensor> f, Key key) => x =>
    {
        Tensor y = f(x);
        if (!y.DType.IsFloat())
            throw Errors.Fail("GradCheck", $"the function returned {y.DType.Name()} {y.Shape}; "
                + "only floats have derivatives.");
        return y.Rank == 0 ? y : (y * key.Normal(y.Shape, y.DType).Eval().To(y.Device)).Sum();
    };

    private static Func<T, Tensor> ProjectedGradient<T>(Func<T, Tensor> loss, T v)
        where T : ITree =>
        x => Tree.Dot(Grad.Of(loss)(x), v);

    private static IEnumerable<T> Directions<T>(T x, Key key) where T : ITree
    {
        long elements = 0;
        foreach (Tensor leaf in x.Leaves())
            if (leaf.DType.IsFloat())
                elements += leaf.Count;
        return elements <= ElementLimit ? Elements(x) : Random(x, key, 16);
    }

    private static IEnumerable<T> Elements<T>(T x) where T : ITree
    {
        IReadOnlyList<Tensor> leaves = x.Leaves();
        for (int i = 0; i < leaves.Count; i++)
            for (int k = 0; leaves[i].DType.IsFloat() && k < leaves[i].Count; k++)
            {
                var parts = new Tensor[leaves.Count];
                for (int j = 0; j < parts.Length; j++)
                {
                    var one = new double[leaves[j].Count];
                    if (j == i) one[k] = 1;
                    parts[j] = Tensor.From(one, leaves[j].Shape).To(leaves[j].Device);
                }
                yield return x.WithLeaves(parts);
            }
    }

    private static IEnumerable<T> Random<T>(T x, Key key, int count) where T : ITree
    {
        foreach (Key part in key.Split(count)) yield return Direction(x, part);
    }

    private static T Direction<T>(T x, Key key) where T : ITree
    {
        Key[] keys = key.Split(Math.Max(1, x.Leaves().Count));
        int i = 0;
        return x.Map((Tensor leaf) =>
            keys[i++].Normal(leaf.Shape, DType.Float64).Eval().To(leaf.Device));
    }
}
