// The outer loop of meta-reinforcement learning: act, adapt, act again, step. A step depends on the
// state and its number alone, so a resumed run continues exactly as an uninterrupted one.
using System.Collections.Immutable;

namespace Engine.Meta;

/// <summary>Sizes of meta-training.</summary>
/// <param name="MetaBatch">Tasks of a meta-step.</param>
/// <param name="Episodes">Episodes of a task, before each inner step and after the last.</param>
/// <param name="InnerSteps">Inner steps.</param>
/// <param name="Credit">
/// Whether the policy is credited with what its trajectories were good for (E-MAML).
/// </param>
/// <param name="Fill">
/// Whether episodes that end early are followed by others (<see cref="Rollouts{P}"/>).
/// </param>
/// <param name="Seed">Says which tasks are drawn and all that is random in acting.</param>
public sealed record PolicyTrainingOptions(
    int MetaBatch = 20, int Episodes = 20, int InnerSteps = 1, bool Credit = false,
    bool Fill = true, long Seed = 0);

/// <summary>What came of a meta-step.</summary>
/// <param name="Returns">
/// The mean return of its tasks before adaptation and after each inner step.
/// </param>
/// <param name="Update">What the outer algorithm did.</param>
public sealed record PolicyStep(ImmutableArray<double> Returns, PolicyUpdate Update);

/// <summary>Meta-training of policies over a family of tasks.</summary>
public sealed class PolicyTraining<P>(
    TaskFamily family, PolicyMaml<P> learner, IPolicyUpdate<P> outer,
    AdvantageEstimator estimator, PolicyTrainingOptions options) where P : ITree
{
    private readonly PolicyTrainingOptions options = Checked(options);

    private readonly Rollouts<P> rollouts = new(family, learner.Policy, options.Fill);

    private readonly Func<P, Experience, Tensor, P> adapt =
        Compile.Of((P models, Experience tasks, Tensor rate) => Vmap.Of(
            (P model, Experience task) => learner.Adapt(model, task, rate))(models, tasks));

    /// <summary>The state before the first step.</summary>
    public TrainingState<P> Start(P model) => new(model, outer.Init(model), 0);

    /// <summary>The state after one more meta-step.</summary>
    /// <exception cref="DivergenceException">
    /// The meta-loss is not finite; the state before the step is as it was.
    /// </exception>
    public (TrainingState<P> State, PolicyStep Step) Step(TrainingState<P> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var (rounds, returns) = Act(
            state.Model, state.Step * options.MetaBatch, options.MetaBatch, options.Episodes);
        var (model, optimizer, update) = outer.Step(
            state.Model, state.Optimizer, options.Credit ? rounds.WithCredit() : rounds);
        if (!double.IsFinite(update.LossBefore) || !double.IsFinite(update.LossAfter))
            throw new DivergenceException(state.Step + 1, update.LossAfter);
        return (new(model, optimizer, state.Step + 1), new(returns, update));
    }

    /// <summary>
    /// Holds the meta-gradient to differences of the meta-loss, on what a policy in float64 has
    /// done in two tasks.
    /// </summary>
    public OrderCheck CheckOrder(P model)
    {
        P policy = OrderCheck.Doubles(model);
        return OrderCheck.Measure(
            learner.FirstOrder ? Claim.FirstOrder : Claim.Exact,
            (P p, Rounds all) => learner.Loss(p, all), policy,
            Act(policy, 0, tasks: 2, episodes: 4).Rounds);
    }

    /// <summary>What was done in tasks before each inner step and after the last.</summary>
    private (Rounds Rounds, ImmutableArray<double> Returns) Act(
        P model, long first, int tasks, int episodes)
    {
        P models = Rollouts<P>.Repeat(model, tasks);
        var rounds = new List<Experience>();
        var returns = ImmutableArray.CreateBuilder<double>();
        for (int round = 0; round <= options.InnerSteps; round++)
        {
            Trajectories acted = rollouts.Collect(models, options.Seed, first, episodes, round);
            returns.Add(acted.Returns.Mean().Item());
            rounds.Add(estimator.Of(acted));
            if (round < options.InnerSteps)
                models = adapt(models, rounds[^1], Rate(learner.InnerRate, models));
        }
        return (new([.. rounds[..^1]], rounds[^1]), returns.ToImmutable());
    }

    /// <summary>
    /// Returns on test tasks 0 .. tasks - 1 of a seed, before adaptation and after each of the
    /// inner steps with the given rates. A step is made from the very episodes whose mean return is
    /// reported.
    /// </summary>
    public Evaluation Evaluate(
        P model, long seed, int tasks, IReadOnlyList<double> rates, int episodes,
        CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(rates);
        if (tasks < 2)
            throw new EngineException($"PolicyTraining: evaluation on {tasks} tasks; give at least "
                + "2, as the interval needs.");
        var scores = new double[rates.Count + 1][];
        for (int i = 0; i < scores.Length; i++) scores[i] = new double[tasks];
        for (int first = 0; first < tasks; first += options.MetaBatch)
        {
            int count = Math.Min(options.MetaBatch, tasks - first);
            P models = Rollouts<P>.Repeat(model, count);
            for (int step = 0; step <= rates.Count; step++)
            {
                stop.ThrowIfCancellationRequested();
                Trajectories acted = rollouts.Collect(models, seed, first, episodes, step);
                acted.Returns.Mean(1).ToDoubles().CopyTo(scores[step], first);
                if (step < rates.Count)
                    models = adapt(models, estimator.Of(acted), Rate(rates[step], models));
            }
        }
        return Evaluation.Of([.. Enumerable.Range(0, scores.Length)], scores, BatchNormMode.None);
    }

    private static PolicyTrainingOptions Checked(PolicyTrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.MetaBatch < 1 || options.Episodes < 1 || options.InnerSteps < 0)
            throw new EngineException($"PolicyTraining: a meta-batch of {options.MetaBatch} tasks, "
                + $"{options.Episodes} episodes, {options.InnerSteps} inner steps; give at least "
                + "1, 1 and 0.");
        return options;
    }

    private static Tensor Rate(double rate, P models) =>
        Tensor.Scalar(rate).To(models.Leaves()[0].Device);
}
