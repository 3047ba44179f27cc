// Ordinary classification of all training classes at once: what the baselines and
// meta-transfer learning begin with.
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// Supervised learning in the shape of a method, so that training, checkpoints and the order check
/// serve it too: a "task" is a batch of images, its query set, whose labels are the classes of the
/// whole training set (<see cref="ImageBatches"/>). There is no support set.
/// </summary>
/// <param name="Forward">Logits (N, classes) of inputs.</param>
/// <param name="BatchNorm">Which statistics predictions use.</param>
public sealed record Classification<T>(
    Features<T> Forward, BatchNormMode BatchNorm = BatchNormMode.Inductive) where T : ITree
{
    /// <summary>What training and the order check take.</summary>
    public Method<Running<T>> Method => Metric.Method;

    /// <summary>What training begins with.</summary>
    public Running<T> Begin(T model) => Metric.Begin(model);

    private Metric<T> Metric => new(
        (model, batch, normalize) => Forward(model, batch.QueryX, normalize),
        (logits, labels) => Loss.CrossEntropy(logits, labels), BatchNorm);
}
