// How well a network will transfer to a task, said before it is tuned: scores that need one pass
// over the task's samples. Higher is better; scores of one task compare networks.
namespace Engine.Transfer;

/// <summary>Transferability scores, in float64.</summary>
public static class Transferability
{
    private const int Iterations = 1000;
    private const double Tolerance = 1e-12;
    private const double Least = 1e-12;

    /// <summary>
    /// LogME (You et al., 2021): the logarithm of the largest evidence of a Bayesian linear model
    /// of features (N, F) for labels (N) as numbers 0 and 1, a class at a time; the mean over
    /// classes, divided by N.
    /// </summary>
    /// <exception cref="EngineException">
    /// Shapes are wrong, a value is not finite, or all labels are the same.
    /// </exception>
    public static double LogMe(Tensor features, Tensor labels)
    {
        long[] classes = Labels("LogMe", features, labels);
        Tensor f = features.Cast(DType.Float64);
        int n = f.Shape[0], width = f.Shape[1];
        // With v the eigenvectors of fᵀ f, f v / s are left singular vectors. The smaller of fᵀ f
        // and f fᵀ has them all.
        bool wide = width > n;
        var (values, vectors) = (wide ? f.MatMul(f.Transpose()) : f.Transpose().MatMul(f)).Eigh();
        Tensor targets = labels.OneHot((int)classes.Max() + 1, DType.Float64);
        Tensor projected = (wide ? vectors : f.MatMul(vectors)).Transpose().MatMul(targets);
        Tensor.Eval(values, projected);
        double[] sigma = values.ToDoubles(), along = projected.ToDoubles();
        int columns = targets.Shape[1];
        double smallest = sigma.Max() * 1e-14 * Math.Max(n, width);
        double sum = 0;
        long[] present = [.. classes.Distinct()];
        foreach (long k in present)
        {
            var parts = new List<(double Sigma, double Squared)>();
            for (int i = 0; i < sigma.Length; i++)
            {
                double length = along[i * columns + k];
                // Of a direction without features nothing is explained.
                if (sigma[i] > smallest)
                    parts.Add((sigma[i], length * length / (wide ? 1 : sigma[i])));
            }
            sum += Evidence(parts, classes.Count(c => c == k), n, width) / n;
        }
        return sum / present.Length;
    }

    /// <summary>
    /// LEEP (Nguyen et al., 2020, equation 2): the mean log-likelihood of labels (N) under the
    /// classifier that the source's classes make of themselves, P(y | z) by counting, given the
    /// source's probabilities (N, Z) of its own classes z.
    /// </summary>
    /// <exception cref="EngineException">
    /// Shapes are wrong, rows are no probabilities, or all labels are the same.
    /// </exception>
    public static double Leep(Tensor sourceProbabilities, Tensor labels)
    {
        long[] classes = Labels("Leep", sourceProbabilities, labels);
        int n = sourceProbabilities.Shape[0], sources = sourceProbabilities.Shape[1];
        double[] theta = sourceProbabilities.ToDoubles();
        for (int i = 0; i < n; i++)
        {
            ReadOnlySpan<double> row = theta.AsSpan(i * sources, sources);
            double sum = 0, least = 0;
            foreach (double p in row) (sum, least) = (sum + p, Math.Min(least, p));
            if (least < 0 || Math.Abs(sum - 1) > 1e-3)
                throw Errors.Fail("Leep", $"row {i} sums to {sum:G6}, with {least:G6} as its "
                    + "smallest entry. Give probabilities, such as logits.Softmax().");
        }
        // The joint distribution of target label and source class, and of the source class alone.
        var joint = new double[classes.Max() + 1, sources];
        var marginal = new double[sources];
        for (int i = 0; i < n; i++)
            for (int z = 0; z < sources; z++)
            {
                joint[classes[i], z] += theta[i * sources + z] / n;
                marginal[z] += theta[i * sources + z] / n;
            }
        double total = 0;
        for (int i = 0; i < n; i++)
        {
            double likelihood = 0;
            for (int z = 0; z < sources; z++)
                if (marginal[z] > 0)
                    likelihood += joint[classes[i], z] / marginal[z] * theta[i * sources + z];
            total += Math.Log(likelihood);
        }
        return total / n;
    }

    /// <summary>
    /// The largest log-evidence of y = f w + noise with w ~ N(0, 1 / alpha) and noise ~ N(0, 1 /
    /// beta), by MacKay's fixed point (algorithm 1 of the paper).
    /// </summary>
    /// <param name="parts">
    /// Squared singular values of f above 0, and y's squared length along each.
    /// </param>
    /// <param name="squared">|y|².</param>
    /// <param name="n">Samples.</param>
    /// <param name="width">Features.</param>
    private static double Evidence(
        List<(double Sigma, double Squared)> parts, double squared, int n, int width)
    {
        double outside = Math.Max(0, squared - parts.Sum(p => p.Squared));
        double alpha = 1, beta = 1, evidence = double.NegativeInfinity;
        for (int i = 0; i < Iterations; i++)
        {
            double a = alpha, b = beta;
            double weights = parts.Sum(p => b * b * p.Sigma * p.Squared / Square(a + b * p.Sigma));
            double residual = outside + parts.Sum(p => p.Squared * Square(a / (a + b * p.Sigma)));
            // The determinants: features without a part of their own have alpha alone in both.
            double now = 0.5 * (n * Math.Log(b) - n * Math.Log(2 * Math.PI) - b * residual
                - a * weights - parts.Sum(p => Math.Log(1 + b * p.Sigma / a)));
            if (Math.Abs(now - evidence) <= Tolerance * Math.Abs(now)) return now;
            evidence = now;
            double known = parts.Sum(p => b * p.Sigma / (a + b * p.Sigma));
            // Labels that are explained wholly or not at all would make these infinite.
            alpha = known / (weights + Least * squared);
            beta = (n - known) / (residual + Least * squared);
        }
        return evidence;
    }

    private static double Square(double x) => x * x;

    private static long[] Labels(string op, Tensor rows, Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(labels);
        if (rows.Rank != 2 || labels.Rank != 1 || labels.Shape[0] != rows.Shape[0]
            || labels.DType.IsFloat() || rows.Count == 0)
            throw Errors.Fail(op, $"needs (N, columns) and integer labels (N), at least one, but "
                + $"got {rows.Shape} and {labels.DType.Name()} {labels.Shape}.");
        if (Array.Exists(rows.ToDoubles(), x => !double.IsFinite(x)))
            throw Errors.Fail(op, "a value is NaN or infinite.");
        long[] classes = labels.Cast(DType.Int64).ToArray<long>();
        if (classes.Min() < 0 || classes.Min() == classes.Max())
            throw Errors.Fail(op, $"labels go from {classes.Min()} to {classes.Max()}: give labels "
                + "from 0 on, of at least two classes.");
        return classes;
    }
}
