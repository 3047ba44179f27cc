// What makes a method of a metric learner. Such a learner has no inner steps: it scores queries
// against the support set in one pass. What is left to choose is how batch normalisation is done.
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// A model and the running statistics of its batch normalisations: none if it has none or is run by
/// batch statistics.
/// </summary>
public sealed partial record Running<M>(M Model, NormStatistics Statistics) : ITree
    where M : ITree;

/// <summary>
/// A learner that scores a task's queries in one pass. Training normalises by the statistics of the
/// task's own images. With <see cref="BatchNormMode.Inductive"/> it also moves running statistics
/// towards them, by which predictions are made: no query then influences another. With <see
/// cref="BatchNormMode.Transductive"/> predictions too are made by the task's statistics.
/// </summary>
/// <param name="Scores">
/// Scores (queries, ways) of a task's queries; the largest of a row is the predicted class.
/// </param>
/// <param name="Loss">Their loss, a scalar, by labels (queries).</param>
/// <param name="BatchNorm">How predictions are made.</param>
/// <param name="Momentum">How far a step moves the running statistics.</param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
public sealed record Metric<M>(
    Func<M, Episode, Normalize, Tensor> Scores, Func<Tensor, Tensor, Tensor> Loss,
    BatchNormMode BatchNorm, double Momentum = 0.1, int Chunk = 0) where M : ITree
{
    /// <summary>What training, evaluation and the order check take.</summary>
    public Method<Running<M>> Method => BatchNorm == BatchNormMode.Inductive
        ? OneTask with
        {
            State = path => Parts.Holds(nameof(Running<M>.Statistics), path),
            Direction = (p, tasks, _) => Direction(p, tasks),
        }
        : OneTask;

    private Method<Running<M>> OneTask => new(
        (p, task, _) => Loss(Scores(p.Model, task, ByTask), task.QueryY),
        (p, task, steps) => [.. Enumerable.Repeat(Predict(p, task), steps.Length)],
        Claim.Exact, BatchNorm, Chunk);

    /// <summary>What training begins with.</summary>
    public Running<M> Begin(M model) => new(
        model, BatchNorm == BatchNormMode.Inductive ? NormStatistics.For(model) : new([]));

    /// <summary>Scores (queries, ways) of a task's queries, normalised as the mode says.</summary>
    public Tensor Predict(Running<M> p, Episode task)
    {
        ArgumentNullException.ThrowIfNull(p);
        return BatchNorm == BatchNormMode.Inductive
            ? p.Statistics.Infer(normalize => Scores(p.Model, task, normalize))
            : Scores(p.Model, task, ByTask);
    }

    /// <summary>
    /// The gradient of the mean loss, and statistics moved towards the mean of those of the tasks.
    /// </summary>
    private MetaStep<Running<M>> Direction(Running<M> parameters, Episode tasks)
    {
        var ((loss, statistics), gradient) = Grad.WithAux((Running<M> p, Episode batch) =>
        {
            var (losses, moved) = Vmap.Of(
                (Episode task) =>
                {
                    var (scores, after) = p.Statistics.Train(
                        normalize => Scores(p.Model, task, normalize), Momentum);
                    return (Loss(scores, task.QueryY), after);
                },
                chunk: Chunk)(batch);
            return (losses.Mean(), moved.Map((Tensor ofTasks) => ofTasks.Mean(0)));
        })(parameters, tasks);
        return new(loss, gradient, parameters with { Statistics = statistics });
    }

    private static Tensor ByTask(BatchNorm norm, Tensor x) => norm.Forward(x);
}
