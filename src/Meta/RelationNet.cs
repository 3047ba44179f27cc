// Relation networks (Sung et al., 2018, "Learning to compare"): the comparison itself is learned,
// by a network that sees the feature maps of a query and of a class together.
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>What relation networks train: the embedding's model and the comparing module.</summary>
public sealed partial record Relating<T>(T Model, RelationModule Module) : ITree where T : ITree;

/// <summary>
/// Relation networks. A class of several shots is the sum of their maps; the loss is the mean
/// squared difference of relation scores from 1 for the right class and 0 for the others (the paper
/// sums, its published code takes the mean).
/// </summary>
/// <param name="Embed">The embedding that is learned, to maps (N, C, h, w).</param>
/// <param name="BatchNorm">Which statistics predictions use.</param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
public sealed record RelationNet<T>(
    Features<T> Embed, BatchNormMode BatchNorm = BatchNormMode.Inductive, int Chunk = 0)
    where T : ITree
{
    /// <summary>What training, evaluation and the order check take.</summary>
    public Method<Running<Relating<T>>> Method => Metric.Method;

    /// <summary>What training begins with.</summary>
    public Running<Relating<T>> Begin(T model, RelationModule module) =>
        Metric.Begin(new(model, module));

    /// <summary>Relation scores in 0..1, (queries, ways), equation 1.</summary>
    public Tensor Scores(Relating<T> p, Episode task, Normalize normalize)
    {
        ArgumentNullException.ThrowIfNull(p);
        ArgumentNullException.ThrowIfNull(task);
        var (support, queries) = Embed.OfTask(p.Model, task, normalize);
        Tensor classes = Features.ClassSums(support, task.SupportY, task.Ways);
        return p.Module.Forward(classes, queries, normalize);
    }

    /// <summary>Equation 2.</summary>
    private static Tensor SquaredError(Tensor scores, Tensor labels) =>
        Loss.Mse(scores, labels.OneHot(scores.Shape[1], scores.DType));

    private Metric<Relating<T>> Metric => new(Scores, SquaredError, BatchNorm, Chunk: Chunk);
}
