// Losses of classifiers. They take logits or log-probabilities, never probabilities, whose
// logarithms lose digits. Means are taken as in PyTorch.
namespace Engine.Nn;

/// <summary>Losses of a batch: scalars unless <see cref="Reduction.None"/> is asked for.</summary>
public static partial class Loss
{
    /// <summary>
    /// Mean cross-entropy of logits (N, classes) with integer labels (N). With label smoothing s
    /// the target is 1 - s at the label plus s / classes everywhere (Szegedy et al., 2016).
    /// </summary>
    public static Tensor CrossEntropy(Tensor logits, Tensor labels, double labelSmoothing = 0) =>
        CrossEntropy(logits, labels, Reduction.Mean, labelSmoothing);

    /// <inheritdoc cref="CrossEntropy(Tensor, Tensor, double)"/>
    /// <param name="logits">(N, classes).</param>
    /// <param name="labels">(N), integers in 0 .. classes - 1.</param>
    /// <param name="reduction">
    /// <see cref="Reduction.Mean"/> divides by the weight of all labels together.
    /// </param>
    /// <param name="labelSmoothing">In 0..1.</param>
    /// <param name="classWeights">(classes): the weight of a sample of each class.</param>
    /// <param name="ignore">Samples with this label are left out.</param>
    public static Tensor CrossEntropy(
        Tensor logits, Tensor labels, Reduction reduction, double labelSmoothing = 0,
        Tensor? classWeights = null, int? ignore = null)
    {
        const string op = "CrossEntropy";
        Errors.Labelled(op, logits, "logits (N, classes)", labels);
        if (!(labelSmoothing >= 0 && labelSmoothing <= 1))
            throw Errors.Fail(op, $"label smoothing {labelSmoothing} must lie in 0..1.");
        return LogLoss(
            op, logits, null, labels, reduction, labelSmoothing, classWeights, ignore);
    }

    /// <summary>
    /// Negative log-likelihood of labels (N) under log-probabilities (N, classes): cross-entropy
    /// after the softmax.
    /// </summary>
    /// <inheritdoc cref="CrossEntropy(Tensor, Tensor, Reduction, double, Tensor, int?)"/>
    public static Tensor Nll(
        Tensor logProbabilities, Tensor labels, Reduction reduction = Reduction.Mean,
        Tensor? classWeights = null, int? ignore = null)
    {
        Errors.Labelled("Nll", logProbabilities, "log-probabilities (N, classes)", labels);
        return LogLoss(
            "Nll", logProbabilities, logProbabilities, labels, reduction, 0, classWeights, ignore);
    }

    /// <summary>
    /// Binary cross-entropy of logits with targets in 0..1, both of one shape; positives count
    /// <paramref name="positiveWeight"/> times.
    /// </summary>
    public static Tensor BceWithLogits(
        Tensor logits, Tensor targets, Reduction reduction = Reduction.Mean,
        double positiveWeight = 1)
    {
        Errors.SameShape("BceWithLogits", logits, targets);
        // softplus(x) - x y, which neither overflows nor cancels.
        Tensor losses = positiveWeight == 1
            ? logits.Softplus() - logits * targets
            : (1 - targets) * logits + (1 + (positiveWeight - 1) * targets) * (-logits).Softplus();
        return losses.Reduce(reduction);
    }

    /// <summary>
    /// Kullback-Leibler divergence of the prediction from the target, the sum over the last axis of
    /// p (ln p - ln q), from the log-probabilities ln q and ln p (..., classes). The mean is over
    /// the distributions ("batchmean"). Classes of probability 0 in the target add nothing.
    /// </summary>
    public static Tensor KlDivergence(
        Tensor logPrediction, Tensor logTarget, Reduction reduction = Reduction.Mean)
    {
        Errors.SameShape("KlDivergence", logPrediction, logTarget);
        Tensor possible = logTarget > double.NegativeInfinity;
        Tensor target = Tensor.Where(possible, logTarget, 0);
        Tensor prediction = Tensor.Where(possible, logPrediction, 0);
        return Tensor.Where(possible, target.Exp() * (target - prediction), 0)
            .Sum(-1).Reduce(reduction);
    }

    /// <summary>
    /// Fraction of rows of logits (N, classes) whose largest entry is at the label (N).
    /// </summary>
    public static Tensor Accuracy(Tensor logits, Tensor labels)
    {
        Errors.Labelled("Accuracy", logits, "logits (N, classes)", labels);
        return logits.ArgMax().EqualTo(labels.Cast(DType.Int64)).Cast(DType.Float32).Mean();
    }

    /// <summary>The loss of logits; their log-probabilities are given where known.</summary>
    private static Tensor LogLoss(
        string op, Tensor logits, Tensor? logs, Tensor labels, Reduction reduction,
        double smoothing, Tensor? weights, int? ignore)
    {
        int classes = logits.Shape[1];
        if (weights is not null && weights.Shape != classes)
            throw Errors.Fail(op, $"needs one weight for each of {classes} classes, but got "
                + $"{weights.Shape}.");
        Tensor? ignored = ignore is { } label ? labels.EqualTo(label) : null;
        if (ignored is not null) labels = Tensor.Where(ignored, 0, labels);
        // Values decide whether a label is right: the error comes when they are computed.
        string caller = $"{op}, labels of {classes} classes";
        Tensor? counts = weights?.TakeAlongAxis(labels, 0, caller);
        // Without smoothing only the label's log-probability is needed.
        if (smoothing != 0) logs ??= logits.LogSoftmax();
        Tensor at = labels.ExpandDims(1);
        Tensor right = (logs?.TakeAlongAxis(at, 1, caller)
            ?? logits.LogSoftmaxAt(at, 1, caller)).Squeeze(1);
        Tensor likelihood = counts is null ? right : right * counts;
        if (smoothing != 0 && logs is not null)
            likelihood = (1 - smoothing) * likelihood
                + smoothing * (weights is null ? logs : logs * weights).Mean(1);
        Tensor losses = -likelihood;
        if (ignored is not null)
        {
            counts = Tensor.Where(ignored, 0, counts ?? Tensor.Ones(labels.Shape, logits.DType));
            losses = Tensor.Where(ignored, 0, losses);
        }
        return reduction == Reduction.Mean && counts is not null
            ? losses.Sum() / counts.Sum()
            : losses.Reduce(reduction);
    }
}
