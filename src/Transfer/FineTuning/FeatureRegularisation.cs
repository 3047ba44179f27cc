// Regularisation by behaviour: the features may move, but not far from those of the start (DELTA,
// Li et al., 2019). Unlike L2-SP it lets weights move as long as the features stay.
namespace Engine.Transfer;

/// <summary>The penalty of features that leave the start's.</summary>
public static class FeatureRegularisation
{
    /// <summary>
    /// Half the squared distance of each sample's features (N, F) from those of the start, the mean
    /// over the batch; a scalar. The features of the start count as constants.
    /// </summary>
    /// <param name="features">(N, F), in the network that is tuned.</param>
    /// <param name="startFeatures">(N, F), in the network it started from.</param>
    /// <param name="weights">
    /// (F), what each feature counts: DELTA's attention (its equation 6); all count 1 by default.
    /// </param>
    public static Tensor Penalty(Tensor features, Tensor startFeatures, Tensor? weights = null)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(startFeatures);
        bool fit = features.Rank == 2 && features.Shape == startFeatures.Shape
            && (weights is null || weights.Shape == Shape.Of(features.Shape[1]));
        if (!fit)
            throw Errors.Fail("FeatureRegularisation", "needs features (N, F) of both networks "
                + $"and weights (F), but got {features.Shape}, {startFeatures.Shape}"
                + $"{(weights is null ? "" : $" and {weights.Shape}")}.");
        Tensor squares = (features - startFeatures.StopGradient()).Square();
        return 0.5 * (weights is null ? squares : squares * weights).Sum(1).Mean();
    }
}
