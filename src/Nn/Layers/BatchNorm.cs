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
/// (N, C, H, W). Scale and shift are (C).
/// </summary>
public sealed partial record BatchNorm(Tensor Scale, Tensor Shift, double Epsilon = 1e-5) : ITree
{
    /// <summary>Scale 1 and shift 0.</summary>
    public static BatchNorm Create(int channels, DType type = DType.Float32) =>
        new(Tensor.Ones(channels, type).Eval(), Tensor.Zeros(channels, type).Eval());

    /// <summary>
    /// Normalised by the batch's own statistics ("transductive" when the batch is a query set).
    /// </summary>
    public Tensor Forward(Tensor x)
    {
        var (_, variance, centred) = Statistics(x);
        return Apply(x, centred, variance);
    }

    /// <summary>Normalised by given statistics, as in inference.</summary>
    public Tensor Forward(Tensor x, RunningStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        Check(x);
        return Apply(
            x, x - Channel(statistics.Mean, x), Channel(statistics.Variance, x));
    }

    /// <summary>
    /// Normalised by the batch's own statistics; the running ones move towards them by
    /// <paramref name="momentum"/>, without a derivative.
    /// </summary>
    public (Tensor Output, RunningStatistics Statistics) Train(
        Tensor x, RunningStatistics statistics, double momentum = 0.1)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        var (mean, variance, centred) = Statistics(x);
        double count = (double)x.Count / x.Shape[1];
        Tensor unbiased = variance.Reshape(-1) * (count / Math.Max(1, count - 1));
        Tensor Move(Tensor old, Tensor now) =>
            ((1 - momentum) * old + momentum * now).StopGradient();
        return (Apply(x, centred, variance), new(
            Move(statistics.Mean, mean.Reshape(-1)), Move(statistics.Variance, unbiased)));
    }

    private (Tensor Mean, Tensor Variance, Tensor Centred) Statistics(Tensor x)
    {
        Check(x);
        Axes axes = x.Rank == 2 ? Axes.Of(0) : Axes.Of(0, 2, 3);
        Tensor mean = x.Mean(axes, keepDims: true);
        Tensor centred = x - mean;
        return (mean, centred.Square().Mean(axes, keepDims: true), centred);
    }

    private Tensor Apply(Tensor x, Tensor centred, Tensor variance) =>
        centred * ((variance + Epsilon).Rsqrt() * Channel(Scale, x)) + Channel(Shift, x);

    private static Tensor Channel(Tensor vector, Tensor x) =>
        x.Rank == 2 ? vector.Reshape(1, -1) : vector.Reshape(1, -1, 1, 1);

    private void Check(Tensor x)
    {
        if (x.Rank is not (2 or 4) || x.Shape[1] != Scale.Shape[0])
            throw new EngineException($"BatchNorm: needs (N, {Scale.Shape[0]}) or (N, "
                + $"{Scale.Shape[0]}, H, W), but got {x.Shape}. The second axis is the channel.");
    }
}
