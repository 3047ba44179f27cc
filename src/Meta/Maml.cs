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
/// <param name="Order">Whether derivatives flow through the inner gradients.</param>
/// <param name="Where">
/// Which leaves adapt, by path; all by default (ANIL: those of the head).
/// </param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
public sealed record Maml<T>(
    Objective<T> Objective, int InnerSteps, double InnerRate,
    DerivativeOrder Order = DerivativeOrder.Exact, Func<string, bool>? Where = null, int Chunk = 0)
    where T : ITree
{
    /// <summary>What training, evaluation and the order check take.</summary>
    public Method<T> Method => new(
        (model, task) => Objective.LossOn(
            Adapt(model, task.SupportX, task.SupportY), task.QueryX, task.QueryY),
        (model, task, steps) =>
        [
            .. Trajectory(model, task.SupportX, task.SupportY, steps[^1])
                .Where((_, step) => steps.Contains(step))
                .Select(adapted => Objective.Forward(adapted, task.QueryX)),
        ],
        Order, Objective.BatchNorm, Chunk);

    /// <summary>
    /// The model after the inner steps on one task's support set: a pure function, usable on its
    /// own and inside any transform.
    /// </summary>
    public T Adapt(T model, Tensor x, Tensor y, int? steps = null) =>
        Trajectory(model, x, y, steps ?? InnerSteps).Last();

    /// <summary>The model before adaptation and after each step.</summary>
    public IEnumerable<T> Trajectory(T model, Tensor x, Tensor y, int steps)
    {
        if (steps < 0) throw new EngineException($"Maml: {steps} inner steps; give 0 or more.");
        var inner = Grad.Of((T p) => Objective.LossOn(p, x, y), Where);
        yield return model;
        for (int i = 0; i < steps; i++)
        {
            T gradient = inner(model);
            if (Order == DerivativeOrder.First) gradient = gradient.StopGradient();
            model = model.Zip(gradient, (w, g) => g.IsSymbolicZero ? w : w - InnerRate * g);
            yield return model;
        }
    }
}
