// Reptile (Nichol, Achiam and Schulman, 2018, algorithm 1 with meta-batches): train on a task for
// some steps, then go a part of the way towards what came out. It needs no second derivatives.
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// A start; the inner optimiser's state, which outlives tasks; and the key of the mini-batches.
/// </summary>
public sealed partial record ReptileState<T>(T Model, OptimizerState Inner, Key Key) : ITree
    where T : ITree;

/// <summary>
/// Reptile as in the authors' code: on each task <paramref name="InnerSteps"/> steps of Adam
/// without momentum, whose averages are kept from task to task, on mini-batches of the support set;
/// the outer step goes against start - mean(ends). The outer optimiser is SGD with a rate that
/// falls to zero: <c>Optim.Sgd(Schedule.Linear(1, 0, iterations))</c>. Training tasks have more
/// shots than test tasks (10 for 1-shot tests).
/// </summary>
/// <param name="Objective">Model and loss.</param>
/// <param name="Optimizer">The inner optimiser; <see cref="Reptile.Adam"/> is the authors'.</param>
/// <param name="InnerSteps">Inner steps in training.</param>
/// <param name="InnerBatch">
/// Support examples a step in training, or all, if there are fewer.
/// </param>
/// <param name="TestBatch">Support examples a step in evaluation.</param>
/// <param name="Inductive">
/// Whether predictions are made one by one, each in a batch with the support set alone, as in the
/// paper's second table of results; else as the objective makes them.
/// </param>
public sealed record Reptile<T>(
    Objective<T> Objective, Optimizer Optimizer, int InnerSteps = 5, int InnerBatch = 10,
    int TestBatch = 5, bool Inductive = false) where T : ITree
{
    /// <summary>What training, evaluation and the order check take.</summary>
    public Method<ReptileState<T>> Method => new(
        (p, task, _) => Objective.Query(
            Trajectory(p, task, InnerSteps, InnerBatch).Last().Model, task),
        (p, task, steps) => Trajectory(p, task, steps[^1], TestBatch)
            .After(steps, adapted => Inductive
                ? Objective.ForwardEach(adapted.Model, task)
                : Objective.Forward(adapted.Model, task.QueryX)),
        Claim.OwnDirection,
        Inductive && Objective.BatchNorm == BatchNormMode.Transductive
            ? BatchNormMode.Inductive : Objective.BatchNorm)
    {
        State = path => !Parts.Holds(nameof(ReptileState<T>.Model), path),
        Direction = (p, tasks, _) => Direction(p, tasks),
    };

    /// <summary>A start whose inner optimiser has not stepped yet.</summary>
    public ReptileState<T> Begin(T model, Key key) => new(model, Optimizer.Init(model), key);

    /// <summary>
    /// Start, optimiser and key before adaptation to a task's support set and after each step.
    /// </summary>
    public IEnumerable<ReptileState<T>> Trajectory(
        ReptileState<T> p, Episode task, int steps, int batch)
    {
        ArgumentNullException.ThrowIfNull(p);
        ArgumentNullException.ThrowIfNull(task);
        if (steps < 0 || batch < 1)
            throw new EngineException($"Reptile: {steps} inner steps on batches of {batch}; give "
                + "0 or more and at least 1.");
        return Walk();

        IEnumerable<ReptileState<T>> Walk()
        {
            yield return p;
            foreach (Tensor? rows in MiniBatches(p.Key, task.SupportX.Shape[0], batch, steps))
            {
                Tensor Of(Tensor all) => rows is null ? all : all[rows];
                T gradient = Grad.Of((T w) => Objective.LossOn(
                    w, Of(task.SupportX), Of(task.SupportY)))(p.Model);
                var (model, inner) = Optimizer.Step(p.Model, gradient, p.Inner);
                p = p with { Model = model, Inner = inner };
                yield return p;
            }
        }
    }

    /// <summary>
    /// The way from the mean of the ends to the start. The tasks come one after another, as each
    /// begins with the averages that the last one left.
    /// </summary>
    private MetaStep<ReptileState<T>> Direction(ReptileState<T> p, Episode tasks)
    {
        int count = tasks.SupportX.Shape[0];
        Key[] keys = p.Key.Split(count + 1);
        var ends = new List<T>();
        var losses = new List<Tensor>();
        OptimizerState inner = p.Inner;
        for (int i = 0; i < count; i++)
        {
            Episode task = tasks.Task(i);
            ReptileState<T> end =
                Trajectory(new(p.Model, inner, keys[i]), task, InnerSteps, InnerBatch).Last();
            ends.Add(end.Model);
            losses.Add(Objective.Query(end.Model, task));
            inner = end.Inner;
        }
        T sum = ends.Aggregate((a, b) => a.Zip(b, (x, y) => x + y));
        return new(
            Tensor.Stack([.. losses]).Mean(),
            p.Map((Tensor leaf) => Optim.ZerosLike(leaf)) with
            {
                Model = p.Model.Zip(sum, (start, end) => start - end / count),
            },
            p with { Inner = inner, Key = keys[count] });
    }

    /// <summary>
    /// Positions in the support set for each step: it is shuffled, dealt out, and shuffled again
    /// when it is used up, also amid a batch. All of it, in order, is null.
    /// </summary>
    private static IEnumerable<Tensor?> MiniBatches(Key key, int examples, int batch, int steps)
    {
        if (batch >= examples) return Enumerable.Repeat<Tensor?>(null, steps);
        int shuffles = (steps * batch + examples - 1) / examples;
        if (shuffles == 0) return [];
        Tensor dealt = Tensor.Concat([.. key.Split(shuffles).Select(k => k.Permutation(examples))]);
        return Enumerable.Range(0, steps).Select(k => dealt[(k * batch)..((k + 1) * batch)]);
    }
}

/// <summary>The inner optimiser of <see cref="Reptile{T}"/>.</summary>
public static class Reptile
{
    /// <summary>Adam with beta1 = 0, as the authors' code has it for every image task.</summary>
    public static Optimizer Adam(double rate = 1e-3) => Optim.Adam(rate, beta1: 0);
}
