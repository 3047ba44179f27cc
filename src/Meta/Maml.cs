// Model-agnostic meta-learning (Finn, Abbeel and Levine, 2017): find a start from which a few
// gradient steps on a task's support set do well on its query set.
namespace Engine.Meta;

/// <summary>
/// MAML: adaptation by gradient descent, w' = w - innerRate * dL_support/dw repeated innerSteps
/// times (equation 1 of the paper); the loss of a task is L_query(w').
/// </summary>
/// <param name="Objective">Model and loss.</param>
/// <param name="InnerSteps">Gradient steps in adaptation.</param>
/// <param name="InnerRate">
/// Their rate, for a loss that is a mean: the original code sums the cross-entropy over classes, so
/// its 0.4 for 5 ways is 2.0 here.
/// </param>
/// <param name="FirstOrder">Whether inner gradients count as constants (FOMAML).</param>
/// <param name="Where">Which leaves adapt, by path; all by default.</param>
/// <param name="Remat">
/// Whether inner steps are computed again for the meta-gradient, which bounds memory.
/// </param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
public sealed record Maml<T>(
    Objective<T> Objective, int InnerSteps, double InnerRate, bool FirstOrder = false,
    Func<string, bool>? Where = null, bool Remat = false, int Chunk = 0)
    where T : ITree
{
    /// <summary>What training, evaluation and the order check take.</summary>
    public Method<T> Method => new(
        (model, task, at) => Objective.Query(
            Trajectory(model, task.SupportX, task.SupportY, InnerSteps, at.FirstOrder).Last(),
            task),
        (model, task, steps) => Trajectory(model, task.SupportX, task.SupportY, steps[^1])
            .After(steps, adapted => Objective.Forward(adapted, task.QueryX)),
        FirstOrder ? Claim.FirstOrder : Claim.Exact, Objective.BatchNorm, Chunk);

    /// <summary>
    /// The model after the inner steps on one task's support set: a pure function, usable on its
    /// own and inside any transform.
    /// </summary>
    public T Adapt(T model, Tensor x, Tensor y, int? steps = null) =>
        Trajectory(model, x, y, steps ?? InnerSteps).Last();

    /// <summary>The model before adaptation and after each step.</summary>
    public IEnumerable<T> Trajectory(
        T model, Tensor x, Tensor y, int steps, bool firstOrder = false) =>
        Inner.Trajectory(
            model, (p, _) => Objective.LossOn(p, x, y), Inner.Descent<T>(InnerRate), steps, Where,
            FirstOrder || firstOrder, Remat);
}
