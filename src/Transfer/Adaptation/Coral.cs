// Correlation alignment: covariances of the domains made equal, as a term of deep networks (Sun and
// Saenko, 2016) and in closed form on fixed features (Sun, Feng and Saenko, 2016).
namespace Engine.Transfer;

/// <summary>The distance of covariances, its term, and the closed form.</summary>
public static class Coral
{
    /// <summary>
    /// The squared Frobenius distance of the covariances of samples (N, F) and (M, F), over 4 F^2
    /// (Sun and Saenko, 2016, equation 1).
    /// </summary>
    public static Tensor Between(Tensor a, Tensor b)
    {
        double features = a.Shape[1];
        return (Covariance(a) - Covariance(b)).Square().Sum() / (4 * features * features);
    }

    /// <summary>The term on the features and, with a weight of its own, on the logits.</summary>
    public static Term<None> Term(double weight = 100, double ofLogits = 1) => new(
        "correlation", new(), (_, views, _) =>
            weight * Between(views.SourceF, views.TargetF)
            + ofLogits * Between(views.SourceZ, views.TargetZ));

    /// <summary>
    /// Source samples (N, F), whitened and given the target's covariance: x Cs^-1/2 Ct^1/2 with
    /// both covariances plus <paramref name="ridge"/> times the identity (Sun, Feng and Saenko,
    /// 2016, algorithm 1). A classifier is then trained on the result. Takes F^3 operations.
    /// </summary>
    public static Tensor Align(Tensor source, Tensor target, double ridge = 1)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        Tensor Power(Tensor x, double exponent)
        {
            Tensor covariance = Covariance(x) + ridge * Tensor.Eye(x.Shape[1], x.DType);
            var (values, vectors) = covariance.Eigh();
            return (vectors * values.Pow(exponent)).MatMul(vectors.Transpose());
        }
        return source.MatMul(Power(source, -0.5)).MatMul(Power(target, 0.5)).Eval();
    }

    /// <summary>The covariance (F, F) of a sample (N, F), at least two rows.</summary>
    internal static Tensor Covariance(Tensor x)
    {
        if (x.Shape[0] < 2)
            throw Errors.Fail("Coral", "one row has no covariance; give at least two of each "
                + "domain.");
        Tensor centred = x - x.Mean(0, keepDims: true);
        return centred.Transpose().MatMul(centred) / (x.Shape[0] - 1.0);
    }
}
