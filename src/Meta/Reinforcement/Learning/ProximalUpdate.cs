// Proximal policy optimisation (Schulman et al., 2017) of the adapted policies, as in ProMP
// (Rothfuss et al., 2019, equation 13): several steps of an optimiser on the same experience, on a
// loss that gains nothing from policies that move far.
using Engine.Nn;

namespace Engine.Meta;

/// <summary>Steps of an optimiser on the clipped meta-loss.</summary>
/// <param name="learner">
/// Adaptation and loss; ProMP's inner objective is <see cref="InnerObjective.LikelihoodRatio"/>.
/// </param>
/// <param name="optimizer">The optimiser.</param>
/// <param name="epochs">Its steps on the same experience.</param>
/// <param name="clip">How far from 1 a weight may gain anything.</param>
/// <param name="penalty">
/// What the divergence of the policy before adaptation from the one that acted costs: it keeps the
/// inner steps what they were. Nothing where there are none.
/// </param>
public sealed class ProximalUpdate<P>(
    PolicyMaml<P> learner, Optimizer optimizer, int epochs = 5, double clip = 0.3,
    double penalty = 5e-4) : IPolicyUpdate<P> where P : ITree
{
    private readonly int epochs = epochs >= 1 ? epochs : throw new EngineException(
        $"ProximalUpdate: {epochs} epochs; give at least 1.");

    private readonly Func<P, OptimizerState, Rounds, (P, OptimizerState, Tensor Loss)> step =
        Compile.Of((P model, OptimizerState state, Rounds tasks) =>
        {
            var (loss, gradient) = Grad.WithValue((P p, Rounds all) =>
                all.Before is [var first, ..]
                    ? learner.Loss(p, all, clip) + penalty * Moved(learner, p, first)
                    : learner.Loss(p, all, clip))(model, tasks);
            var (next, nextState) = optimizer.Step(model, gradient, state);
            return (next, nextState, loss);
        });

    private readonly Func<P, Rounds, (Tensor Loss, Tensor Divergence)> measure =
        Compile.Of((P model, Rounds tasks) => (
            learner.Loss(model, tasks, clip),
            learner.Divergence(learner.Distributions(model, tasks), tasks)));

    /// <inheritdoc/>
    public OptimizerState Init(P model) => optimizer.Init(model);

    /// <inheritdoc/>
    public (P Model, OptimizerState State, PolicyUpdate Update) Step(
        P model, OptimizerState state, Rounds tasks)
    {
        double before = double.NaN;
        for (int i = 0; i < epochs; i++)
        {
            (model, state, Tensor loss) = step(model, state, tasks);
            if (i == 0) before = loss.Item();
        }
        var (after, divergence) = measure(model, tasks);
        return (model, state, new(before, after.Item(), divergence.Item(), epochs));
    }

    private static Tensor Moved(PolicyMaml<P> learner, P model, Experience tasks) =>
        Vmap.Of((Experience task) => task.Mean(learner.Policy.Distribution.Divergence(
            task.Parameters, learner.Policy.Parameters(model, task.Observations))))(tasks).Mean();
}
