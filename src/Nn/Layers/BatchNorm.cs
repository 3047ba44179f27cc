// Batch normalisation (Ioffe and Szegedy, 2015). Nothing is remembered behind the caller's back:
// running statistics are a tree that goes in and comes out.
namespace Engine.Nn;

/// <summary>Exponential averages of each channel's mean and unbiased variance, both (C).</summary>
public sealed partial record RunningStatistics(Tensor Mean, Tensor Variance) : ITree
{
    /// <summary>Mean 0 and variance 1, as before any batch.</summary>
    public static RunningStatistics Create(int channels, DType type = DType.Float32) =>
        new(Tensor.Zeros(channels, type).Eval(), Tensor.Ones(channels, type).Eval());
}

/// <summary>
/// (x - mean) / sqrt(variance + epsilon) * scale + shift for each channel of inputs (N, C) or
/// (N, C, ...). Scale and shift are (C).
/// </summary>
public sealed partial record BatchNorm(Tensor Scale, Tensor Shift, double Epsilon = 1e-5) : ITree
{
    /// <summary>Scale 1 and shift 0.</summary>
    public static BatchNorm Create(
        int channels, DType type = DType.Float32, double epsilon = 1e-5) =>
        new(Tensor.Ones(channels, type).Eval(), Tensor.Zeros(channels, type).Eval(), epsilon);

    /// <summary>
    /// Normalised by the batch's own statistics ("transductive" when the batch is a query set); one
    /// value for each channel has none and is an error.
    /// </summary>
    public Tensor Forward(Tensor x)
    {
        var (mean, variance) = Statistics(x);
        return Apply(x, mean, variance);
    }

    /// <summary>Normalised by given statistics, as in inference.</summary>
    public Tensor Forward(Tensor x, RunningStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        Check(x);
        // All but one product and one sum is done on channels, not on elements.
        Tensor scale = (statistics.Variance + Epsilon).Rsqrt() * Scale;
        return x * Channel(scale, x) + Channel(Shift - statistics.Mean * scale, x);
    }

    /// <summary>
    /// Normalised by the batch's own statistics; the running ones move towards them by
    /// <paramref name="momentum"/>, without a derivative.
    /// </summary>
    public (Tensor Output, RunningStatistics Statistics) Train(
        Tensor x, RunningStatistics statistics, double momentum = 0.1)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        var (mean, variance) = Statistics(x);
        double count = (double)x.Count / x.Shape[1];
        Tensor unbiased = variance.Reshape(-1) * (count / Math.Max(1, count - 1));
        Tensor Move(Tensor old, Tensor now) =>
            ((1 - momentum) * old + momentum * now).StopGradient();
        return (Apply(x, mean, variance), new(
            Move(statistics.Mean, mean.Reshape(-1)), Move(statistics.Variance, unbiased)));
    }

    private (Tensor Mean, Tensor Variance) Statistics(Tensor x)
    {
        Check(x);
        // The deviation of one value is 0 and the result the shift, whatever x is: PyTorch, too,
        // refuses it.
        if (x.Count == Scale.Shape[0])
            throw Errors.Fail("BatchNorm", $"one value for each channel, {x.Shape}, cannot be "
                + "normalised by its own statistics. Give a larger batch, or running statistics.");
        return x.Moments([0, .. Enumerable.Range(2, x.Rank - 2)], keepDims: true);
    }

    private Tensor Apply(Tensor x, Tensor mean, Tensor variance) =>
        (x - mean) * ((variance + Epsilon).Rsqrt() * Channel(Scale, x)) + Channel(Shift, x);

    private static Tensor Channel(Tensor vector, Tensor x) =>
        vector.Reshape([1, -1, .. Enumerable.Repeat(1, x.Rank - 2)]);

    private void Check(Tensor x) => Errors.Channels("BatchNorm", x, Scale.Shape[0], minRank: 2);
}
