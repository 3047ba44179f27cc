// Losses, all reduced to the mean as PyTorch does by default.
namespace Engine.Nn;

/// <summary>Scalar losses of a batch.</summary>
public static class Loss
{
    /// <summary>
    /// Mean cross-entropy of logits (N, classes) with integer labels (N). With label smoothing s
    /// the target is 1 - s at the label plus s / classes everywhere (Szegedy et al., 2016).
    /// </summary>
    public static Tensor CrossEntropy(Tensor logits, Tensor labels, double labelSmoothing = 0)
    {
        if (logits.Rank != 2 || labels.Rank != 1 || labels.Shape[0] != logits.Shape[0])
            throw new EngineException("CrossEntropy: needs logits (N, classes) and labels (N), "
                + $"but got {logits.Shape} and {labels.Shape}. Flatten other axes first.");
        if (!(labelSmoothing >= 0 && labelSmoothing <= 1))
            throw new EngineException(
                $"CrossEntropy: label smoothing {labelSmoothing} must lie in 0..1.");
        Tensor logs = logits.LogSoftmax();
        Tensor right = logs.TakeAlongAxis(labels.ExpandDims(1), 1).Mean();
        return labelSmoothing == 0
            ? -right
            : -((1 - labelSmoothing) * right + labelSmoothing * logs.Mean());
    }

    /// <summary>Mean squared difference of two tensors of one shape.</summary>
    public static Tensor Mse(Tensor prediction, Tensor target)
    {
        if (prediction.Shape != target.Shape)
            throw new EngineException($"Mse: shapes {prediction.Shape} and {target.Shape} differ; "
                + "a silent broadcast would change the loss. Reshape one.");
        return (prediction - target).Square().Mean();
    }

    /// <summary>
    /// Fraction of rows of logits (N, classes) whose largest entry is at the label (N).
    /// </summary>
    public static Tensor Accuracy(Tensor logits, Tensor labels)
    {
        if (logits.Rank != 2 || labels.Rank != 1 || labels.Shape[0] != logits.Shape[0])
            throw new EngineException($"Accuracy: needs logits (N, classes) and labels (N), but "
                + $"got {logits.Shape} and {labels.Shape}. Flatten other axes first.");
        return logits.ArgMax().EqualTo(labels.Cast(DType.Int64)).Cast(DType.Float32).Mean();
    }
}
