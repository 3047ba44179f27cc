// The 2-D navigation of Finn, Abbeel and Levine (2017), section 5.3.1 and appendix A.2, by the
// settings of the code that made the published table, which are not all those of the paper.
// docs/meta-reinforcement.md has what each difference is worth.
using System.Collections.Immutable;

namespace Engine.Meta;

/// <summary>Settings; by default those of the published code.</summary>
/// <param name="MetaBatch">Goals of a meta-step.</param>
/// <param name="Episodes">Episodes for each goal, before and after the inner step.</param>
/// <param name="InnerRate">Rate of the first inner step; the paper says 0.1.</param>
/// <param name="LaterRate">Rate of further inner steps in testing; the paper says 0.05.</param>
/// <param name="Inner">What the derivative of an inner step is.</param>
/// <param name="FirstOrder">Whether its gradients count as constants.</param>
/// <param name="Credit">Whether acting is credited with what adaptation makes of it.</param>
/// <param name="Terminates">Whether episodes end at the goal.</param>
/// <param name="Normalised">Whether policies act in [-1, 1].</param>
/// <param name="Fill">Whether episodes that end early are followed by others.</param>
/// <param name="Seed">Of the start, the training goals, and acting.</param>
public sealed record PointMassOptions(
    int MetaBatch = 20, int Episodes = 20, double InnerRate = 0.5, double LaterRate = 0.25,
    InnerObjective Inner = InnerObjective.LogLikelihood,
    bool FirstOrder = false, bool Credit = false, bool Terminates = true,
    bool Normalised = true, bool Fill = true, long Seed = 0);

/// <summary>
/// Trains and tests a Gaussian policy, two hidden layers of 100 rectifiers, by TRPO within a
/// divergence of 0.01. Training states can be saved with <see cref="Checkpoint"/>; the steps after
/// loading are those of a run that was never stopped.
/// </summary>
public sealed class PointMassExperiment
{
    /// <summary>Meta-steps of the published script.</summary>
    public const int Iterations = 100;

    // Negative, so that no training seed gives these goals; all seeds are tested on the same.
    private const long TestSeed = -1;

    private readonly PointMassOptions options;
    private readonly PolicyTraining<GaussianPolicy> training;

    /// <summary>The experiment with these settings.</summary>
    public PointMassExperiment(PointMassOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Seed < 0)
            throw new EngineException($"PointMassExperiment: seed {options.Seed}; give 0 or more, "
                + "as negative seeds are those of test goals.");
        this.options = options;
        var learner = new PolicyMaml<GaussianPolicy>(
            Policy.Gaussian(2), options.InnerRate, options.Inner, options.FirstOrder);
        training = new(
            PointMass.Family(options.Terminates, options.Normalised), learner,
            new TrustRegion<GaussianPolicy>(learner), new AdvantageEstimator(),
            new(options.MetaBatch, options.Episodes, InnerSteps: 1, options.Credit, options.Fill,
                options.Seed));
    }

    /// <summary>
    /// The published mean returns over 40 goals after 0, 1, 2 and 3 steps. Theirs lie at a mean
    /// distance of 0.401 from the start, where that of all goals is 0.383.
    /// </summary>
    public static ImmutableArray<double> Published { get; } = [-40.41, -11.68, -3.33, -3.23];

    /// <summary>The published return of a policy that is shown the goal.</summary>
    public static double PublishedOracle => -2.29;

    /// <summary>The state before the first meta-step.</summary>
    public TrainingState<GaussianPolicy> Start(Device? device = null) => training.Start(
        GaussianPolicy.Create(Key.From(options.Seed), [2, 100, 100, 2])
            .To(device ?? Device.Cpu));

    /// <summary>
    /// Whether the meta-gradient is what it claims to be. All episodes begin at the origin, where
    /// rectifiers without bias are given 0: so it is measured beside the start.
    /// </summary>
    public OrderCheck CheckOrder() => training.CheckOrder(Start().Model);

    /// <summary>
    /// The state after meta-steps up to number <paramref name="until"/>; calls back after each.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was asked to stop.</exception>
    /// <exception cref="DivergenceException">The loss is not finite.</exception>
    public TrainingState<GaussianPolicy> Train(
        TrainingState<GaussianPolicy> state, long until = Iterations,
        Action<TrainingState<GaussianPolicy>, PolicyStep>? stepped = null,
        CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(state);
        while (state.Step < until)
        {
            stop.ThrowIfCancellationRequested();
            (state, PolicyStep step) = training.Step(state);
            stepped?.Invoke(state, step);
        }
        return state;
    }

    /// <summary>
    /// Returns on test goals before adaptation and after each of <paramref name="steps"/> inner
    /// steps. With 40 episodes a step is made of the 4000 transitions of the published code.
    /// </summary>
    public Evaluation Test(
        GaussianPolicy policy, int goals = 40, int steps = 3, int episodes = 40,
        CancellationToken stop = default)
    {
        double[] rates = [.. Enumerable.Range(0, steps)
            .Select(i => i == 0 ? options.InnerRate : options.LaterRate)];
        return training.Evaluate(policy, TestSeed, goals, rates, episodes, stop);
    }

    /// <summary>The mean over the test goals of the best return there is.</summary>
    public static double BestReturn(int goals = 40)
    {
        TaskFamily family = PointMass.Family(normalised: false);
        return Enumerable.Range(0, goals)
            .Average(goal => ((PointMass)family.Task(TestSeed, goal)).BestReturn);
    }
}
