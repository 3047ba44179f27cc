// MAML for reinforcement learning (Finn, Abbeel and Levine, 2017, algorithm 3): policy-gradient
// steps on a task's trajectories, and derivatives through them.
//
// What the derivative of an inner step should be is a question of its own, as the trajectories it
// is made of depend on the policy too. Three answers are here; at the policy that acted all three
// make the same step, and only their derivatives differ.
//
// Actions are given (LogLikelihood, the original): the step is differentiated as it was made, on
// trajectories that stay as they are. That the policy also chose them is left out, unless Credit
// puts it back as a term of its own (Al-Shedivat et al., 2018; Stadie et al., 2018, E-MAML). Both
// together are the exact gradient of the expected return after adaptation to sampled trajectories.
//
// Dice (Foerster et al., 2018; with advantages, Farquhar et al., 2019): the derivative of the
// expected step. It estimates the Hessian of the expected return without bias, so that the whole
// is the gradient of the return after a step along the expected gradient, which trajectories only
// estimate: exact in the limit of many. Its variance grows with the length of episodes.
//
// LikelihoodRatio (Rothfuss et al., 2019, ProMP): Dice without the terms that link different steps
// of an episode; biased a little, of far lower variance.
namespace Engine.Meta;

/// <summary>
/// What is differentiated when derivatives flow through an inner policy-gradient step.
/// </summary>
public enum InnerObjective
{
    /// <summary>mean of ln p(action) * advantage: the step on given trajectories.</summary>
    LogLikelihood,

    /// <summary>mean of p(action) / p_old(action) * advantage: action by action.</summary>
    LikelihoodRatio,

    /// <summary>The expected step, whole trajectories weighted by their probability.</summary>
    Dice,
}

/// <summary>Adaptation by policy gradients, and the loss of the adapted policy.</summary>
/// <param name="Policy">Who acts.</param>
/// <param name="InnerRate">The rate of the inner steps.</param>
/// <param name="Inner">What the derivative of an inner step is.</param>
/// <param name="FirstOrder">Whether inner gradients count as constants.</param>
public sealed record PolicyMaml<P>(
    Policy<P> Policy, double InnerRate, InnerObjective Inner = InnerObjective.LogLikelihood,
    bool FirstOrder = false) where P : ITree
{
    /// <summary>The model after an inner step on one task's experience.</summary>
    public P Adapt(P model, Experience task, Tensor? rate = null)
    {
        P gradient = Grad.Of((P p) => InnerLoss(p, task))(model);
        if (FirstOrder) gradient = gradient.StopGradient();
        return model.Zip(gradient, (w, g) => g.IsSymbolicZero ? w : w - Scale(rate, g));
    }

    private Tensor Scale(Tensor? rate, Tensor gradient) =>
        rate is null ? InnerRate * gradient : rate.Cast(gradient.DType) * gradient;

    /// <summary>What an inner step descends, for one task; a scalar.</summary>
    public Tensor InnerLoss(P model, Experience task)
    {
        Tensor log = LogRatio(model, task);
        Tensor weight = Inner switch
        {
            InnerObjective.LogLikelihood => log,
            InnerObjective.LikelihoodRatio => log.Exp(),
            _ => Boxes(log, task.Starts),
        };
        return -task.Mean(weight * task.Advantages);
    }

    /// <summary>
    /// The loss of a batch of tasks, a scalar: minus the mean advantage of the adapted policies'
    /// actions, each weighted by how much more probable it became.
    /// </summary>
    /// <param name="model">The start.</param>
    /// <param name="tasks">The experience.</param>
    /// <param name="clip">
    /// How far from 1 a weight may gain anything (PPO, Schulman et al., 2017, equation 7); no limit
    /// by default.
    /// </param>
    public Tensor Loss(P model, Rounds tasks, double clip = double.PositiveInfinity) =>
        Vmap.Of((Rounds task) => TaskLoss(model, task, clip))(tasks).Mean();

    /// <summary>
    /// The parameters of the adapted policies' distributions where they acted, (tasks, transitions,
    /// parameters).
    /// </summary>
    public Tensor Distributions(P model, Rounds tasks) => Vmap.Of((Rounds task) =>
        Policy.Parameters(Adapted(model, task).Model, task.After.Observations))(tasks);

    /// <summary>
    /// How far such distributions diverge from those that acted, mean over transitions and tasks.
    /// </summary>
    public Tensor Divergence(Tensor distributions, Rounds tasks) =>
        Vmap.Of((Tensor d, Experience task) => task.Mean(
            Policy.Distribution.Divergence(task.Parameters, d)))(distributions, tasks.After).Mean();

    private Tensor TaskLoss(P model, Rounds task, double clip)
    {
        var (adapted, credit) = Adapted(model, task);
        Tensor weight = LogRatio(adapted, task.After).Exp();
        Tensor gain = weight * task.After.Advantages;
        if (double.IsFinite(clip))
            gain = Tensor.Minimum(gain, weight.Clip(1 - clip, 1 + clip) * task.After.Advantages);
        return credit - task.After.Mean(gain);
    }

    private (P Model, Tensor Loss) Adapted(P model, Rounds task)
    {
        Tensor loss = Tensor.Zeros(Shape.Of(), task.After.Advantages.DType);
        foreach (Experience before in task.Before)
        {
            if (task.Credit is { } credit)
                loss -= credit * ((LogRatio(model, before).Exp() - 1) * before.Taken).Sum();
            model = Adapt(model, before);
        }
        return (model, loss);
    }

    /// <summary>ln p - ln p_old of the actions; the gradient is that of ln p.</summary>
    private Tensor LogRatio(P model, Experience task) =>
        Policy.LogProbability(model, task.Observations, task.Actions)
        - Policy.Distribution.LogProbability(task.Parameters, task.Actions);

    /// <summary>
    /// The loaded DiCE: the weight of an advantage is what its action adds to the probability of
    /// the episode so far, exp(w_t) - exp(w_(t-1)) with w the running sum of log ratios.
    /// </summary>
    private static Tensor Boxes(Tensor log, Tensor starts)
    {
        Tensor sum = log.CumSum();
        Tensor before = sum - log; // the sum over all earlier transitions, of whatever episode
        Tensor within = before - before.Take(starts);
        return (within + log).Exp() - within.Exp();
    }
}
