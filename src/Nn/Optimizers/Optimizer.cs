// Optimisers as pure functions: a state goes in with the gradient and comes out with the model.
// Step count and rate are tensors of the state, so schedules are tensor programs and a step can be
// traced, batched, compiled and differentiated through.
using System.Collections.Immutable;

namespace Engine.Nn;

/// <summary>
/// State of an optimiser: steps taken (int64 scalar), the rate of the last step (scalar), the steps
/// in which each of the model's leaves had a gradient (int64, leaves), and what the rule keeps of
/// each leaf, in their order.
/// </summary>
public sealed partial record OptimizerState(
    Tensor Steps, Tensor Rate, Tensor LeafSteps, ImmutableArray<ITree> Leaves) : ITree;

/// <summary>What is kept of a leaf that is not trained: nothing.</summary>
internal sealed partial record Untrained : ITree;

/// <summary>
/// The leaves of a gradient that are not symbolic zeros, in the order of the model's.
/// </summary>
public sealed partial record Gradients(ImmutableArray<Tensor> Leaves) : ITree;

/// <summary>
/// What a step makes of one leaf of a model, and of the state that the rule keeps of that leaf. The
/// state is a tree <typeparamref name="S"/> of the rule's choice, or a lone tensor. Both functions
/// are tensor programs: a step can be compiled, batched and differentiated through. <see
/// cref="Optim.Of{S}(IUpdateRule{S}, double)"/> makes an optimiser of a rule.
/// </summary>
public interface IUpdateRule<S> where S : ITree
{
    /// <summary>
    /// The state before the first step; often <see cref="Optim.ZerosLike"/>. Called for every leaf,
    /// also for those that are not floats and are never trained.
    /// </summary>
    S Init(Tensor leaf);

    /// <summary>The leaf, of the same shape and dtype, and its state after a step.</summary>
    /// <param name="leaf">The leaf before the step.</param>
    /// <param name="gradient">Its gradient, never a symbolic zero.</param>
    /// <param name="rate">The rate of this step, a scalar of the leaf's dtype.</param>
    /// <param name="n">
    /// The number of the leaf's step, an int64 scalar: 1 at the first in which it has a gradient.
    /// </param>
    /// <param name="state">The state before the step.</param>
    (Tensor Leaf, S State) Update(
        Tensor leaf, Tensor gradient, Tensor rate, Tensor n, S state);
}

/// <summary>
/// An update rule and its schedule, made by <see cref="Optim"/>, for models of any type. Leaves
/// whose gradients are symbolic zeros stay as they are, and so do their states.
/// </summary>
public sealed record Optimizer
{
    private readonly string name;
    private readonly Func<Tensor, ITree> init;
    private readonly Func<Tensor, Tensor, Tensor, Tensor, ITree, (Tensor, ITree)> update;

    private Optimizer(
        string name, Func<Tensor, Tensor> schedule, Func<Tensor, ITree> init,
        Func<Tensor, Tensor, Tensor, Tensor, ITree, (Tensor, ITree)> update)
    {
        (this.name, Schedule, this.init, this.update) = (name, schedule, init, update);
    }

    /// <summary>
    /// The rate at step n (an int64 scalar from 0 on) as a float scalar; it is cast to each leaf's
    /// dtype.
    /// </summary>
    public Func<Tensor, Tensor> Schedule { get; init; }

    /// <summary>
    /// What is done to a gradient before the rule sees it (<see cref="Optim.Chain"/>).
    /// </summary>
    internal Func<Gradients, Gradients>? Prepare { get; init; }

