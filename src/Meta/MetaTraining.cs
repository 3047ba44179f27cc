// The outer loop: draw tasks, take the meta-gradient, step. A step depends on the state and its
// number alone, so a resumed run continues exactly as an uninterrupted one.
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// Where training stands: the model, or whatever the method trains; the optimiser's state; the
/// number of steps taken; and how many tasks were skipped because they diverged.
/// </summary>
public sealed partial record TrainingState<T>(
    T Model, OptimizerState Optimizer, long Step, long Skipped = 0) : ITree where T : ITree;

/// <summary>What training does when loss or gradient of a task is not finite.</summary>
public enum Divergence
{
    /// <summary>It ends with a <see cref="DivergenceException"/>.</summary>
    Stop,

    /// <summary>
    /// It leaves that task out of the step and counts it in <see cref="TrainingState{T}.Skipped"/>.
    /// </summary>
    Skip,
}

/// <summary>
/// The loss, the gradient or the weights became NaN or infinite; the model before that step is
/// kept.
/// </summary>
public sealed class DivergenceException : Exception
{
    /// <summary>Training whose loss was that at that step (from 1 on).</summary>
    public DivergenceException(long step, double loss) : base(
        $"training diverged at step {step}: "
        + (double.IsFinite(loss)
            ? "the meta-gradient or the weights after it are not finite."
            : $"the meta-loss is {loss}.")
        + " The model before that step is kept. Lower the rate or the inner rate.")
    {
        Step = step;
        Loss = loss;
    }

    /// <summary>The step, from 1 on.</summary>
    public long Step { get; }

    /// <summary>The loss at that step.</summary>
    public double Loss { get; }
}

