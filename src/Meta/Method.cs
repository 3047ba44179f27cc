// A meta-learning method as training, evaluation and the order check see it: pure functions of all
// that training changes, and of tasks. A method of your own is one such record.
using System.Collections.Immutable;
using Engine.Data;

namespace Engine.Meta;

/// <summary>How the tree that a method steps against relates to the mean task loss.</summary>
public enum Claim
{
    /// <summary>It is the gradient, with derivatives through every inner step.</summary>
    Exact,

    /// <summary>
    /// It is the gradient but for inner gradients, which count as constants (FOMAML, Finn et al.,
    /// 2017, section 5.2).
    /// </summary>
    FirstOrder,

    /// <summary>
    /// It is the gradient at the minimum that adaptation goes to, whatever way led there: as exact
    /// as the solvers of the minimum and of the derivative are (Rajeswaran et al., 2019).
    /// </summary>
    Implicit,

    /// <summary>It is a direction of the method's own, no gradient of that loss.</summary>
    OwnDirection,
}

/// <summary>How far training is: what methods anneal by.</summary>
/// <param name="Fraction">Share of the planned steps that is done, a scalar in 0..1.</param>
/// <param name="FirstOrder">
/// Whether inner gradients count as constants for now. A step is compiled once for each value.
/// </param>
/// <param name="Annealed">
/// Whether all that is annealed has reached its end, so that a method may leave out what no longer
/// counts. A step is compiled once for each value.
/// </param>
public sealed partial record Progress(
    Tensor Fraction, bool FirstOrder = false, bool Annealed = false) : ITree
{
    /// <summary>The beginning: what a method is checked at.</summary>
    public static Progress Begin => At(0);

    /// <summary>Where that share of the planned steps is done.</summary>
    public static Progress At(
        double fraction, bool firstOrder = false, bool annealed = false) =>
        new(Tensor.Scalar((float)fraction).Eval(), firstOrder, annealed);

    /// <summary>
    /// The progress of training for a number of steps, as a function of the step (0 at the first).
    /// Its first part, <paramref name="firstOrder"/> in 0..1, is first-order (derivative-order
    /// annealing: Antoniou et al., 2019, section 4); after its first part <paramref name="anneal"/>
    /// what is annealed is at its end.
    /// </summary>
    /// <exception cref="EngineException">There are no steps.</exception>
    public static Func<long, Progress> Over(long steps, double firstOrder = 0, double anneal = 0.1)
    {
        if (steps < 1 || !(firstOrder is >= 0 and <= 1) || !(anneal is >= 0 and <= 1))
            throw new EngineException($"Progress: {steps} steps, first order for {firstOrder} and "
                + $"annealing for {anneal} of them; give at least 1, and shares in 0 to 1.");
        return step => At(
            Math.Min(1, (double)step / steps), step < firstOrder * steps, step >= anneal * steps);
    }
}

/// <summary>What a batch of tasks makes of a method's parameters.</summary>
/// <param name="Loss">The loss to report, a scalar.</param>
/// <param name="Gradient">What the optimiser steps against.</param>
/// <param name="Moved">
/// The parameters after the tasks. Training takes the leaves of <see cref="Method{P}.State"/> from
/// it, and no others.
/// </param>
public sealed partial record MetaStep<P>(Tensor Loss, P Gradient, P Moved) : ITree
    where P : ITree;

/// <summary>
/// A meta-learner over <typeparamref name="P"/>, the tree of all that training changes: a model, or
/// a model and its learned rates.
/// </summary>
/// <param name="TaskLoss">The loss of one task, a scalar; training lowers its mean.</param>
/// <param name="Predictions">
/// The predictions for one task's query set after each of the given numbers of inner steps, which
/// ascend. A method without inner steps makes the same predictions for all.
/// </param>
/// <param name="Claim">What <see cref="OrderCheck"/> holds the method to.</param>
/// <param name="BatchNorm">Which statistics the predictions use.</param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
public sealed record Method<P>(
    Func<P, Episode, Progress, Tensor> TaskLoss,
    Func<P, Episode, ImmutableArray<int>, Tensor[]> Predictions,
    Claim Claim, BatchNormMode BatchNorm, int Chunk = 0) where P : ITree
{
    /// <summary>
    /// Leaves, by path, that the method moves itself and the optimiser leaves alone, such as
    /// running statistics; none by default. A method with such leaves has a
    /// <see cref="Direction"/>, which says how they move.
    /// </summary>
    public Func<string, bool>? State { get; init; }

    /// <summary>
    /// What a batch of tasks makes of the parameters, in place of the mean task loss and its
    /// gradient: for methods such as Reptile, or with running statistics.
    /// </summary>
    public Func<P, Episode, Progress, MetaStep<P>>? Direction { get; init; }

    /// <summary>The mean of the task losses over a batch of tasks; a scalar.</summary>
    public Tensor MetaLoss(P parameters, Episode tasks, Progress? at = null) =>
        Vmap.Of(
            (Episode task) => TaskLoss(parameters, task, at ?? Progress.Begin),
            chunk: Chunk)(tasks).Mean();

    /// <summary>What a batch of tasks makes of the parameters.</summary>
    public MetaStep<P> Step(P parameters, Episode tasks, Progress? at = null)
    {
        Progress now = at ?? Progress.Begin;
        if (Direction is not null) return Direction(parameters, tasks, now);
        var (loss, gradient) =
            Grad.WithValue((P p, Episode e) => MetaLoss(p, e, now))(parameters, tasks);
        return new(loss, gradient, parameters);
    }
}
