// A meta-learner of a user's own that steps in a direction which is no gradient.
using System.Collections.Immutable;
using Engine;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Seams;

/// <summary>
/// Reptile (Nichol, Achiam and Schulman, 2018, algorithm 2): go towards the mean of what the tasks
/// make of the model. The outer optimiser is SGD.
/// </summary>
public sealed record Reptile<T>(Objective<T> Objective, Optimizer Inner, int Steps) where T : ITree
{
    public Method<T> Method => new(
        (model, task, _) => TaskLoss(model, task), Predictions, Claim.OwnDirection,
        Objective.BatchNorm)
    {
        Direction = (model, tasks, _) =>
        {
            var (ends, losses) = Vmap.Of((Episode task) =>
                (Adapt(model, task, Steps), TaskLoss(model, task)))(tasks);
            return new(losses.Mean(), model.Zip(ends, (w, end) => w - end.Mean(0)), model);
        },
    };

    private Tensor TaskLoss(T model, Episode task) =>
        Objective.LossOn(Adapt(model, task, Steps), task.QueryX, task.QueryY);

    private Tensor[] Predictions(T model, Episode task, ImmutableArray<int> steps) =>
        [.. steps.Select(n => Objective.Forward(Adapt(model, task, n), task.QueryX))];

    private T Adapt(T model, Episode task, int steps)
    {
        OptimizerState state = Inner.Init(model);
        var gradient = Grad.Of((T m) => Objective.LossOn(m, task.SupportX, task.SupportY));
        for (int n = 0; n < steps; n++) (model, state) = Inner.Step(model, gradient(model), state);
        return model;
    }
}
