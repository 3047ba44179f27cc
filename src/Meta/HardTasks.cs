// Hard-task meta-batches (Sun et al., 2019, algorithm 2): now and then a step is taken on tasks of
// the classes on which the method fails most.
using Engine.Data;

namespace Engine.Meta;

/// <summary>
/// Draws meta-batches for <see cref="MetaTraining{P}.Step(TrainingState{P}, Episode)"/>: after
/// <paramref name="every"/> ordinary ones a hard one. For it the tasks of these ordinary steps are
/// adapted to again by the parameters as they are now; in each the class of the lowest accuracy is
/// noted, and new tasks are drawn from the classes noted. A meta-batch depends on the state alone,
/// so a resumed run draws what an uninterrupted one does.
/// </summary>
/// <param name="method">The meta-learner; its predictions are logits.</param>
/// <param name="source">The training classes.</param>
/// <param name="ways">Classes in a task.</param>
/// <param name="shots">Support images of each class.</param>
/// <param name="queries">Query images of each class.</param>
/// <param name="innerSteps">Inner steps after which accuracies are taken.</param>
/// <param name="metaBatch">Tasks a step.</param>
/// <param name="every">Ordinary steps before each hard one.</param>
/// <param name="seed">Determines the tasks.</param>
public sealed class HardTasks<P>(
    Method<P> method, ImageClasses source, int ways, int shots, int queries, int innerSteps,
    int metaBatch, int every, long seed) where P : ITree
{
    private readonly EpisodeSampler ordinary = new(source, ways, shots, queries);

    private readonly Func<P, Episode, Tensor> accuracies = Compile.Of((P p, Episode tasks) =>
        Vmap.Of((Episode task) => method.Predictions(p, task, [innerSteps])[0].ArgMax()
            .EqualTo(task.QueryY).Cast(DType.Float32).Reshape(ways, queries).Mean(1))(tasks));

    private readonly int every = every > 0 ? every
        : throw new EngineException($"HardTasks: {every} ordinary steps; give at least 1.");

    /// <summary>Whether the step after a state is a hard one.</summary>
    public bool IsHard(TrainingState<P> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.Step % (every + 1) == every;
    }

    /// <summary>The tasks of the step after a state.</summary>
    public Episode Draw(TrainingState<P> state)
    {
        EpisodeSampler sampler = IsHard(state)
            ? new(
                source.Subset($"the hardest of {source.Name}", Hardest(state)), ways, shots,
                queries)
            : ordinary;
        return Episode.From(sampler.Sample(seed, state.Step * metaBatch, metaBatch));
    }

    /// <summary>
    /// The hardest class of each of the last tasks; if these are too few for a task, the next
    /// hardest of any.
    /// </summary>
    public IReadOnlyList<int> Hardest(TrainingState<P> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        EpisodeArrays tasks = ordinary.Sample(
            seed, (state.Step - every) * metaBatch, every * metaBatch);
        double[] accuracy = accuracies(state.Model, Episode.From(tasks)).ToDoubles();
        int[][] byTask =
        [
            .. Enumerable.Range(0, accuracy.Length).OrderBy(i => accuracy[i])
                .GroupBy(i => i / ways, (_, places) => places.ToArray()),
        ];
        int[] noted = [.. byTask.Select(places => tasks.ClassIds[places[0]]).Distinct()];
        IEnumerable<int> others = byTask.SelectMany(places => places[1..])
            .OrderBy(i => accuracy[i]).Select(i => tasks.ClassIds[i]);
        return [.. noted.Concat(others).Distinct().Take(Math.Max(ways, noted.Length))];
    }
}
