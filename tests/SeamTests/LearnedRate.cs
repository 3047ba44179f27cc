// A meta-learner of a user's own that trains more than a model.
using Engine;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Seams;

/// <summary>A start, and the rate of the steps from it.</summary>
public sealed partial record Rated<T>(T Start, Tensor Rate) : ITree where T : ITree;

/// <summary>
/// MAML whose inner rate is learned with the start (as in Li et al., 2017), and whose inner steps
/// are those of any optimiser.
/// </summary>
public sealed record LearnedRate<T>(
    Objective<T> Objective, Func<Func<Tensor, Tensor>, Optimizer> Inner, int Steps) where T : ITree
{
    public Method<Rated<T>> Method => new(
        (p, task, _) => Objective.Query(Adapt(p, task, Steps), task),
        (p, task, steps) =>
            [.. steps.Select(n => Objective.Forward(Adapt(p, task, n), task.QueryX))],
        Claim.Exact, Objective.BatchNorm);

    private T Adapt(Rated<T> p, Episode task, int steps)
    {
        Optimizer inner = Inner(_ => p.Rate);
        (T model, OptimizerState state) = (p.Start, inner.Init(p.Start));
        var gradient = Grad.Of((T m) => Objective.LossOn(m, task.SupportX, task.SupportY));
        for (int n = 0; n < steps; n++) (model, state) = inner.Step(model, gradient(model), state);
        return model;
    }
}
