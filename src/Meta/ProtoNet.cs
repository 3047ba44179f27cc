// Prototypical networks (Snell, Swersky and Zemel, 2017): a class is the mean of its embedded
// support inputs, and a query belongs to the nearest.
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// ProtoNet, algorithm 1 of the paper. Training may have more ways than testing: the tasks say how
/// many. The published code trains by statistics of support and query images together and
/// predicts by running statistics, as this does by default.
/// </summary>
/// <param name="Embed">The embedding that is learned.</param>
/// <param name="BatchNorm">
/// Which statistics predictions use; none for a model without batch normalisation.
/// </param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
public sealed record ProtoNet<T>(
    Features<T> Embed, BatchNormMode BatchNorm = BatchNormMode.Inductive, int Chunk = 0)
    where T : ITree
{
    /// <summary>What training, evaluation and the order check take.</summary>
    public Method<Running<T>> Method => Metric.Method;

    /// <summary>What training begins with.</summary>
    public Running<T> Begin(T model) => Metric.Begin(model);

    /// <summary>
    /// Minus the squared distances of queries from prototypes, (queries, ways): logits.
    /// </summary>
    public Tensor Scores(T model, Episode task, Normalize normalize)
    {
        ArgumentNullException.ThrowIfNull(task);
        var (support, queries) = Embed.OfTask(model, task, normalize);
        Tensor prototypes = Features.ClassMeans(support, task.SupportY, task.Ways); // equation 1
        return -Features.SquaredDistances(queries, prototypes); // equation 2
    }

    private Metric<T> Metric => new(
        Scores, (logits, labels) => Loss.CrossEntropy(logits, labels), BatchNorm, Chunk: Chunk);
}
