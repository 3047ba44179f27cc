// The recipe of three stages that the few-shot literature has settled on: classify all training
// classes, meta-learn from the features that this gives, fine-tune on the few labels of a new task
// (Sun et al., "Meta-Transfer Learning for Few-Shot Learning", 2019; Chen et al., "Meta-Baseline",
// 2021). A stage of no steps is left out, which makes the ablations.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>A stage of the recipe.</summary>
public enum PipelineStage
{
    /// <summary>Ordinary classification of all training classes.</summary>
    Pretraining,

    /// <summary>Learning to adapt to tasks of a few of these classes.</summary>
    MetaLearning,

    /// <summary>Fine-tuning on few labels of a new task.</summary>
    FineTuning,
}

/// <summary>The first stage.</summary>
/// <param name="Classes">The training classes.</param>
/// <param name="Steps">Steps; 0 leaves the stage out.</param>
/// <param name="Optimizer">The update rule of the network.</param>
/// <param name="Batch">Examples in a step.</param>
public sealed record Pretraining(
    LabelledSet Classes, int Steps, Optimizer Optimizer, int Batch = 64);

/// <summary>The second stage.</summary>
/// <param name="Method">
/// The method for a network, such as <c>net => new Maml&lt;N>(Objective.OfImages(net), 1,
/// 0.4).Method</c> or that of <see cref="Anil"/>.
/// </param>
/// <param name="Tasks">Where its tasks are drawn from: the training classes again.</param>
/// <param name="Ways">Classes in a task.</param>
/// <param name="Steps">Meta-steps; 0 leaves the stage out.</param>
/// <param name="Optimizer">The outer update rule.</param>
/// <param name="MetaBatch">Tasks in a meta-step.</param>
public sealed record MetaLearning<N>(
    Func<N, Method<N>> Method, EpisodeSampler Tasks, int Ways, int Steps, Optimizer Optimizer,
    int MetaBatch = 4) where N : IFeatureNetwork;

/// <summary>The third stage.</summary>
/// <param name="Few">The labelled examples of the new task.</param>
/// <param name="Steps">Steps; 0 leaves the stage out.</param>
/// <param name="Optimizer">The update rule of what moves.</param>
/// <param name="Plan">
/// What moves. Gradient-based meta-learners keep no running statistics of batch normalisation, so a
/// network with any goes on with its own: <see cref="NormPolicy.PerDomain"/>.
/// </param>
/// <param name="Batch">Examples in a step.</param>
public sealed record NewTask<N>(
    LabelledSet Few, int Steps, Optimizer Optimizer, Func<N, TunePlan> Plan, int Batch = 32)
    where N : IFeatureNetwork;

