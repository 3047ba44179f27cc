// Training runs of a learned optimiser, in pieces: a run is too long to differentiate through, so it
// is stopped after a few steps, learned from, and continued.
namespace Engine.Meta;

/// <summary>A family of problems on which an optimiser is learned.</summary>
/// <param name="Start">The model before the first step, from the key of a problem.</param>
/// <param name="Loss">
/// The loss of a model, a scalar, from the key of the problem and the key of a batch of its data.
/// </param>
public sealed record OptimizationProblem<T>(
    Func<Key, T> Start, Func<T, Key, Key, Tensor> Loss) where T : ITree;

/// <summary>Where a run is.</summary>
/// <param name="Model">The model.</param>
/// <param name="State">The optimiser's state.</param>
/// <param name="Problem">The key of the problem.</param>
/// <param name="Step">Steps taken, an int64 scalar.</param>
public sealed partial record Run<T, S>(T Model, S State, Key Problem, Tensor Step) : ITree
    where T : ITree where S : ITree;

/// <summary>Starts and continues runs.</summary>
public static class Unroll
{
    /// <summary>A run before its first step.</summary>
    public static Run<T, S> Begin<T, S>(
        OptimizationProblem<T> problem, InnerRule<T, S> rule, Key key)
        where T : ITree where S : ITree
    {
        ArgumentNullException.ThrowIfNull(problem);
        ArgumentNullException.ThrowIfNull(rule);
        T model = problem.Start(key);
        return new(model, rule.Start(model), key, Tensor.Scalar(0L));
    }

    /// <summary>
    /// The run some steps later, and the mean of the losses after each of them, on batches that the
    /// steps have not seen. Differentiable through every step by all that the rule is made of. The
    /// number of the step that the rule is given counts from 0 in every piece, since a piece is
    /// compiled once for wherever it begins: a rule that depends on the steps of the whole run
    /// counts them in its state.
    /// </summary>
    public static (Tensor Loss, Run<T, S> Run) Steps<T, S>(
        OptimizationProblem<T> problem, InnerRule<T, S> rule, Run<T, S> run, int steps, Key key)
        where T : ITree where S : ITree
    {
        ArgumentNullException.ThrowIfNull(problem);
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(run);
        if (steps < 1) throw new EngineException($"Unroll: {steps} steps; give at least 1.");
        var (model, state) = (run.Model, run.State);
        var losses = new Tensor[steps];
        Key[] keys = key.Split(2 * steps);
        for (int k = 0; k < steps; k++)
        {
            Key seen = keys[2 * k], unseen = keys[2 * k + 1];
            var (loss, gradient) =
                Grad.WithValue((T m) => problem.Loss(m, run.Problem, seen))(model);
            (model, state) = rule.Update(model, gradient, loss, state, k);
            losses[k] = problem.Loss(model, run.Problem, unseen);
        }
        return (
            Tensor.Stack(losses).Mean(), new(model, state, run.Problem, run.Step + (long)steps));
    }
}
