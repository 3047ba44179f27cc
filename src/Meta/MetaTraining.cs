// The outer loop: draw tasks, take the meta-gradient, step. A step depends on the state and its
// number alone, so a resumed run continues exactly as an uninterrupted one.
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// Where training stands: the model, or whatever the method trains; the optimiser's state; and the
/// number of steps taken.
/// </summary>
public sealed partial record TrainingState<T>(T Model, OptimizerState Optimizer, long Step) : ITree
    where T : ITree;

/// <summary>
/// The loss, the gradient or the weights became NaN or infinite; the model before that step is
/// kept.
/// </summary>
public sealed class DivergenceException : Exception
{
    /// <summary>The loss at that step (from 1 on).</summary>
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

    /// <summary>The loss at it.</summary>
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
public sealed class MetaTraining<P>(
    Method<P> method, Optimizer optimizer, Func<long, int, Episode> draw, int metaBatch,
    double clipNorm = 0) where P : ITree
{
    // Not Compile.Step, which gives up the old state: it is kept when a step diverges.
    private readonly Func<P, OptimizerState, Episode, (P, OptimizerState, Tensor, Tensor)> step =
        Compile.Of((P model, OptimizerState state, Episode tasks) =>
        {
            var (loss, gradient) = method.Gradient(model, tasks);
            Tensor norm = SquaredNorm(gradient);
            if (clipNorm > 0) gradient = Optim.ClipByGlobalNorm(gradient, clipNorm);
            var (next, nextState) = optimizer.Step(model, gradient, state);
            return (next, nextState, loss, norm + SquaredNorm(next));
        });

    /// <summary>Tasks first .. first + count - 1 of the run.</summary>
    public Episode Draw(long first, int count) => draw(first, count);

    /// <summary>The state before the first step.</summary>
    public TrainingState<P> Start(P model) => new(model, optimizer.Init(model), 0);

    /// <summary>The state after one more step, and the meta-loss before it.</summary>
    /// <exception cref="DivergenceException">The loss is no finite number.</exception>
    public (TrainingState<P> State, double Loss) Step(TrainingState<P> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Episode tasks = draw(state.Step * metaBatch, metaBatch);
        var (model, moments, value, norm) = step(state.Model, state.Optimizer, tasks);
        double loss = value.Item();
        // A gradient can overflow while its loss is still finite, and a huge rate makes weights
        // whose squares do: then the step is not taken.
        if (!double.IsFinite(loss) || !double.IsFinite(norm.Item()))
            throw new DivergenceException(state.Step + 1, loss);
        return (new(model, moments, state.Step + 1), loss);
    }

    private static Tensor SquaredNorm(P gradient)
    {
        Tensor sum = Tensor.Zeros(Shape.Of());
        foreach (Tensor leaf in gradient.Leaves())
            if (!leaf.IsSymbolicZero)
                sum += leaf.Square().Sum().Cast(DType.Float32);
        return sum;
    }
}
