// Joint training on several source and target tasks: one body, and a weighted sum of all losses,
//   sum_i w_i L(head_i(body(x_i)), y_i)   over n source and m target tasks.
// With labelled targets this is inductive transfer; a target task of weight 0 is only looked at.
using System.Collections.Immutable;
using Engine.Data;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>A task of joint training; it has the name of its set.</summary>
/// <param name="Set">Its labelled examples.</param>
/// <param name="Weight">What its loss weighs in the sum; 0 or more.</param>
/// <param name="OwnHead">
/// Whether it has a head of its own, for the classes of its set. All others share the network's.
/// </param>
/// <param name="Norm">
/// How batch normalisation treats it: together with all other tasks that share (<see
/// cref="NormPolicy.Shared"/>), by itself, or by the statistics given.
/// </param>
public sealed record JointTask(
    LabelledSet Set, double Weight = 1, bool OwnHead = false,
    NormPolicy Norm = NormPolicy.PerDomain)
{
    /// <summary>
    /// The loss of logits (N, classes) and labels (N), a scalar; cross-entropy unless said
    /// otherwise.
    /// </summary>
    public Func<Tensor, Tensor, Tensor> Loss { get; init; } =
        (logits, labels) => Nn.Loss.CrossEntropy(logits, labels);
}

/// <summary>A batch of each task, in the tasks' order, and the randomness of its step.</summary>
public sealed partial record JointBatch(ImmutableArray<LabelledBatch> Tasks, Key Key) : ITree;

/// <summary>What is trained: the network, and the heads of the tasks that have their own.</summary>
public sealed partial record JointModel<N>(N Network, ImmutableArray<Linear> Heads) : ITree
    where N : IFeatureNetwork;

/// <summary>The running statistics of each task.</summary>
public sealed partial record JointStatistics(ImmutableArray<NormStatistics> Tasks) : ITree;

/// <summary>Where joint training stands.</summary>
public sealed partial record JointState<N>(
    JointModel<N> Model, OptimizerState Optimizer, JointStatistics Statistics) : ITree
    where N : IFeatureNetwork;

/// <summary>Joint training of one network on several tasks.</summary>
public sealed class JointTraining<N> where N : IFeatureNetwork
{
    private const string Op = "JointTraining";

    private readonly ImmutableArray<JointTask> tasks;
    private readonly int[] headOf; // of each task: the place of its own head, or -1
    private readonly Optimizer optimizer;

