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
    private readonly Func<P, Rounds, (Tensor Loss, P Gradient, Tensor Squared)> gradient =
        Compile.Of((P model, Rounds tasks) =>
        {
            var (loss, g) =
                Grad.WithValue((P p, Rounds all) => learner.Loss(p, all))(model, tasks);
            return (loss, g, Tree.Dot(g, g));
        });

    private readonly Func<P, Rounds, (Tensor Loss, Tensor Divergence)> measure =
        Compile.Of((P model, Rounds tasks) => (
            learner.Loss(model, tasks),
            learner.Divergence(learner.Distributions(model, tasks), tasks)));

    /// <summary>
    /// Where the natural gradient points, and how much the divergence curves that way.
    /// </summary>
    private readonly Func<P, Rounds, P, (P Direction, Tensor Curvature)> natural =
        Compile.Of((P model, Rounds tasks, P g) =>
        {
            Func<P, P> product = Curvature(learner, model, tasks);
            P direction =
                ConjugateGradient.Solve(product, g, conjugateSteps, damping: damping).Solution;
            return (
                direction,
                Tree.Dot(direction, product(direction)) + damping * Tree.Dot(direction, direction));
        });

    /// <inheritdoc/>
    public OptimizerState Init(P model) => Optim.Sgd(1).Init(model);

    /// <inheritdoc/>
    public (P Model, OptimizerState State, PolicyUpdate Update) Step(
        P model, OptimizerState state, Rounds tasks)
    {
        var (value, g, squared) = gradient(model, tasks);
        double loss = value.Item();
        var (direction, curvature) = natural(model, tasks, g);
        double curve = curvature.Item();
        // Where a gradient overflowed there is no step, and training is told so. Where nothing is
        // curved the gradient is zero, and the policy rightly stays.
        if (!double.IsFinite(squared.Item()) || !double.IsFinite(curve))
            return (model, state, new(loss, double.NaN, 0, 0));
        double length = Math.Sqrt(2 * radius / curve);
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
    /// The Hessian of the mean divergence, as a product with directions. At the policy that acted
    /// the divergence is smallest, so that its Hessian is Jᵀ M J without a rest: J is the derivative
    /// of the distributions' parameters by the model, M the divergence's Hessian by these
    /// parameters. No third derivatives are needed, and adaptation is run once for all products.
    /// </summary>
    internal static Func<P, P> Curvature(PolicyMaml<P> learner, P model, Rounds tasks)
    {
        Tensor Distributions(P p) => learner.Distributions(p, tasks);
        var (at, tangent) = Linearize.Of((P p) => Distributions(p))(model);
        var metric = Hessian.Linearized((Tensor d) => learner.Divergence(d, tasks))(at).Product;
        var pullback = Vjp.Of((P p) => Distributions(p))(model).Pullback;
        return direction => pullback(metric(tangent(direction)));
    }
}
