// Derivatives against finite differences, in float64.
namespace Engine;

/// <summary>
/// What a gradient check found: the largest relative error over <paramref name="Directions"/>
/// directions, and the analytic and numerical derivative where it occurred.
/// </summary>
public sealed record GradCheckResult(
    int Order, int Directions, double Error, double Analytic, double Numerical)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"order {Order}: relative error {Error:0.0e+00} over {Directions} directions "
        + $"(analytic {Analytic:R}, numerical {Numerical:R} at worst)";
}

/// <summary>Checks derivatives by central differences.</summary>
public static class GradCheck
{
    // Fourth-order central differences: truncation h^4, rounding 1e-16 / h.
    private const double DefaultStep = 1e-4;
    private const int ElementLimit = 128;

    /// <summary>
    /// Compares the gradient of f (order 1), or the gradient of a random projection of the gradient
    /// (order 2), with fourth-order central differences. All float leaves are taken to float64; f
    /// may return any float shape. Up to 128 elements each is moved by itself; above that 16 random
    /// directions are taken. Errors are relative to the larger derivative, or to the largest
    /// derivative seen where both are tiny. Keep the <paramref name="step"/> within the distance to
    /// the nearest kink.
    /// </summary>
    public static GradCheckResult Run<T>(
        Func<T, Tensor> f, T inputs, int order = 1, double step = DefaultStep, long seed = 0)
        where T : ITree
    {
        ArgumentNullException.ThrowIfNull(f);
        ArgumentNullException.ThrowIfNull(inputs);
        if (order is not (1 or 2))
            throw Errors.Fail("GradCheck", $"order {order} is not supported; it checks 1 and 2.");
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
        IEnumerable<T> directions = Directions(x, key, out int count);
        var pairs = new List<(double Analytic, double Numerical)>(count);
        foreach (T v in directions)
            pairs.Add((Tree.Dot(gradient, v).Item(), Difference(loss, x, v, step)));

        double scale = 0;
        foreach (var (a, n) in pairs) scale = Math.Max(scale, Math.Max(Math.Abs(a), Math.Abs(n)));
        var worst = new GradCheckResult(order, pairs.Count, 0, 0, 0);
        foreach (var (a, n) in pairs)
        {
            double size = Math.Max(Math.Max(Math.Abs(a), Math.Abs(n)), 1e-3 * scale);
            double error = a == n ? 0 : Math.Abs(a - n) / size;
            if (double.IsNaN(error))
                return worst with { Error = error, Analytic = a, Numerical = n };
            if (!(error <= worst.Error))
                worst = worst with { Error = error, Analytic = a, Numerical = n };
        }
        return worst;
    }

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

    private static IEnumerable<T> Directions<T>(T x, Key key, out int count) where T : ITree
    {
        long elements = 0;
        foreach (Tensor leaf in x.Leaves())
            if (leaf.DType.IsFloat())
                elements += leaf.Count;
        count = elements <= ElementLimit ? (int)elements : 16;
        return elements <= ElementLimit ? Elements(x) : Random(x, key, count);
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

    private static double Difference<T>(Func<T, Tensor> loss, T x, T v, double h) where T : ITree
    {
        double At(double t) => loss(x.Zip(v, (a, d) => a.DType.IsFloat() ? a + t * d : a)).Item();
        return (8 * (At(h) - At(-h)) - (At(2 * h) - At(-2 * h))) / (12 * h);
    }
}
