// The linear probe: how well a linear classifier does on features that stay as they are. They are
// computed once; what is left is logistic regression.
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>Logistic regression on the features of a network.</summary>
public static class LinearProbe
{
    /// <summary>
    /// Inputs (N, ...) to features (N, F) by running statistics, that many inputs at a time.
    /// </summary>
    public static Tensor Features<N>(
        N network, NormStatistics statistics, Tensor x, int chunk = 256) where N : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(x);
        if (chunk < 1)
            throw Errors.Fail("LinearProbe", $"a chunk of {chunk} inputs; give at least 1.");
        var run = Compile.Of((N network, NormStatistics statistics, Tensor x) =>
            network.Features(x, statistics));
        var parts = new List<Tensor>();
        for (int from = 0; from < x.Shape[0]; from += chunk)
            parts.Add(run(network, statistics, x[from..Math.Min(from + chunk, x.Shape[0])].Eval()));
        return parts.Count == 1 ? parts[0] : Tensor.Concat([.. parts]).Eval();
    }

    /// <summary>
    /// The head that <see cref="LogisticRegression"/> fits to features (N, F) and labels (N), of
    /// the features' dtype: <c>Heads.Replace(network, head)</c> is the probed network.
    /// </summary>
    /// <inheritdoc cref="LogisticRegression.Fit"/>
    public static Linear Fit(
        Tensor features, Tensor labels, int classes, double strength = 1e-3, int steps = 50,
        double tolerance = 1e-4)
    {
        ArgumentNullException.ThrowIfNull(features);
        return LogisticRegression.Fit(features, labels, classes, strength, steps, tolerance)
            .Map((Tensor leaf) => leaf.Cast(features.DType));
    }
}
