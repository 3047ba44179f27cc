// Joint adaptation networks (Long et al., 2017): the discrepancy of features and predictions taken
// together, so that a class of one domain is not brought to another class of the other.
namespace Engine.Transfer;

/// <summary>The joint discrepancy and its term.</summary>
public static class Jan
{
    /// <summary>The width of the kernel of predictions, 0.92^2, of the authors' code.</summary>
    private const double WidthOfPredictions = 0.92 * 0.92;

    /// <summary>
    /// The squared discrepancy with the product of a kernel on features (widths (K)) and one on
    /// predicted probabilities (widths (L)) (Long et al., 2017, equation 9).
    /// </summary>
    public static Tensor Between(Views views, Tensor featureWidths, Tensor predictionWidths)
    {
        ArgumentNullException.ThrowIfNull(views);
        KernelValues features = Mmd.Gaussian(views.SourceF, views.TargetF, featureWidths);
        KernelValues predictions = Mmd.Gaussian(
            views.SourceZ.Softmax(1), views.TargetZ.Softmax(1), predictionWidths);
        return Mmd.Of(features.Times(predictions));
    }

    /// <summary>The term on features and predictions.</summary>
    public static Term<None> Term(double weight = 1) => new("discrepancy", new(), (_, views, _) =>
        weight * Between(
            views, Mmd.Widths(views.SourceF, views.TargetF),
            Tensor.Full(1, WidthOfPredictions, views.SourceZ.DType)));
}
