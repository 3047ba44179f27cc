// Fine-tuning by a plan. What moves is a state that goes in and comes out; the network it started
// from is an argument of the compiled step, so that its frozen leaves cost nothing but their part
// in the forward pass.
using System.Collections.Concurrent;
using System.Collections.Immutable;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>The leaves of one group as they stand, and their own optimiser state.</summary>
public sealed partial record TuneGroupState(Part Part, OptimizerState Optimizer) : ITree;

/// <summary>
/// Where fine-tuning stands: each group of its plan, the running statistics, and the steps taken
/// (an int64 scalar).
/// </summary>
public sealed partial record TuneState(
    ImmutableArray<TuneGroupState> Groups, NormStatistics Statistics, Tensor Steps) : ITree;

/// <summary>What a penalty may speak of.</summary>
/// <param name="Network">The network that is tuned.</param>
/// <param name="Start">The network it started from.</param>
/// <param name="Features">The batch's features (N, F) in the network.</param>
/// <param name="StartFeatures">
/// Its features in the start, by the given running statistics; computed only if they are used.
/// </param>
public sealed record TuneView<N>(N Network, N Start, Tensor Features, Tensor StartFeatures);

/// <summary>
/// Fine-tuning of a network by a plan and an optimiser. Steps are pure: the same state and batch
/// give the same next state, and the state before stays valid.
/// <para>
/// The optimiser's schedule is followed by all groups alike: a group that joins at step 100 begins
/// at its rate of step 100. An optimiser that changes gradients (<see cref="Optim.Chain"/>) sees
/// those of one group at a time; <see cref="ClipNorm"/> clips all together.
/// </para>
/// </summary>
/// <param name="start">The network to start from; it stays as it is.</param>
/// <param name="statistics">
/// Its running statistics; those of <see cref="NormStatistics.For"/> for a network without batch
/// normalisation.
/// </param>
/// <param name="plan">What moves.</param>
/// <param name="optimizer">The update rule and its schedule.</param>
public sealed partial class FineTuning<N>(
    N start, NormStatistics statistics, TunePlan plan, Optimizer optimizer)
    where N : IFeatureNetwork
{
    private const string Op = "FineTuning";

    private readonly ImmutableArray<Part> parts = plan.Parts(start);

    // A step is one compiled function from one joining of groups to the next.
    private readonly ConcurrentDictionary<
        int, Func<TuneState, (N, NormStatistics), (Tensor, Tensor, Key), Stepped>> steps = [];

    private readonly Func<TuneState, N, Tensor, Tensor> predict = Compile.Of(
        (TuneState state, N network, Tensor x) =>
            In(state, network).Forward(x, state.Statistics));

    /// <summary>
    /// The loss of logits (N, classes) and labels; cross-entropy unless said otherwise.
    /// </summary>
    public Func<Tensor, Tensor, Tensor> Loss { get; init; } =
        (logits, labels) => Nn.Loss.CrossEntropy(logits, labels);

    /// <summary>A scalar that is added to the loss, such as that of <see cref="L2Sp"/>.</summary>
    public Func<TuneView<N>, Tensor>? Penalty { get; init; }

    /// <summary>Largest norm of the gradient of all moving leaves; 0 for no limit.</summary>
    public double ClipNorm { get; init; }

    /// <summary>
    /// How far running statistics move towards a batch's. With statistics of its own
    /// (<see cref="NormPolicy.PerDomain"/>) a domain's are plain means of the first batches until
    /// these weigh so little.
    /// </summary>
    public double Momentum { get; init; } = 0.1;

    /// <summary>What a network with dropout drops is drawn from.</summary>
    public long Seed { get; init; }

    /// <summary>
    /// The state before the first step. Under <see cref="NormPolicy.PerDomain"/> its statistics are
    /// new: those that were given stay the source's.
    /// </summary>
    public TuneState Begin() => new(
        [.. parts.Select((part, i) => new TuneGroupState(part, OptimizerOf(i).Init(part)))],
        plan.Norm == NormPolicy.PerDomain ? NormStatistics.For(start) : statistics,
        Tensor.Scalar(0L));

    /// <summary>
    /// The state after one more step, and the loss before it (with the penalty).
    /// </summary>
    /// <param name="state">The state before the step, which stays valid.</param>
    /// <param name="x">Inputs (N, ...).</param>
    /// <param name="y">Labels (N), or whatever the loss takes.</param>
    /// <exception cref="EngineException">
    /// Loss, gradient or moved leaves are not finite: the step is not taken.
    /// </exception>
    public (TuneState State, double Loss) Step(TuneState state, Tensor x, Tensor y)
    {
        Stepped next = Try(state, x, y);
        double loss = next.Loss.Item();
        if (double.IsFinite(loss) && double.IsFinite(next.Norm.Item())) return (next.State, loss);
        throw Errors.Fail(Op, $"step {state.Steps.Item<long>() + 1} diverged: "
            + (double.IsFinite(loss)
                ? "the gradient or the leaves after it are not finite." : $"the loss is {loss}.")
            + " The state before that step is still valid. Lower the rate.");
    }

    /// <summary>Steps from where the state stands until that many are taken.</summary>
    /// <param name="state">Where to go on.</param>
    /// <param name="batch">
    /// The batch of each step (0 at the first); a function of the step alone, so that a resumed run
    /// goes on as an uninterrupted one.
    /// </param>
    /// <param name="until">Steps of the whole run.</param>
    /// <param name="report">Gets the number of steps taken and the loss before the last.</param>
    /// <inheritdoc cref="Step" path="/exception"/>
    public TuneState Run(
        TuneState state, Func<long, (Tensor X, Tensor Y)> batch, long until,
        Action<long, double>? report = null)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(batch);
        for (long step = state.Steps.Item<long>(); step < until; step++)
        {
            var (x, y) = batch(step);
            (state, double loss) = Step(state, x, y);
            report?.Invoke(step + 1, loss);
        }
        return state;
    }

    /// <summary>The tuned network.</summary>
    public N Network(TuneState state) => In(state, start);

    /// <summary>Logits (N, classes) of inputs, by the running statistics; compiled.</summary>
    public Tensor Predict(TuneState state, Tensor x) => predict(state, start, x);

    /// <summary>
    /// What the compiled step of that step's groups has traced: its memory and its operations.
    /// </summary>
    public Explanation Explain(long step = 0) => Compile.Explain(StepAt(step));

    private static N In(TuneState state, N network)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.Groups.Aggregate(network, (network, group) => group.Part.In(network));
    }

    private Stepped Try(TuneState state, Tensor x, Tensor y)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Groups.Length != parts.Length)
            throw Errors.Fail(Op, $"the state has {state.Groups.Length} groups, but the plan "
                + $"{parts.Length}. Make the state with Begin().");
        long step = state.Steps.Item<long>();
        return StepAt(step)(state, (start, statistics), (x, y, Key.From(Seed).Fold(step)));
    }

    private Func<TuneState, (N, NormStatistics), (Tensor, Tensor, Key), Stepped> StepAt(
        long step)
    {
        ImmutableArray<int> moving =
            [.. Enumerable.Range(0, parts.Length).Where(i => plan.Groups[i].From <= step)];
        return steps.GetOrAdd(moving.Length, _ => Compile.Of(
            (TuneState state, (N, NormStatistics) from, (Tensor, Tensor, Key) batch) =>
                Moved(moving, state, from, batch)));
    }

    /// <summary>One step of the moving groups; the others are passed on.</summary>
    private Stepped Moved(
        ImmutableArray<int> moving, TuneState state, (N Network, NormStatistics Statistics) from,
        (Tensor X, Tensor Y, Key Dropout) batch)
    {
        // Groups that wait stand where they stood in the start.
        var own = new Moving([.. moving.Select(i => state.Groups[i].Part)]);
        var ((loss, norms), gradient) = Grad.WithAux((Moving own) =>
        {
            N network = own.In(from.Network);
            var (features, norms) = Features(network, batch.X, batch.Dropout, state);
            Tensor loss = Loss(network.Head.Forward(features), batch.Y);
            if (Penalty is not null)
                loss += Penalty(new(network, from.Network, features,
                    from.Network.Features(batch.X, from.Statistics)));
            return (loss, norms);
        })(own);
        Tensor norm = Tree.Dot(gradient, gradient);
        if (ClipNorm > 0) gradient = Optim.ClipByGlobalNorm(gradient, ClipNorm);
        TuneGroupState[] groups = [.. state.Groups];
        for (int i = 0; i < moving.Length; i++)
        {
            var (part, kept) = OptimizerOf(moving[i]).Step(
                own.Parts[i], gradient.Parts[i], groups[moving[i]].Optimizer);
            groups[moving[i]] = new(part, kept);
            norm += Tree.Dot(part, part);
        }
        return new(new([.. groups], norms, state.Steps + 1), loss, norm);
    }

    private (Tensor Features, NormStatistics Statistics) Features(
        N network, Tensor x, Key dropout, TuneState state)
    {
        Tensor Run(Normalize normalize) => network.Features(x, normalize, dropout);
        if (plan.Norm == NormPolicy.Fixed) return (state.Statistics.Infer(Run), state.Statistics);
        if (plan.Norm == NormPolicy.Shared) return state.Statistics.Train(Run, Momentum);
        var (features, ofBatch) = state.Statistics.Train(Run, momentum: 1);
        Tensor share = Tensor.Maximum(1 / (state.Steps + 1).Cast(DType.Float64), Momentum);
        return (features, state.Statistics.Zip(
            ofBatch, (old, now) => old + share.Cast(old.DType) * (now - old)));
    }

    private Optimizer OptimizerOf(int group)
    {
        TuneGroup own = plan.Groups[group];
        return optimizer with { Schedule = n => own.Rate * optimizer.Schedule(n + own.From) };
    }
}

/// <summary>
/// A state after a step, the loss before it, and a number that is finite if it is.
/// </summary>
internal sealed partial record Stepped(TuneState State, Tensor Loss, Tensor Norm) : ITree;

/// <summary>The parts that a step moves.</summary>
internal sealed partial record Moving(ImmutableArray<Part> Parts) : ITree
{
    public N In<N>(N network) where N : ITree =>
        Parts.Aggregate(network, (network, part) => part.In(network));
}