/// <summary>
/// Pre-training, meta-learning and fine-tuning as one run. Its state goes in and comes out; the
/// same state and configuration give the same next state, so a run that goes on from a file ends
/// with the bits of one that was never interrupted, wherever it was stopped.
/// <para>
/// The body goes from stage to stage. The head is a new one for the classes of each stage, but a
/// meta-learned head is where fine-tuning on as many classes starts: it was learned for that.
/// </para>
/// </summary>
/// <param name="Network">Where the run begins; it is not changed.</param>
/// <param name="First">Ordinary classification.</param>
/// <param name="Second">Meta-learning.</param>
/// <param name="Third">Fine-tuning.</param>
/// <param name="Seed">
/// Randomness of new heads, of the order of examples and tasks, and of what dropout drops.
/// </param>
public sealed record Pipeline<N>(
    N Network, Pretraining First, MetaLearning<N> Second, NewTask<N> Third, long Seed)
    where N : IFeatureNetwork
{
    private const string Op = "Pipeline";

    /// <summary>The state before the first step.</summary>
    /// <exception cref="EngineException">No stage has any steps.</exception>
    public PipelineState<N> Begin() => Enter(
        Following(null) ?? throw Errors.Fail(Op, "no stage has any steps. Give one at least 1."),
        new(Network, NormStatistics.For(Network)), head: null);

    /// <summary>
    /// The state after that many more steps, through as many stages as they reach; all that are
    /// left by default.
    /// </summary>
    /// <param name="state">
    /// Where to go on. It may be of a pipeline that differs in later stages only: two of them can
    /// share what comes before.
    /// </param>
    /// <param name="report">Gets each step's stage, its number from 1 on, and its loss.</param>
    /// <param name="steps">How many steps, over all stages.</param>
    /// <exception cref="EngineException">
    /// Fine-tuning diverged, or goes by statistics that meta-learning left behind.
    /// </exception>
    /// <exception cref="DivergenceException">Meta-learning diverged.</exception>
    public PipelineState<N> Run(
        PipelineState<N> state, Action<PipelineStage, long, double>? report = null,
        long steps = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(state);
        while (steps > 0)
        {
            if (state.Steps >= StepsOf(state.Stage))
            {
                if (Following(state.Stage) is not { } next) return state;
                state = Enter(next, state);
            }
            long before = state.Steps;
            long until = before + Math.Min(steps, StepsOf(state.Stage) - before);
            state = RunStage(
                state, until, (step, loss) => report?.Invoke(state.Stage, step, loss));
            steps -= until - before;
        }
        return state;
    }

    /// <summary>
    /// The state in a file that <see cref="PipelineState{N}.Save"/> wrote, from which the run goes
    /// on.
    /// </summary>
    /// <exception cref="EngineException">
    /// The file is damaged, or of a pipeline of another network, plan or number of classes.
    /// </exception>
    public PipelineState<N> Load(string path) => PipelineState<N>.Load(path, stage =>
        Enter(stage, new(Network, NormStatistics.For(Network)), head: null));

    private PipelineState<N> RunStage(
        PipelineState<N> state, long until, Action<long, double> report)
    {
        if (state.Stage == PipelineStage.MetaLearning)
        {
            MetaTraining<N> training = MetaTrainingOf(state.Start.Network);
            TrainingState<N> at = state.Meta!;
            while (at.Step < until)
            {
                (at, double loss) = training.Step(at);
                report(at.Step, loss);
            }
            return state with { Meta = at };
        }
        var (set, size) = state.Stage == PipelineStage.Pretraining
            ? (First.Classes, First.Batch) : (Third.Few, Third.Batch);
        return state with
        {
            Tuning = TuningOf(state.Stage, state.Start).Run(
                state.Tuning!,
                step =>
                {
                    LabelledBatch batch = set.Batch(Seed, step, size);
                    return (batch.X, batch.Y);
                },
                until, report),
        };
    }

    /// <summary>The beginning of a stage after another.</summary>
    private PipelineState<N> Enter(PipelineStage stage, PipelineState<N> done)
    {
        Adapted<N> found = done.Read();
        if (done.Stage != PipelineStage.MetaLearning) return Enter(stage, found, head: null);
        if (NormStatistics.Paths(found.Network).Count > 0
            && Third.Plan(found.Network).Norm != NormPolicy.PerDomain)
            throw Errors.Fail(Op, "meta-learning keeps no running statistics of batch "
                + $"normalisation, so fine-tuning of {typeof(N).Name} cannot go on with any. Give "
                + "its plan Norm = NormPolicy.PerDomain.");
        return Enter(stage, found, found.Network.Head);
    }

    /// <summary>
    /// The beginning of a stage from a network; with a head if it has as many outputs as there are
    /// classes.
    /// </summary>
    private PipelineState<N> Enter(PipelineStage stage, Adapted<N> found, Linear? head)
    {
        int classes = stage switch
        {
            PipelineStage.Pretraining => First.Classes.Classes.Length,
            PipelineStage.MetaLearning => Second.Ways,
            _ => Third.Few.Classes.Length,
        };
        Tensor old = found.Network.Head.Weight;
        if (head?.Weight.Shape[0] != classes)
            head = Linear.Create(
                Key.From(Seed).Fold((long)stage), old.Shape[1], classes, type: old.DType);
        Adapted<N> start = found with { Network = Heads.Replace(found.Network, head) };
        return stage == PipelineStage.MetaLearning
            ? new(stage, start, null, MetaTrainingOf(start.Network).Start(start.Network))
            : new(stage, start, TuningOf(stage, start).Begin(), null);
    }

    private FineTuning<N> TuningOf(PipelineStage stage, Adapted<N> start) =>
        stage == PipelineStage.Pretraining
            ? new(start.Network, start.Statistics, TunePlan.All(), First.Optimizer)
            {
                Seed = Seed,
            }
            : new(start.Network, start.Statistics, Third.Plan(start.Network), Third.Optimizer)
            {
                Seed = Seed,
            };

    private MetaTraining<N> MetaTrainingOf(N network) => new(
        Second.Method(network), Second.Optimizer,
        (first, count) => Episode.From(Second.Tasks.Sample(Seed, first, count)),
        Second.MetaBatch);

    private long StepsOf(PipelineStage stage) => stage switch
    {
        PipelineStage.Pretraining => First.Steps,
        PipelineStage.MetaLearning => Second.Steps,
        _ => Third.Steps,
    };

    /// <summary>The next stage that has steps; null if there is none.</summary>
    private PipelineStage? Following(PipelineStage? stage)
    {
        foreach (PipelineStage next in Enum.GetValues<PipelineStage>())
            if ((stage is null || next > stage) && StepsOf(next) > 0)
                return next;
        return null;
    }
}
