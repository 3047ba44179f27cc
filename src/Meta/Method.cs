// A meta-learning method as training, evaluation and the order check see it: pure functions of all
// that training changes, and of tasks. A method of your own is one such record.
using System.Collections.Immutable;
using Engine.Data;

namespace Engine.Meta;

/// <summary>How derivatives flow through adaptation.</summary>
public enum DerivativeOrder
{
    /// <summary>Through every inner gradient: the meta-gradient is exact.</summary>
    Exact,

    /// <summary>Inner gradients are constants (FOMAML, Finn et al., 2017, section 5.2).</summary>
    First,
}

/// <summary>
/// A meta-learner over <typeparamref name="P"/>, the tree of all that training changes: a model, or
/// a model and its learned rates.
/// </summary>
/// <param name="TaskLoss">The loss of one task, a scalar; training lowers its mean.</param>
/// <param name="Predictions">
/// The predictions for one task's query set after each of the given numbers of inner steps, which
/// ascend.
/// </param>
/// <param name="Order">
/// Whether the gradient is the exact derivative of the mean task loss or first-order; null if
/// <see cref="Direction"/> is not a derivative of it.
/// </param>
/// <param name="BatchNorm">Which statistics the predictions use.</param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
public sealed record Method<P>(
    Func<P, Episode, Tensor> TaskLoss,
    Func<P, Episode, ImmutableArray<int>, Tensor[]> Predictions,
    DerivativeOrder? Order, BatchNormMode BatchNorm, int Chunk = 0) where P : ITree
{
    /// <summary>
    /// The loss to report for a batch of tasks and the direction to step against, in place of the
    /// mean task loss and its gradient: for methods such as Reptile.
    /// </summary>
    public Func<P, Episode, (Tensor Loss, P Gradient)>? Direction { get; init; }

    /// <summary>The mean of the task losses over a batch of tasks; a scalar.</summary>
    public Tensor MetaLoss(P parameters, Episode tasks) =>
        Vmap.Of((Episode task) => TaskLoss(parameters, task), chunk: Chunk)(tasks).Mean();

    /// <summary>The meta-loss of a batch of tasks and what the optimiser steps against.</summary>
    public (Tensor Loss, P Gradient) Gradient(P parameters, Episode tasks) => Direction is null
        ? Grad.WithValue((P p, Episode e) => MetaLoss(p, e))(parameters, tasks)
        : Direction(parameters, tasks);
}
