// Implicit MAML (Rajeswaran, Finn, Kakade and Levine, 2019, "Meta-learning with implicit
// gradients"): adaptation goes to the minimum of a regularised loss, and the meta-gradient follows
// from that minimum alone, whatever way led there.
using Engine.Data;

namespace Engine.Meta;

/// <summary>
/// Implicit MAML: the adapted model minimises L_support(w) + strength / 2 |w - start|² (equation 3
/// of the paper). The meta-gradient is (I + H / strength)⁻¹ dL_query/dw there, where H is the
/// Hessian of the support loss (equation 6).
/// </summary>
/// <param name="Objective">Model and loss.</param>
/// <param name="Strength">
/// How strongly the adapted model is held at the start; the paper's lambda.
/// </param>
/// <param name="InnerSteps">Gradient steps towards the minimum.</param>
/// <param name="InnerRate">
/// Their rate, below 2 / (strength + the largest eigenvalue of H).
/// </param>
/// <param name="Iterations">Conjugate gradient steps in the meta-gradient.</param>
/// <param name="Damping">
/// Added to H + strength I, for Hessians that are not positive enough. The authors' published code
/// solves with 2 I + H / (strength + 10), that is with a damping of strength + 20: close to first
/// order.
/// </param>
/// <param name="Tolerance">The relative residual at which conjugate gradients end.</param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
public sealed record ImplicitMaml<T>(
    Objective<T> Objective, double Strength = 2, int InnerSteps = 16, double InnerRate = 0.1,
    int Iterations = 5, double Damping = 0, double Tolerance = 1e-6, int Chunk = 0)
    where T : ITree
{
    /// <summary>What training, evaluation and the order check take.</summary>
    public Method<T> Method => new(
        (model, task, _) => Objective.Query(Adapt(model, task), task),
        (model, task, steps) => Trajectory(model, task, steps[^1])
            .After(steps, adapted => Objective.Forward(adapted, task.QueryX)),
        Claim.Implicit, Objective.BatchNorm, Chunk);

    /// <summary>
    /// The model adapted to one task; its derivative is that of the minimum. A pure function,
    /// usable inside any transform.
    /// </summary>
    public T Adapt(T model, Episode task) => Implicit.Minimum<(T Start, Episode Task), T>(
        (w, given) => Loss(w, given.Start, given.Task),
        given => Trajectory(given.Start, given.Task, InnerSteps).Last(),
        (product, right) =>
            ConjugateGradient.Solve(product, right, Iterations, Tolerance, Damping).Solution)(
        (model, task));

    /// <summary>The model before adaptation and after each step.</summary>
    public IEnumerable<T> Trajectory(T model, Episode task, int steps) => Inner.Trajectory(
        model, (w, _) => Loss(w, model, task), Inner.Descent<T>(InnerRate), steps);

    /// <summary>The support loss and what holds the model at the start.</summary>
    private Tensor Loss(T model, T start, Episode task)
    {
        Tensor loss = Objective.Support(model, task);
        foreach (var (w, w0) in model.Leaves().Zip(start.Leaves()))
            if (w.DType.IsFloat())
                loss += Strength / 2 * (w - w0).Square().Sum().Cast(loss.DType);
        return loss;
    }
}
