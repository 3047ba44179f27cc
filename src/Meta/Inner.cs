// The inner loop that learners which adapt by gradients have in common: loss, gradient, update,
// again. What differs between them is the update, and that is a record of two functions.
using System.Collections.Immutable;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// One inner update of a model; any optimiser makes one (<see cref="Inner.By{T}"/>).
/// </summary>
/// <param name="Start">The rule's state before the first step, made of the model.</param>
/// <param name="Update">
/// From model, gradient, loss, state and the step's number (0 at the first of a trajectory, or of a
/// piece of <see cref="Unroll"/>) to the next model and state. Leaves that do not adapt have
/// symbolic zeros as gradients.
/// </param>
/// <typeparam name="T">The model.</typeparam>
/// <typeparam name="S">The state: a tree, a tensor or a tuple of these.</typeparam>
public sealed record InnerRule<T, S>(
    Func<T, S> Start, Func<T, T, Tensor, S, int, (T Model, S State)> Update) where T : ITree;

/// <summary>The state of an update rule that remembers nothing.</summary>
public sealed partial record NoState : ITree;

/// <summary>Inner loops: how a model is adapted to a task.</summary>
public static class Inner
{
    /// <summary>The model before adaptation and after each of the steps.</summary>
    /// <param name="model">Where adaptation starts.</param>
    /// <param name="loss">The task's loss of a model at a step (0 at the first), a scalar.</param>
    /// <param name="rule">What a step makes of the gradient.</param>
    /// <param name="steps">How many steps.</param>
    /// <param name="where">Which leaves adapt, by path; all by default.</param>
    /// <param name="firstOrder">Whether inner gradients count as constants.</param>
    /// <param name="remat">
    /// Whether a step is computed again when derivatives need it: the memory of one step serves
    /// all, and an exact meta-gradient costs about a third more time.
    /// </param>
    public static IEnumerable<T> Trajectory<T, S>(
        T model, Func<T, int, Tensor> loss, InnerRule<T, S> rule, int steps,
        Func<string, bool>? where = null, bool firstOrder = false, bool remat = false)
        where T : ITree
    {
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(rule);
        if (steps < 0)
            throw new EngineException($"Inner: {steps} inner steps; give 0 or more.");
        return Walk();

        IEnumerable<T> Walk()
        {
            if (where is not null && steps > 0 && !model.Paths().Any(where))
                throw new EngineException("Inner: no leaf is chosen to adapt. The leaves are "
                    + $"[{string.Join(", ", model.Paths())}].");
            (T Model, S State) at = (model, rule.Start(model));
            yield return model;
            for (int k = 0; k < steps; k++)
            {
                int step = k;
                (T, S) Next((T Model, S State) from)
                {
                    var (value, gradient) =
                        Grad.WithValue((T p) => loss(p, step), where)(from.Model);
                    if (firstOrder)
                        (value, gradient) = (value.StopGradient(), gradient.StopGradient());
                    return rule.Update(from.Model, gradient, value, from.State, step);
                }

                at = remat ? Remat.Of<(T, S), (T, S)>(Next)(at) : Next(at);
                yield return at.Model;
            }
        }
    }

    /// <summary>
    /// Gradient descent, w - rate * g leaf by leaf. The rate is a number or a scalar tensor, which
    /// may be learned.
    /// </summary>
    public static InnerRule<T, NoState> Descent<T>(Tensor rate) where T : ITree =>
        Stateless<T>((w, g) => w.Zip(g, (a, b) =>
            b.IsSymbolicZero ? a : a - rate.Cast(a.DType) * b));

    /// <inheritdoc cref="Descent{T}(Tensor)"/>
    public static InnerRule<T, NoState> Descent<T>(double rate) where T : ITree =>
        Stateless<T>((w, g) => w.Zip(g, (a, b) => b.IsSymbolicZero ? a : a - rate * b));

    /// <summary>A rule of model and gradient alone.</summary>
    public static InnerRule<T, NoState> Stateless<T>(Func<T, T, T> update) where T : ITree =>
        new(_ => new NoState(), (w, g, _, state, _) => (update(w, g), state));

    /// <summary>A rule of model, gradient and the step's number alone (0 at the first).</summary>
    public static InnerRule<T, NoState> Indexed<T>(Func<T, T, int, T> update) where T : ITree =>
        new(_ => new NoState(), (w, g, _, state, k) => (update(w, g, k), state));

    /// <summary>
    /// The rule of an optimiser, differentiable like everything else. Its schedule may give a rate
    /// that is learned: <c>Optim.Adam(_ => p.Rate)</c>.
    /// </summary>
    public static InnerRule<T, OptimizerState> By<T>(Optimizer optimizer) where T : ITree =>
        new(optimizer.Init, (w, g, _, state, _) => optimizer.Step(w, g, state));

    /// <summary>
    /// A rule whose steps are scaled leaf by leaf: w + rate * (w' - w), with rates in a tree like
    /// the model, which may be learned; each is a scalar or has its leaf's shape.
    /// </summary>
    public static InnerRule<T, S> Scaled<T, S>(this InnerRule<T, S> rule, T rates) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(rule);
        return rule with
        {
            Update = (w, g, loss, state, step) =>
            {
                var (next, kept) = rule.Update(w, g, loss, state, step);
                return (w.Zip(next, rates, (a, b, rate) =>
                    ReferenceEquals(a, b) ? a : a + rate * (b - a)), kept);
            },
        };
    }

    /// <summary>
    /// f of the models of a trajectory after the given numbers of steps, which ascend.
    /// </summary>
    public static Tensor[] After<T>(
        this IEnumerable<T> trajectory, ImmutableArray<int> steps, Func<T, Tensor> f) =>
        [.. trajectory.Where((_, step) => steps.Contains(step)).Select(f)];
}
