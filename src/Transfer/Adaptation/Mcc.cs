// Minimum class confusion (Jin et al., 2020): a term on the target's predictions alone.
namespace Engine.Transfer;

/// <summary>The class-confusion term.</summary>
public static class Mcc
{
    /// <summary>
    /// How much the predictions of logits (M, classes) confuse different classes: predictions at a
    /// temperature (equation 3), samples weighted by 1 + exp(-H) (equation 5), the classes'
    /// correlation with rows of sum 1 (equation 7), and the mean of what lies off its diagonal
    /// (equation 8).
    /// </summary>
    public static Tensor Of(Tensor logits, double temperature = 2.5)
    {
        ArgumentNullException.ThrowIfNull(logits);
        int classes = logits.Shape[1];
        Tensor z = logits / temperature;
        Tensor p = z.Softmax(1);
        Tensor certain = (1 + (-Entropy.OfEach(z.StopGradient())).Exp()).ExpandDims(1);
        Tensor weights = certain / certain.Mean();
        Tensor correlation = (p * weights).Transpose().MatMul(p);
        Tensor rows = correlation / correlation.Sum(1, keepDims: true);
        return 1 - (rows * Tensor.Eye(classes, rows.DType)).Sum() / classes;
    }

    /// <summary>The term on the target's logits.</summary>
    public static Term<None> Term(double weight = 1, double temperature = 2.5) => new(
        "confusion", new(), (_, views, _) => weight * Of(views.TargetZ, temperature));
}