/// <summary>
/// Training by a meta-learning method and an optimiser over drawn tasks; the step is compiled.
/// </summary>
/// <param name="method">The meta-learner.</param>
/// <param name="optimizer">The outer update rule.</param>
/// <param name="draw">Tasks first .. first + count - 1 of the run's seed.</param>
/// <param name="metaBatch">Tasks a step.</param>
/// <param name="clipNorm">Largest norm of a meta-gradient; 0 for no limit.</param>
/// <param name="divergence">What happens to tasks that diverge.</param>
/// <param name="progress">
/// How far training is at a step (0 at the first), for methods that anneal; a function of the step
/// alone, so that a resumed run goes on the same way. The beginning for ever by default.
/// </param>
public sealed class MetaTraining<P>(
    Method<P> method, Optimizer optimizer, Func<long, int, Episode> draw, int metaBatch,
    double clipNorm = 0, Divergence divergence = Divergence.Stop,
    Func<long, Progress>? progress = null) where P : ITree
{
    private readonly Progress begin = Progress.Begin;

    // Compile.Step would take the memory of the old state, which is kept when a step diverges.
    private readonly
        Func<P, OptimizerState, Episode, Progress, (P, OptimizerState, Tensor, Tensor)> step =
        Compile.Of((P model, OptimizerState state, Episode tasks, Progress at) => Updated(
            method, optimizer, clipNorm, model, state, method.Step(model, tasks, at)));

    // The two halves of a step, for one that leaves diverging tasks out.
    private readonly Func<P, Episode, Progress, (MetaStep<P>, Tensor)> ofTask =
        Compile.Of((P model, Episode task, Progress at) =>
        {
            MetaStep<P> made = method.Step(model, task, at);
            return (made, SquaredNorm(made.Gradient));
        });

    private readonly Func<P, OptimizerState, MetaStep<P>, (P, OptimizerState, Tensor, Tensor)>
        update = Compile.Of((P model, OptimizerState state, MetaStep<P> made) =>
            Updated(method, optimizer, clipNorm, model, state, made));

    /// <summary>Tasks first .. first + count - 1 of the run.</summary>
    public Episode Draw(long first, int count) => draw(first, count);

    /// <summary>The state before the first step.</summary>
    public TrainingState<P> Start(P model) => new(model, optimizer.Init(model), 0);

    /// <summary>The state after one more step, and the meta-loss before it.</summary>
    /// <exception cref="DivergenceException">
    /// Loss, gradient or weights are not finite, and skipping tasks is not asked for or does not
    /// help.
    /// </exception>
    public (TrainingState<P> State, double Loss) Step(TrainingState<P> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return Step(state, draw(state.Step * metaBatch, metaBatch));
    }

    /// <summary>
    /// The state after one more step on these tasks, and the meta-loss before it; for whoever
    /// chooses tasks by the state, such as <see cref="HardTasks{P}"/>.
    /// </summary>
    /// <inheritdoc cref="Step(TrainingState{P})"/>
    public (TrainingState<P> State, double Loss) Step(TrainingState<P> state, Episode tasks)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(tasks);
        Progress at = (progress?.Invoke(state.Step) ?? begin).To(DeviceOf(state.Model));
        var (model, moments, value, norm) = step(state.Model, state.Optimizer, tasks, at);
        double loss = value.Item();
        // A gradient can overflow while its loss is still finite, and a huge rate makes weights
        // whose squares do: then the step is not taken.
        if (double.IsFinite(loss) && double.IsFinite(norm.Item()))
            return (state with { Model = model, Optimizer = moments, Step = state.Step + 1 }, loss);
        return divergence == Divergence.Skip
            ? WithoutDiverging(state, tasks, at)
            : throw new DivergenceException(state.Step + 1, loss);
    }

    /// <summary>
    /// The step of those tasks that do not diverge, taken one by one. None may be left: then the
    /// parameters stay.
    /// </summary>
    private (TrainingState<P> State, double Loss) WithoutDiverging(
        TrainingState<P> state, Episode tasks, Progress at)
    {
        var kept = new List<MetaStep<P>>();
        int count = tasks.SupportX.Shape[0];
        for (int i = 0; i < count; i++)
        {
            var (made, norm) =
                ofTask(state.Model, tasks.Map((Tensor leaf) => leaf[i..(i + 1)]), at);
            if (double.IsFinite(made.Loss.Item()) && double.IsFinite(norm.Item())) kept.Add(made);
        }
        TrainingState<P> next = state with
        {
            Step = state.Step + 1,
            Skipped = state.Skipped + count - kept.Count,
        };
        if (kept.Count == 0) return (next, double.NaN);
        var (model, moments, value, total) = update(state.Model, state.Optimizer, Mean(kept));
        if (!double.IsFinite(total.Item()))
            throw new DivergenceException(next.Step, value.Item());
        return (next with { Model = model, Optimizer = moments }, value.Item());
    }

    private static Device DeviceOf(P model) =>
        model.Leaves() is [Tensor first, ..] ? first.Device : Device.Cpu;

    private static MetaStep<P> Mean(List<MetaStep<P>> made)
    {
        static bool Adds(Tensor leaf) => leaf.DType.IsFloat() && !leaf.IsSymbolicZero;
        return made
            .Aggregate((a, b) => a.Zip(b, (x, y) => Adds(x) ? x + y : x))
            .Map((Tensor sum) => Adds(sum) ? sum / made.Count : sum);
    }

    /// <summary>
    /// Parameters and optimiser after a step, its loss, and a number that is finite if they are.
    /// </summary>
    private static (P, OptimizerState, Tensor, Tensor) Updated(
        Method<P> method, Optimizer optimizer, double clipNorm, P model, OptimizerState state,
        MetaStep<P> made)
    {
        P gradient = method.State is { } own
            ? made.Gradient.Map((path, leaf) => own(path) ? SymbolicZero(leaf) : leaf)
            : made.Gradient;
        Tensor norm = SquaredNorm(gradient);
        if (clipNorm > 0) gradient = Optim.ClipByGlobalNorm(gradient, clipNorm);
        var (next, moments) = optimizer.Step(model, gradient, state);
        if (method.State is { } moves)
        {
            IReadOnlyList<string> paths = model.Paths();
            int i = 0;
            next = next.Zip(made.Moved, (leaf, moved) => moves(paths[i++]) ? moved : leaf);
        }
        return (next, moments, made.Loss, norm + SquaredNorm(next));
    }

    /// <summary>What tells an optimiser to leave a leaf alone.</summary>
    private static Tensor SymbolicZero(Tensor leaf) =>
        leaf.IsSymbolicZero ? leaf : Grad.Of((Tensor _) => Tensor.Zeros(Shape.Of()))(leaf);

    private static Tensor SquaredNorm(P tree)
    {
        Tensor sum = Tensor.Zeros(Shape.Of());
        foreach (Tensor leaf in tree.Leaves())
            if (leaf.DType.IsFloat() && !leaf.IsSymbolicZero)
                sum += leaf.Square().Sum().Cast(DType.Float32);
        return sum;
    }
}
