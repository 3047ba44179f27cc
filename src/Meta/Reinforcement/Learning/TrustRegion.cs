// Trust region policy optimisation (Schulman et al., 2015) of the adapted policies: the natural
// gradient by conjugate gradients, as long as the divergence allows, shortened until the loss
// falls.
using Engine.Nn;

namespace Engine.Meta;

/// <summary>A step of TRPO on the meta-loss.</summary>
/// <param name="learner">Adaptation and loss.</param>
/// <param name="radius">
/// The largest mean divergence of adapted policies after the step from those before it.
/// </param>
/// <param name="conjugateSteps">Steps of conjugate gradients.</param>
/// <param name="damping">Is added to the diagonal of the curvature.</param>
/// <param name="shrink">What a step that fails is multiplied by.</param>
/// <param name="tries">How often.</param>
public sealed class TrustRegion<P>(
    PolicyMaml<P> learner, double radius = 0.01, int conjugateSteps = 10, double damping = 1e-5,
    double shrink = 0.8, int tries = 15) : IPolicyUpdate<P> where P : ITree
{
    private readonly Func<P, Rounds, (Tensor Loss, P Gradient)> gradient =
        Compile.Of((P model, Rounds tasks) =>
            Grad.WithValue((P p, Rounds all) => learner.Loss(p, all))(model, tasks));

    private readonly Func<P, Rounds, (Tensor Loss, Tensor Divergence)> measure =
        Compile.Of((P model, Rounds tasks) => (
            learner.Loss(model, tasks),
            learner.Divergence(learner.Distributions(model, tasks), tasks)));

    private readonly Func<P, Rounds, P, P> curvature =
        Compile.Of((P model, Rounds tasks, P direction) =>
            Curvature(learner, model, tasks, direction));

    /// <inheritdoc/>
    public OptimizerState Init(P model) => Optim.Sgd(1).Init(model);

    /// <inheritdoc/>
    public (P Model, OptimizerState State, PolicyUpdate Update) Step(
        P model, OptimizerState state, Rounds tasks)
    {
        var (value, g) = gradient(model, tasks);
        double loss = value.Item();
        P Times(P v) => curvature(model, tasks, v).Zip(v, (a, b) => a + damping * b);
        P direction = Conjugate.Solve(Times, g, conjugateSteps);
        double length = Math.Sqrt(2 * radius / Conjugate.Dot(direction, Times(direction)));
        if (!double.IsFinite(length)) return (model, state, new(loss, loss, 0, 0));

        for (int i = 0; i < tries; i++, length *= shrink)
        {
            P next = model.Zip(direction, (w, d) => w - length * d);
            var (after, divergence) = measure(next, tasks);
            var update = new PolicyUpdate(loss, after.Item(), divergence.Item(), length);
            if (update.LossAfter < loss && update.Divergence <= radius)
                return (next, state, update);
        }
        return (model, state, new(loss, loss, 0, 0));
    }

    /// <summary>
    /// The Hessian of the mean divergence, times a direction. At the policy that acted the
    /// divergence is smallest, so that its Hessian is Jᵀ M J without a rest: J is the derivative of
    /// the distributions' parameters by the model, M the divergence's Hessian by these parameters.
    /// No third derivatives are needed.
    /// </summary>
    internal static P Curvature(PolicyMaml<P> learner, P model, Rounds tasks, P direction)
    {
        Tensor Distributions(P p) => learner.Distributions(p, tasks);
        var (at, change) = Jvp.Of((P p) => Distributions(p))(model, direction);
        Tensor metric =
            Hessian.Product((Tensor d) => learner.Divergence(d, tasks))(at, change);
        return Vjp.Of((P p) => Distributions(p))(model).Pullback(metric);
    }
}
