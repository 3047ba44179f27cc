// LR-D2 (Bertinetto et al., 2019): the inner loop is a logistic regression on features, solved by a
// few Newton steps, each of which is a weighted ridge regression.
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// LR-D2: a logistic regression of each class against the others by Newton's method, which here is
/// iteratively reweighted least squares (equation 6 of the paper), from weights 0. It is solved for
/// one coefficient an example, not for the weights: with K = X Xᵀ / penalty and the scores f = K a,
/// a Newton step makes b = s f + y - sigmoid(f) and a = b - r (I + r K r)⁻¹ r K b, where s is
/// sigmoid(f) sigmoid(-f) and r its root (Rasmussen and Williams, 2006, algorithm 3.1). These
/// systems stay well conditioned where s vanishes.
/// </summary>
/// <param name="Features">Model and inputs to features (n, F).</param>
/// <param name="Targets">A task's support targets, 0 or 1: (n, classes).</param>
/// <param name="Loss">Predictions and targets to a scalar.</param>
/// <param name="BatchNorm">Which statistics the features use.</param>
/// <param name="NewtonSteps">Newton steps in training.</param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
public sealed record LrD2<T>(
    Func<T, Tensor, Tensor> Features, Func<Episode, Tensor> Targets,
    Func<Tensor, Tensor, Tensor> Loss, BatchNormMode BatchNorm, int NewtonSteps = 5, int Chunk = 0)
    where T : ITree
{
    /// <summary>
    /// What training, evaluation and the order check take; its inner steps are Newton's.
    /// </summary>
    public Method<Solved<T>> Method => new(
        (p, task, _) => Loss(Trajectory(p, task, NewtonSteps).Last(), task.QueryY),
        (p, task, steps) => Trajectory(p, task, steps[^1]).After(steps, logits => logits),
        Claim.Exact, BatchNorm, Chunk);

    /// <summary>A network with the solver's settings as they are before training.</summary>
    public Solved<T> Begin(T model, double penalty = 1, double scale = 1) =>
        Solved<T>.Of(model, penalty, scale);

    /// <summary>The predictions for a task's query set before and after each Newton step.</summary>
    public IEnumerable<Tensor> Trajectory(Solved<T> p, Episode task, int steps)
    {
        ArgumentNullException.ThrowIfNull(p);
        ArgumentNullException.ThrowIfNull(task);
        if (steps < 0)
            throw new EngineException($"LR-D2: {steps} Newton steps; give 0 or more.");
        Tensor x = Features(p.Model, task.SupportX), queries = Features(p.Model, task.QueryX);
        // Classes are the first axis, and vectors are columns: (classes, n, 1).
        Tensor y = Targets(task).Cast(x.DType).Transpose().ExpandDims(2);
        Tensor weight = (-p.LogPenalty).Exp();
        Tensor k = weight * Solved<T>.Products(x, x);
        Tensor toQueries = weight * Solved<T>.Products(queries, x);
        Tensor one = Tensor.Eye(x.Shape[0], x.DType), a = 0 * y;
        return Walk();

        IEnumerable<Tensor> Walk()
        {
            yield return Logits();
            for (int step = 0; step < steps; step++)
            {
                Tensor f = k.MatMul(a);
                Tensor r = (-0.5 * (f.Softplus() + (-f).Softplus())).Exp();
                Tensor b = r.Square() * f + y - f.Sigmoid();
                Tensor system = one + r * k * r.SwapAxes(1, 2);
                a = b - r * system.Solve(r * k.MatMul(b));
                yield return Logits();
            }
        }

        Tensor Logits() => p.Scale * toQueries.MatMul(a).Squeeze(2).Transpose() + p.Shift;
    }
}

/// <summary>Makes <see cref="LrD2{T}"/> of image networks.</summary>
public static class LrD2
{
    /// <summary>
    /// Classification by an image network's features, with cross-entropy. Each task says how many
    /// classes it has (<see cref="Episode.Ways"/>): training may have others than testing.
    /// </summary>
    /// <param name="newtonSteps">Newton steps in training.</param>
    public static LrD2<T> Images<T>(int newtonSteps = 5) where T : IFeatureNetwork => new(
        (network, x) => network.Features(x), Features.OneHotSupport,
        (logits, labels) => Nn.Loss.CrossEntropy(logits, labels), BatchNormMode.Transductive,
        newtonSteps);
}
