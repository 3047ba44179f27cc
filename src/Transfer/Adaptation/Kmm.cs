// Kernel mean matching (Huang et al., 2007): weights of source samples under which the two domains
// have the same mean in the kernel's space.
namespace Engine.Transfer;

/// <summary>Weights of samples by kernel mean matching.</summary>
public static class Kmm
{
    /// <summary>Samples of a domain at most: memory grows with their square.</summary>
    public const int Largest = 10_000;

    /// <summary>
    /// The weights (N), float32, in 0..<paramref name="largest"/> with a mean within <paramref
    /// name="slack"/> of 1, of source samples (N, F) for target samples (M, F): the minimum of
    /// 1/2 b'Kb - k'b (equation 10), by accelerated projected gradients until the weights rest.
    /// </summary>
    /// <param name="source">Source features.</param>
    /// <param name="target">Target features.</param>
    /// <param name="largest">The paper's B.</param>
    /// <param name="slack">
    /// The paper's epsilon; (sqrt(N) - 1) / sqrt(N), as it proposes, unless given.
    /// </param>
    /// <param name="iterations">At most so many steps.</param>
    /// <exception cref="EngineException">
    /// Shapes do not fit, there are no samples or too many, or a feature is NaN or infinite.
    /// </exception>
    public static Tensor Weights(
        Tensor source, Tensor target, double largest = 10, double? slack = null,
        int iterations = 2_000)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        if (source.Rank != 2 || target.Rank != 2 || source.Shape[1] != target.Shape[1])
            throw Errors.Fail("Kmm", $"needs source (N, F) and target (M, F), but got "
                + $"{source.Shape} and {target.Shape}. Flatten other axes first.");
        if (source.Shape[0] is < 1 or > Largest || target.Shape[0] is < 1 or > Largest)
            throw Errors.Fail("Kmm", $"needs 1 to {Largest} samples of each domain, but got "
                + $"{source.Shape[0]} and {target.Shape[0]}. Take a part of them.");
        if (!(largest >= 1))
            throw Errors.Fail("Kmm", $"weights of at most {largest} cannot have the mean 1. "
                + "Choose 1 or more.");
        int count = source.Shape[0];
        double off = slack ?? (Math.Sqrt(count) - 1) / Math.Sqrt(count);
        Tensor a = source.Cast(DType.Float64), b = target.Cast(DType.Float64);
        if (!double.IsFinite((a.Abs().Sum() + b.Abs().Sum()).Item()))
            throw Errors.Fail("Kmm", "a feature is NaN or infinite: the network that made it has "
                + "diverged.");
        // One width, the mean squared distance: a kernel that is nearly 1 everywhere sees nothing.
        Tensor width = Mmd.Widths(a, b)[3..4];
        KernelValues kernel = Mmd.Gaussian(a, b, width);
        Tensor within = kernel.First.Eval();
        double[] between = (kernel.Between.Mean(1) * count).ToDoubles();
        double step = 1 / LargestEigenvalue(within);
        var product = Compile.Of((Tensor matrix, Tensor vector) =>
            matrix.MatMul(vector.ExpandDims(1)).Squeeze(1));

        double[] weights = [.. Enumerable.Repeat(1.0, count)], ahead = weights;
        double momentum = 1;
        for (int i = 0; i < iterations; i++)
        {
            double[] slope = product(within, Tensor.From(ahead)).ToDoubles();
            double[] next = Project(
                [.. ahead.Select((w, at) => w - step * (slope[at] - between[at]))],
                largest, count * (1 - off), count * (1 + off));
            double moved = next.Zip(weights, (p, q) => Math.Abs(p - q)).Max();
            double faster = (1 + Math.Sqrt(1 + 4 * momentum * momentum)) / 2;
            double past = (momentum - 1) / faster;
            ahead = [.. next.Zip(weights, (p, q) => p + past * (p - q))];
            (weights, momentum) = (next, faster);
            if (moved < 1e-6 * largest) break;
        }
        return Tensor.From(weights).Cast(DType.Float32).Eval();
    }

    /// <summary>
    /// The nearest point whose entries lie in 0..largest and whose sum lies in low..high: entries
    /// shifted by one number, which is found by halving.
    /// </summary>
    private static double[] Project(double[] x, double largest, double low, double high)
    {
        double[] Shifted(double by) => [.. x.Select(v => Math.Clamp(v - by, 0, largest))];
        double sum = Shifted(0).Sum();
        if (sum >= low && sum <= high) return Shifted(0);
        double wanted = sum < low ? low : high;
        double from = x.Min() - largest, to = x.Max();
        for (int i = 0; i < 100; i++)
        {
            double middle = (from + to) / 2;
            if (Shifted(middle).Sum() > wanted) from = middle;
            else to = middle;
        }
        return Shifted((from + to) / 2);
    }

    private static double LargestEigenvalue(Tensor matrix)
    {
        Tensor vector = Tensor.Ones([matrix.Shape[0], 1], matrix.DType);
        double length = 0;
        for (int i = 0; i < 50; i++)
        {
            vector = matrix.MatMul(vector).Eval();
            length = vector.Square().Sum().Sqrt().Item();
            vector = (vector / length).Eval();
        }
        // Power iteration comes from below.
        return 1.05 * length;
    }
}
