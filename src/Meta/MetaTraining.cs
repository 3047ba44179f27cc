// The outer loop: draw tasks, take the meta-gradient, step. Pure but for the drawing: step n of a
// seed is the same in a resumed run as in an uninterrupted one.
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>Where training stands: the model, the optimiser's state, and steps taken.</summary>
public sealed partial record TrainingState<T>(T Model, OptimizerState Optimizer, long Step) : ITree
    where T : ITree;

/// <summary>The loss became NaN or infinite; the model before that step is kept.</summary>
public sealed class DivergenceException : Exception
{
    /// <summary>The loss at that step (from 1 on).</summary>
    public DivergenceException(long step, double loss) : base(
        $"training diverged: the meta-loss is {loss} at step {step}. The model before that step is "
        + "kept. Lower the rate or the inner rate, or clip gradients.")
    {
        Step = step;
        Loss = loss;
    }

    /// <summary>The step, from 1 on.</summary>
    public long Step { get; }

    /// <summary>The loss at it.</summary>
    public double Loss { get; }
}

/// <summary>Meta-training of a model by an optimiser over drawn tasks.</summary>
/// <param name="Maml">The meta-learner.</param>
/// <param name="Optimizer">The outer update rule.</param>
/// <param name="Draw">Tasks first .. first + count - 1 of the run's seed.</param>
/// <param name="MetaBatch">Tasks a step.</param>
/// <param name="ClipNorm">Largest norm of a meta-gradient; 0 for no limit.</param>
public sealed record MetaTraining<T>(
    Maml<T> Maml, Optimizer Optimizer, Func<long, int, Episode> Draw, int MetaBatch,
    double ClipNorm = 0) where T : ITree
{
    /// <summary>The state before the first step.</summary>
    public TrainingState<T> Start(T model) => new(model, Optimizer.Init(model), 0);

    /// <summary>The state after one more step, and the meta-loss before it.</summary>
    /// <exception cref="DivergenceException">The loss is no finite number.</exception>
    public (TrainingState<T> State, double Loss) Step(TrainingState<T> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Episode tasks = Draw(state.Step * MetaBatch, MetaBatch);
        var (value, gradient) = Maml.Gradient(state.Model, tasks);
        double loss = value.Item();
        // A gradient can overflow while its loss is still finite: check it before it is applied.
        if (!double.IsFinite(loss) || !double.IsFinite(SquaredNorm(gradient)))
            throw new DivergenceException(state.Step + 1, loss);
        if (ClipNorm > 0) gradient = Optim.ClipByGlobalNorm(gradient, ClipNorm);
        var (model, optimizer) = Optimizer.Step(state.Model, gradient, state.Optimizer);
        return (new(model, optimizer, state.Step + 1), loss);
    }

    private static double SquaredNorm(T gradient)
    {
        Tensor sum = Tensor.Zeros(Shape.Of());
        foreach (Tensor leaf in gradient.Leaves())
            if (!leaf.IsSymbolicZero)
                sum += leaf.Square().Sum().Cast(DType.Float32);
        return sum.Item();
    }
}