    /// <summary>Checks the tasks and makes the start.</summary>
    /// <param name="network">Where training begins; it is not changed.</param>
    /// <param name="tasks">Source and target tasks, with names of their own.</param>
    /// <param name="optimizer">The update rule of body and heads.</param>
    /// <param name="key">Randomness of the first weights of the tasks' own heads.</param>
    /// <param name="statistics">
    /// The network's running statistics, if it is trained; mean 0 and variance 1 by default.
    /// </param>
    /// <exception cref="EngineException">The tasks do not fit together.</exception>
    public JointTraining(
        N network, IEnumerable<JointTask> tasks, Optimizer optimizer, Key key,
        NormStatistics? statistics = null)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        this.tasks = [.. tasks];
        this.optimizer = optimizer;
        Check(network, this.tasks);
        JointTask[] own = [.. this.tasks.Where(task => task.OwnHead)];
        if (own.Length > 0) Heads.PathOf(network); // Read puts their heads there
        headOf = [.. this.tasks.Select(task => Array.IndexOf(own, task))];
        int features = network.Head.Weight.Shape[1];
        DType type = network.Head.Weight.DType;
        Key[] keys = key.Split(Math.Max(1, own.Length));
        var model = new JointModel<N>(
            network, [.. own.Select((task, i) => Linear.Create(
                keys[i], features, task.Set.Classes.Length, type: type))]);
        NormStatistics first = Adapt.Statistics(
            network, this.tasks.Any(task => task.Norm == NormPolicy.Fixed)
                ? NormPolicy.Fixed : NormPolicy.PerDomain, statistics);
        Training = new(
            [.. this.tasks.Select(task => task.Set.Name)],
            new(model, optimizer.Init(model), new([.. this.tasks.Select(_ => first)])), Step);
    }

    /// <summary>Start and step; the losses are those of the tasks, before their weights.</summary>
    public Training<JointState<N>, JointBatch> Training { get; }

    /// <summary>
    /// The batches of a run: <paramref name="size"/> examples of each task. A batch is a function
    /// of seed and step alone.
    /// </summary>
    public Func<int, JointBatch> Batches(int size, long seed) => step =>
        new(
            [.. tasks.Select((task, i) => task.Set.Batch(Domains.SeedOf(seed, i), step, size))],
            Key.From(seed).Fold(step));

    /// <summary>The network as a task has it: with its head and its statistics.</summary>
    /// <exception cref="EngineException">There is no such task.</exception>
    public Adapted<N> Read(JointState<N> state, string task)
    {
        ArgumentNullException.ThrowIfNull(state);
        int i = Training.Losses.IndexOf(task);
        if (i < 0)
            throw Errors.Fail(Op, $"there is no task '{task}', only "
                + $"[{string.Join(", ", Training.Losses)}]. Give one of these names.");
        N network = state.Model.Network;
        return new(
            headOf[i] < 0 ? network : Heads.Replace(network, state.Model.Heads[headOf[i]]),
            state.Statistics.Tasks[i]);
    }

    private (JointState<N>, Tensor) Step(JointState<N> state, JointBatch batch)
    {
        var (result, gradient) = Grad.WithAux((JointModel<N> model) =>
        {
            var (features, statistics) = Features(model.Network, batch, state.Statistics);
            Tensor[] losses = [.. tasks.Select((task, i) => task.Loss(
                HeadOf(model, i).Forward(features[i]), batch.Tasks[i].Y))];
            // A task that is only looked at costs no backward pass, and its NaN spoils nothing.
            Tensor sum = losses.Select((loss, i) => (loss, tasks[i].Weight))
                .Where(task => task.Weight > 0).Select(task => task.Weight * task.loss)
                .Aggregate((a, b) => a + b);
            return (sum, (Tensor.Stack(losses), statistics));
        })(state.Model);
        var (losses, statistics) = result.Aux;
        var (next, moments) = optimizer.Step(state.Model, gradient, state.Optimizer);
        return (new(next, moments, statistics), losses);
    }

    /// <summary>The features of each task's batch, and the statistics after it.</summary>
    private (Tensor[] Features, JointStatistics Statistics) Features(
        N network, JointBatch batch, JointStatistics before)
    {
        var features = new Tensor[tasks.Length];
        NormStatistics[] after = [.. before.Tasks];
        Key[] dropout = batch.Key.Split(tasks.Length);
        int[] shared =
            [.. Enumerable.Range(0, tasks.Length).Where(i => tasks[i].Norm == NormPolicy.Shared)];
        if (shared.Length > 0)
        {
            Tensor x = Tensor.Concat([.. shared.Select(i => batch.Tasks[i].X)], 0);
            var (all, moved) = before.Tasks[shared[0]].Train(
                normalize => network.Features(x, normalize, dropout[shared[0]]));
            int at = 0;
            foreach (int i in shared)
            {
                int count = batch.Tasks[i].Count;
                (features[i], after[i]) = (all[at..(at + count)], moved);
                at += count;
            }
        }
        foreach (int i in Enumerable.Range(0, tasks.Length).Except(shared))
        {
            Tensor Run(Normalize normalize) =>
                network.Features(batch.Tasks[i].X, normalize, dropout[i]);
            (features[i], after[i]) = tasks[i].Norm == NormPolicy.Fixed
                ? (before.Tasks[i].Infer(Run), before.Tasks[i]) : before.Tasks[i].Train(Run);
        }
        return (features, new([.. after]));
    }

    private Linear HeadOf(JointModel<N> model, int task) =>
        headOf[task] < 0 ? model.Network.Head : model.Heads[headOf[task]];

    private static void Check(N network, ImmutableArray<JointTask> tasks)
    {
        if (tasks.GroupBy(task => task.Set.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw Errors.Fail(Op, $"two tasks are called '{twice.Key}'. Give their sets names of "
                + "their own: set.Named(...).");
        if (tasks.FirstOrDefault(task => !(task.Weight >= 0) || double.IsInfinity(task.Weight))
            is { } wrong)
            throw Errors.Fail(Op, $"'{wrong.Set.Name}' weighs {wrong.Weight}. Give 0 or more.");
        if (!tasks.Any(task => task.Weight > 0))
            throw Errors.Fail(Op, "no task has a weight above 0, so there is nothing to learn. "
                + "Give at least one.");
        if (tasks.FirstOrDefault(task => task.Set.Count == 0) is { } empty)
            throw Errors.Fail(Op, $"'{empty.Set.Name}' has no examples. Leave the task out.");

        int outputs = network.Head.Weight.Shape[0];
        JointTask[] sharing = [.. tasks.Where(task => !task.OwnHead)];
        if (sharing.FirstOrDefault(task => task.Set.Classes.Length != outputs) is { } other)
            throw Errors.Fail(Op, $"'{other.Set.Name}' has {other.Set.Classes.Length} classes, but "
                + $"the shared head tells {outputs} apart. Give the task a head of its own, or the "
                + "network another head.");
        if (sharing.FirstOrDefault(task =>
            !task.Set.Classes.SequenceEqual(sharing[0].Set.Classes)) is { } odd)
            throw Errors.Fail(Op, $"'{odd.Set.Name}' and '{sharing[0].Set.Name}' share a head, but "
                + "their classes or the order of these differ. Give one a head of its own.");

        JointTask[] together = [.. tasks.Where(task => task.Norm == NormPolicy.Shared)];
        if (together.FirstOrDefault(task => task.Set.Shape != together[0].Set.Shape) is { } apart)
            throw Errors.Fail(Op, $"'{apart.Set.Name}' has examples of {apart.Set.Shape}, "
                + $"'{together[0].Set.Name}' of {together[0].Set.Shape}; they cannot be normalised "
                + "together. Resize one, or choose PerDomain.");
    }
}
