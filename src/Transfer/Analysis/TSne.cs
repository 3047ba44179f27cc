// t-SNE (van der Maaten and Hinton, 2008): a map on which neighbours of many dimensions stay
// neighbours. Distances between groups on it mean nothing.
namespace Engine.Transfer;

/// <summary>Maps features to the plane.</summary>
public static class TSne
{
    /// <summary>Samples at most: time and memory grow with their square.</summary>
    public const int Largest = 5_000;

    /// <summary>
    /// Features (N, F) to points (N, 2), float32: the map that the paper's gradient descent finds
    /// from the first two principal components (Kobak and Berens, 2019), with similarities
    /// exaggerated twelvefold for the first 250 steps and a rate of N / 48, at least 50 (Belkina et
    /// al., 2019: N over the exaggeration, for gradients without their factor of 4). It has no
    /// randomness.
    /// </summary>
    /// <param name="features">At least 4 samples.</param>
    /// <param name="perplexity">About how many neighbours count; cut to (N - 1) / 3.</param>
    /// <param name="iterations">Steps in all.</param>
    /// <exception cref="EngineException">Too few or too many samples.</exception>
    public static Tensor Project(Tensor features, double perplexity = 30, int iterations = 750)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Rank != 2 || features.Shape[0] is < 4 or > Largest)
            throw Errors.Fail("TSne", $"needs features (N, F) of 4 to {Largest} samples, but got "
                + $"{features.Shape}. Take a part of them.");
        int count = features.Shape[0];
        Tensor joint = Similarities(features, Math.Min(perplexity, (count - 1) / 3.0));
        Tensor start = Pca.Project(features, Math.Min(2, features.Shape[1]));
        if (start.Shape[1] == 1)
            start = Tensor.Concat([start, Tensor.Zeros([count, 1], start.DType)], 1);
        Tensor deviation = start[.., 0].Square().Mean().Sqrt();
        Tensor y = (start / Tensor.Where(deviation > 0, deviation, 1) * 1e-4)
            .Cast(DType.Float32).Eval();
        Tensor moved = Tensor.Zeros([count, 2]).Eval(), gains = Tensor.Ones([count, 2]).Eval();
        float rate = Math.Max(50f, count / 48f);
        var step = Compile.Of((
            (Tensor Y, Tensor Moved, Tensor Gains) at, Tensor p, Tensor momentum) =>
        {
            Tensor slope = Gradient(at.Y, p);
            // Gains grow where the slope keeps its direction (Jacobs, 1988).
            Tensor same = (slope * at.Moved) < 0;
            Tensor gains = Tensor.Maximum(
                Tensor.Where(same, at.Gains + 0.2f, at.Gains * 0.8f), 0.01f);
            Tensor moved = momentum * at.Moved - rate * gains * slope;
            Tensor next = at.Y + moved;
            return (next - next.Mean(0, keepDims: true), moved, gains);
        });
        Tensor exaggerated = (12 * joint).Eval();
        for (int i = 0; i < iterations; i++)
        {
            bool early = i < 250;
            (y, moved, gains) = step(
                (y, moved, gains), early ? exaggerated : joint,
                Tensor.Scalar(early ? 0.5f : 0.8f));
        }
        return y;
    }

    /// <summary>
    /// The gradient of the Kullback-Leibler divergence of the similarities p (N, N) from those of
    /// the points y (N, 2): 4 sum_j (p_ij - q_ij) (y_i - y_j) / (1 + |y_i - y_j|^2) (equation 5).
    /// </summary>
    internal static Tensor Gradient(Tensor y, Tensor p)
    {
        Tensor near = Nearness(y);
        Tensor pull = (p - near / near.Sum()) * near;
        return 4 * (pull.Sum(1, keepDims: true) * y - pull.MatMul(y));
    }

    /// <summary>1 / (1 + |y_i - y_j|^2), and 0 of a point with itself.</summary>
    internal static Tensor Nearness(Tensor y)
    {
        Tensor square = y.Square().Sum(1, keepDims: true);
        Tensor distances = Tensor.Maximum(
            square + square.Transpose() - 2 * y.MatMul(y.Transpose()), 0);
        return (1 - Tensor.Eye(y.Shape[0], y.DType)) / (1 + distances);
    }

    /// <summary>
    /// The symmetric similarities (N, N) of features, float32: Gaussians around each sample whose
    /// widths give them the perplexity (equation 1 and section 3.1).
    /// </summary>
    internal static Tensor Similarities(Tensor features, double perplexity)
    {
        Tensor x = features.Cast(DType.Float64);
        Tensor square = x.Square().Sum(1, keepDims: true);
        double[] distances =
            (square + square.Transpose() - 2 * x.MatMul(x.Transpose())).ToDoubles();
        int count = x.Shape[0];
        var p = new double[count * count];
        Parallel.For(0, count, i => Row(
            distances.AsSpan(i * count, count), i, Math.Log(perplexity),
            p.AsSpan(i * count, count)));
        var joint = new float[count * count];
        for (int i = 0; i < count; i++)
            for (int j = 0; j < count; j++)
                joint[i * count + j] = (float)Math.Max(
                    (p[i * count + j] + p[j * count + i]) / (2.0 * count), 1e-12);
        return Tensor.From(joint, [count, count]);
    }

    /// <summary>The similarities of one sample, whose width is found by halving.</summary>
    private static void Row(Span<double> distances, int own, double entropy, Span<double> p)
    {
        double precision = 1, low = 0, high = double.PositiveInfinity;
        double nearest = double.PositiveInfinity;
        for (int j = 0; j < p.Length; j++)
            if (j != own) nearest = Math.Min(nearest, distances[j]);
        for (int trial = 0; trial < 64; trial++)
        {
            double sum = 0, weighted = 0;
            for (int j = 0; j < p.Length; j++)
            {
                double beyond = distances[j] - nearest;
                p[j] = j == own ? 0 : Math.Exp(-precision * beyond);
                sum += p[j];
                weighted += beyond * p[j];
            }
            double found = Math.Log(sum) + precision * weighted / sum;
            for (int j = 0; j < p.Length; j++) p[j] /= sum;
            if (Math.Abs(found - entropy) < 1e-6) return;
            if (found > entropy) low = precision;
            else high = precision;
            precision = double.IsInfinity(high) ? precision * 2 : (low + high) / 2;
        }
    }
}
