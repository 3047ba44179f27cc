// Optimisers as pure functions: a state goes in with the gradient and comes out with the model.
// Step count and rate are tensors of the state, so schedules are tensor programs and a step can be
// traced, batched, compiled and differentiated through.
using System.Collections.Immutable;

namespace Engine.Nn;

/// <summary>
/// State of an optimiser: steps taken (int64 scalar), the rate of the last step (scalar), and the
/// moments, in the order of the model's leaves.
/// </summary>
public sealed partial record OptimizerState(
    Tensor Steps, Tensor Rate, ImmutableArray<Tensor> First, ImmutableArray<Tensor> Second,
    ImmutableArray<Tensor> Third) : ITree;

/// <summary>
/// The leaves of a gradient that are no symbolic zeros, in the order of the model's.
/// </summary>
public sealed partial record Gradients(ImmutableArray<Tensor> Leaves) : ITree;

/// <summary>
/// An update rule (init, step). Leaves with symbolic-zero gradients are left alone.
/// </summary>
public abstract record Optimizer
{
    /// <summary>
    /// The rate at step n (an int64 scalar from 0 on) as a float scalar; it is cast to each leaf's
    /// dtype.
    /// </summary>
    public required Func<Tensor, Tensor> Schedule { get; init; }

    /// <summary>
    /// What is done to a gradient before the rule sees it (<see cref="Optim.Chain"/>).
    /// </summary>
    internal Func<Gradients, Gradients>? Prepare { get; init; }

    /// <summary>The state before the first step.</summary>
    public OptimizerState Init<T>(T model) where T : ITree
    {
        IReadOnlyList<Tensor> leaves = model.Leaves();
        Device device = leaves.Count == 0 ? Device.Cpu : leaves[0].Device;
        Tensor steps = Tensor.Scalar(0L).To(device), rate = Schedule(steps);
        // A constant rate has no inputs whose device it would follow.
        rate = rate.Device == device ? rate : rate.To(device);
        var state = new OptimizerState(
            steps, rate, Moments(leaves, HasFirst), Moments(leaves, HasSecond),
            Moments(leaves, HasThird));
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
        CheckMatch(leaves.Count, gradients.Count, state);
        gradients = Prepared(gradients);
        Tensor rate = Schedule(state.Steps), steps = state.Steps + 1;
        var updated = new Tensor[leaves.Count];
        Tensor[] first = [.. state.First], second = [.. state.Second], third = [.. state.Third];
        for (int i = 0; i < updated.Length; i++)
        {
            updated[i] = leaves[i];
            if (gradients[i].IsSymbolicZero) continue;
            var moments = new Moments
            {
                First = HasFirst ? first[i] : null,
                Second = HasSecond ? second[i] : null,
                Third = HasThird ? third[i] : null,
            };
            Tensor leafRate = rate.Cast(leaves[i].DType);
            updated[i] = Update(leaves[i], gradients[i], leafRate, steps, moments);
            if (HasFirst) first[i] = moments.First!;
            if (HasSecond) second[i] = moments.Second!;
            if (HasThird) third[i] = moments.Third!;
        }
        T next = model.WithLeaves(updated);
        var nextState = new OptimizerState(
            steps, rate, [.. first], [.. second], [.. third]);
        Tree.Eval(next, nextState);
        return (next, nextState);
    }

    /// <summary>Whether the rule keeps a first moment of each leaf.</summary>
    protected abstract bool HasFirst { get; }

    /// <summary>Whether the rule keeps a second moment of each leaf.</summary>
    protected abstract bool HasSecond { get; }

    /// <summary>Whether the rule keeps a third moment of each leaf.</summary>
    protected virtual bool HasThird => false;

    /// <summary>
    /// The leaf after step n (int64, 1 at the first) with that rate; moments are replaced in
    /// <paramref name="moments"/>.
    /// </summary>
    private protected abstract Tensor Update(
        Tensor leaf, Tensor gradient, Tensor rate, Tensor n, Moments moments);

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

    private void CheckMatch(int leaves, int gradients, OptimizerState state)
    {
        foreach (var (kept, moments) in (ReadOnlySpan<(bool, ImmutableArray<Tensor>)>)
            [(HasFirst, state.First), (HasSecond, state.Second), (HasThird, state.Third)])
            if (leaves != gradients || moments.Length != (kept ? leaves : 0))
                throw Errors.Fail(GetType().Name, $"a model of {leaves} leaves, a gradient of "
                    + $"{gradients} and a state of {moments.Length} do not belong together. Make "
                    + "the state with Init(model).");
    }

    private static ImmutableArray<Tensor> Moments(IReadOnlyList<Tensor> leaves, bool kept)
    {
        if (!kept) return [];
        var moments = ImmutableArray.CreateBuilder<Tensor>(leaves.Count);
        foreach (Tensor leaf in leaves) moments.Add(Zero(leaf));
        return moments.MoveToImmutable();
    }

    /// <summary>Zeros on the leaf's device, even where the leaf is not a number.</summary>
    private static Tensor Zero(Tensor leaf) => leaf.DType switch
    {
        DType.Bool => leaf & !leaf,
        DType.Int32 or DType.Int64 => 0 * leaf,
        _ => (leaf > double.PositiveInfinity).Cast(leaf.DType),
    };
}

/// <summary>The moments of one leaf, in and out.</summary>
internal sealed class Moments
{
    public Tensor? First { get; set; }

    public Tensor? Second { get; set; }

    public Tensor? Third { get; set; }
}