    /// <summary>The optimiser of a rule, which forgets the type of the rule's state.</summary>
    internal static Optimizer Of<S>(IUpdateRule<S> rule, Func<Tensor, Tensor> schedule)
        where S : ITree
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(schedule);
        string name = rule.GetType().Name;
        return new(name, schedule, leaf => rule.Init(leaf), (leaf, gradient, rate, n, state) =>
            state is S own
                ? rule.Update(leaf, gradient, rate, n, own)
                : throw Errors.Fail(name, $"the state keeps {state.GetType().Name} of a leaf, "
                    + $"where this rule keeps {typeof(S).Name}. Make the state with Init(model)."));
    }

    /// <summary>The state before the first step.</summary>
    public OptimizerState Init<T>(T model) where T : ITree => Init(model, _ => true);

    /// <summary>
    /// The state before the first step of a model of which only the leaves of some paths are
    /// trained: nothing is kept of the others, whose gradients must be symbolic zeros, such as <c>
    /// Grad.Of(loss, where)</c> gives.
    /// </summary>
    /// <exception cref="EngineException">No leaf is chosen.</exception>
    public OptimizerState Init<T>(T model, Func<string, bool> where) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(where);
        IReadOnlyList<Tensor> leaves = model.Leaves();
        IReadOnlyList<string> paths = model.Paths();
        bool[] trained = [.. paths.Select(where)];
        if (leaves.Count > 0 && !trained.Contains(true))
            throw Errors.Fail(name, $"no leaf was chosen, of [{string.Join(", ", paths)}]. Let "
                + "`where` accept one of these paths.");
        Device device = leaves.Count == 0 ? Device.Cpu : leaves[0].Device;
        Tensor steps = Tensor.Scalar(0L).To(device), rate = Schedule(steps);
        // A constant rate has no inputs whose device it would follow.
        rate = rate.Device == device ? rate : rate.To(device);
        var state = new OptimizerState(
            steps, rate, Tensor.From(new long[leaves.Count], leaves.Count).To(device),
            [.. leaves.Select((leaf, i) => trained[i] ? init(leaf) : new Untrained())]);
        Tree.Eval(state);
        return state;
    }

    /// <summary>
    /// The model and the state after a step against the gradient, evaluated as one plan.
    /// </summary>
    public (T Model, OptimizerState State) Step<T>(T model, T gradient, OptimizerState state)
        where T : ITree
    {
        ArgumentNullException.ThrowIfNull(state);
        IReadOnlyList<Tensor> leaves = model.Leaves(), gradients = gradient.Leaves();
        if (leaves.Count != gradients.Count || leaves.Count != state.Leaves.Length
            || state.LeafSteps.Shape != leaves.Count)
            throw Errors.Fail(name, $"a model of {leaves.Count} leaves, a gradient of "
                + $"{gradients.Count} and a state of {state.Leaves.Length} do not belong together. "
                + "Make the state with Init(model).");
        gradients = Prepared(gradients);
        Tensor rate = Schedule(state.Steps), leafSteps = Counted(state.LeafSteps, gradients);
        Tensor[] updated = [.. leaves];
        ITree[] kept = [.. state.Leaves];
        for (int i = 0; i < updated.Length; i++)
        {
            Tensor leaf = leaves[i];
            if (gradients[i].IsSymbolicZero) continue;
            if (kept[i] is Untrained)
                throw Errors.Fail(name, $"the leaf '{model.Paths()[i]}' has a gradient, but Init "
                    + "left it out. Freeze it in the gradient too (Grad.Of(loss, where)), or let "
                    + "Init's `where` accept it.");
            (updated[i], kept[i]) = update(
                leaf, gradients[i], rate.Cast(leaf.DType), leafSteps[i], kept[i]);
            if (updated[i].Shape != leaf.Shape || updated[i].DType != leaf.DType)
                throw Errors.Fail(name, $"the update made {updated[i].DType.Name()} "
                    + $"{updated[i].Shape} of the leaf '{model.Paths()[i]}', which is "
                    + $"{leaf.DType.Name()} {leaf.Shape}. Keep shape and dtype.");
        }
        T next = model.WithLeaves(updated);
        var nextState = new OptimizerState(state.Steps + 1, rate, leafSteps, [.. kept]);
        Tree.Eval(next, nextState);
        return (next, nextState);
    }

    /// <summary>
    /// The steps of each leaf with this one. A leaf that is frozen now and then is corrected for
    /// the steps that it took part in alone, as in PyTorch.
    /// </summary>
    private static Tensor Counted(Tensor steps, IReadOnlyList<Tensor> gradients)
    {
        long[] one = [.. gradients.Select(g => g.IsSymbolicZero ? 0L : 1L)];
        return one.Contains(0)
            ? steps + Tensor.From(one, one.Length).To(steps.Device) : steps + 1;
    }

    private IReadOnlyList<Tensor> Prepared(IReadOnlyList<Tensor> gradients)
    {
        if (Prepare is null) return gradients;
        int[] known = [.. Enumerable.Range(0, gradients.Count)
            .Where(i => !gradients[i].IsSymbolicZero)];
        ImmutableArray<Tensor> changed = Prepare(new([.. known.Select(i => gradients[i])])).Leaves;
        if (changed.Length != known.Length)
            throw Errors.Fail("Chain", $"a change of {known.Length} gradients gave back "
                + $"{changed.Length}. Give one for each, in order.");
        Tensor[] prepared = [.. gradients];
        for (int i = 0; i < known.Length; i++) prepared[known[i]] = changed[i];
        return prepared;
    }
}
