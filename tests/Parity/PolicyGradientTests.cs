// Derivatives through policy-gradient steps: against finite differences, and their means over all
// that can happen against what can be enumerated.
using Engine.Meta;
using Engine.Nn;

namespace Engine.Parity;

public class PolicyGradientTests
{
    private const int Arms = 3;
    private const int Pulls = 2;
    private const double Rate = 0.7;
    private static readonly double[] chances = [0.2, 0.5, 0.9];

    /// <summary>A policy that is nothing but logits.</summary>
    private static readonly Policy<Tensor> logits = new(
        (model, x) => model.BroadcastTo([.. x.Shape.Sizes[..^1], Arms]), new Categorical(Arms));

    private static readonly Tensor start = Tensor.From([0.3, -0.2, 0.5]);

    public static TheoryData<InnerObjective> Objectives => [.. Enum.GetValues<InnerObjective>()];

    /// <summary>
    /// The meta-loss through two inner steps, on trajectories of the point mass that stay fixed.
    /// </summary>
    [Theory, MemberData(nameof(Objectives))]
    public void TheMetaLossHasExactDerivatives(InnerObjective inner)
    {
        GaussianPolicy model = GaussianPolicy.Create(
            Key.From(1), [2, 8, 2], Activation.Tanh, DType.Float64);
        var learner = new PolicyMaml<GaussianPolicy>(Policy.Gaussian(2), 0.1, inner);
        Rounds rounds = PointMassRounds(learner, model).WithCredit();
        // Away from the policy that acted, too: there the three objectives differ.
        GaussianPolicy moved = model.Map((Tensor w) => w + 0.01);
        foreach (GaussianPolicy at in (GaussianPolicy[])[model, moved])
        {
            GradCheckResult result =
                GradCheck.Run((GaussianPolicy p) => learner.Loss(p, rounds), at, step: 1e-4);
            Assert.True(result.Error <= 1e-6, $"{inner}: {result}");
        }
        // The check would see what is first-order only.
        var first = learner with { FirstOrder = true };
        Assert.False(Tree.AllClose(
            Grad.Of((GaussianPolicy p) => learner.Loss(p, rounds))(model),
            Grad.Of((GaussianPolicy p) => first.Loss(p, rounds))(model), 1e-3));
    }

    /// <summary>All objectives step alike at the policy that acted; derivatives differ.</summary>
    [Fact]
    public void ObjectivesDifferInTheirDerivativesAlone()
    {
        GaussianPolicy model = GaussianPolicy.Create(
            Key.From(1), [2, 8, 2], Activation.Tanh, DType.Float64);
        PolicyMaml<GaussianPolicy> Of(InnerObjective inner) => new(Policy.Gaussian(2), 0.1, inner);
        Rounds rounds = PointMassRounds(Of(InnerObjective.LogLikelihood), model);
        Experience task = rounds.Before[0].Map((Tensor x) => x[0]);
        GaussianPolicy[] steps = [.. Enum.GetValues<InnerObjective>()
            .Select(inner => Of(inner).Adapt(model, task))];
        GaussianPolicy[] gradients = [.. Enum.GetValues<InnerObjective>()
            .Select(inner => Grad.Of((GaussianPolicy p) => Of(inner).Loss(p, rounds))(model))];
        for (int i = 1; i < steps.Length; i++)
        {
            Assert.True(Tree.AllClose(steps[0], steps[i], 1e-9, 1e-12));
            Assert.False(Tree.AllClose(gradients[i - 1], gradients[i], 1e-3));
        }
    }

    /// <summary>
    /// The mean Hessian of DiCE's objective over all trajectories, each with its probability, is
    /// the Hessian of the expected return, in a process where early actions decide about later
    /// states; the other objectives' are not.
    /// </summary>
    [Fact]
    public void DiceEstimatesTheHessianOfTheExpectedReturn()
    {
        // Two states; the action in the first leads to 0 or 1; rewards by state, action and time.
        double[,] rewards = { { 1, -2 }, { 0.5, 3 } };
        var policy = new Policy<Tensor>(
            (model, x) => x.MatMul(model.Reshape(2, 2)), new Categorical(2));
        Tensor at = Tensor.From([0.4, -0.3, 0.2, 0.9]);
        Tensor Probability(Tensor model, int state, int action) =>
            model.Reshape(2, 2)[state].Softmax()[action];

        Tensor Expected(Tensor model)
        {
            Tensor sum = Tensor.Scalar(0.0);
            foreach (var (path, _) in Paths())
            {
                Tensor p = Tensor.Scalar(1.0);
                int state = 0;
                double total = 0;
                foreach (int action in path)
                {
                    p *= Probability(model, state, action);
                    total += rewards[state, action];
                    state = action;
                }
                sum += p * total;
            }
            return sum;
        }

        Tensor exact = Hessian.Of(Expected)(at);
        Tensor Mean(InnerObjective inner)
        {
            var learner = new PolicyMaml<Tensor>(policy, Rate, inner);
            Tensor hessian = Tensor.Zeros([4, 4], DType.Float64);
            foreach (var (path, _) in Paths())
            {
                double p = 1;
                int state = 0;
                var seen = new List<double>();
                var gained = new List<double>();
                foreach (int action in path)
                {
                    seen.AddRange(state == 0 ? [1.0, 0.0] : [0.0, 1.0]);
                    gained.Add(rewards[state, action]);
                    p *= Probability(at, state, action).Item();
                    state = action;
                }
                Experience episode = Episode(
                    policy, at, [.. seen], [.. path.Select(a => (double)a)], [.. gained]);
                // The loss is minus the mean over transitions.
                hessian -= p * path.Length
                    * Hessian.Of((Tensor m) => learner.InnerLoss(m, episode))(at);
            }
            return hessian;
        }

        Assert.True(Tree.AllClose(exact, Mean(InnerObjective.Dice), 1e-9, 1e-12));
        Assert.False(Tree.AllClose(exact, Mean(InnerObjective.LikelihoodRatio), 1e-2, 1e-2));
        Assert.False(Tree.AllClose(exact, Mean(InnerObjective.LogLikelihood), 1e-2, 1e-2));

        static IEnumerable<(int[] Path, int)> Paths() => Enumerable.Range(0, 8)
            .Select(i => (new[] { i & 1, i >> 1 & 1, i >> 2 & 1 }, i));
    }

    /// <summary>
    /// The mean of the meta-gradient over all that can happen before and after adaptation, with its
    /// probability, is the gradient of the expected return after adaptation; without credit it is
    /// not.
    /// </summary>
    [Fact]
    public void WithCreditTheMetaGradientIsThatOfTheExpectedReturnAfterAdaptation()
    {
        Tensor exact = Grad.Of((Tensor m) => ExpectedAfterAdaptation(m))(start);
        var learner = new PolicyMaml<Tensor>(logits, Rate);
        Tensor with = Tensor.Zeros(Arms, DType.Float64), without = with;
        foreach (var (before, p) in Outcomes(start))
        {
            Tensor adapted = learner.Adapt(start, before).Eval();
            foreach (var (after, q) in Outcomes(adapted))
            {
                Tensor Gradient(Tensor? credit)
                {
                    Rounds one = new Rounds([before], after, credit)
                        .Map((Tensor x) => x.ExpandDims(0));
                    return Grad.Of((Tensor m) => learner.Loss(m, one))(start);
                }

                with -= p * q * Pulls * Gradient(after.Score);
                without -= p * q * Pulls * Gradient(null);
            }
        }
        Assert.True(Tree.AllClose(exact, with, 1e-9, 1e-12), $"{exact.Eval()} {with.Eval()}");
        Assert.False(Tree.AllClose(exact, without, 1e-2, 1e-3));
    }

    /// <summary>
    /// The same by sampling, with the environment, rollouts and advantages as training uses them:
    /// the mean over tasks lies within its standard error.
    /// </summary>
    [Fact]
    public void TheSampledMetaGradientHasTheEnumeratedMean()
    {
        const int tasks = 20000;
        var family = new TaskFamily(
            "bandit", Bandit.Family(Arms, Pulls).Observations, Space.Discrete(Arms), Pulls,
            _ => new Bandit([.. chances], Pulls));
        var learner = new PolicyMaml<Tensor>(logits, Rate);
        var rollouts = new Rollouts<Tensor>(family, logits);
        var estimator = new AdvantageEstimator(discount: 1, baseline: false, normalise: false);
        Tensor models = Rollouts<Tensor>.Repeat(start, tasks);
        Experience before = estimator.Of(rollouts.Collect(models, 1, 0, episodes: 1));
        models = Vmap.Of((Tensor m, Experience e) => learner.Adapt(m, e))(models, before);
        Experience after = estimator.Of(rollouts.Collect(models, 1, 0, episodes: 1, round: 1));
        Rounds rounds = new Rounds([before], after).WithCredit();
        Tensor gradients = -Pulls * Vmap.Of((Rounds task) => Grad.Of((Tensor m) => learner.Loss(
            m, task.Map((Tensor x) => x.ExpandDims(0))))(start))(rounds);
        double[] exact = Grad.Of((Tensor m) => ExpectedAfterAdaptation(m))(start).ToDoubles();
        double[] mean = gradients.Mean(0).ToDoubles();
        double[] error = (gradients.Var(0) / tasks).Sqrt().ToDoubles();
        for (int i = 0; i < Arms; i++)
        {
            Assert.InRange(mean[i], exact[i] - 3.5 * error[i], exact[i] + 3.5 * error[i]);
            Assert.True(error[i] < 0.2 * exact.Max(Math.Abs));
        }
    }

    /// <summary>Two inner steps on three tasks, in float64.</summary>
    private static Rounds PointMassRounds(
        PolicyMaml<GaussianPolicy> learner, GaussianPolicy model)
    {
        var rollouts = new Rollouts<GaussianPolicy>(PointMass.Family(), learner.Policy);
        var estimator = new AdvantageEstimator();
        GaussianPolicy models = Rollouts<GaussianPolicy>.Repeat(model, 3);
        var experience = new List<Experience>();
        for (int round = 0; round < 3; round++)
        {
            experience.Add(estimator.Of(rollouts.Collect(models, 2, 0, episodes: 2, round)));
            models = Vmap.Of((GaussianPolicy m, Experience e) => learner.Adapt(m, e))(
                models, experience[^1]);
        }
        return new([.. experience[..^1]], experience[^1]);
    }

    /// <summary>
    /// The expected return of the policy adapted to two pulls, over all that they may give.
    /// </summary>
    private static Tensor ExpectedAfterAdaptation(Tensor model)
    {
        var learner = new PolicyMaml<Tensor>(logits, Rate);
        Tensor sum = Tensor.Scalar(0.0);
        foreach (var (before, _) in Outcomes(start))
        {
            Tensor p = logits.LogProbability(model, before.Observations, before.Actions).Sum().Exp()
                * Luck(before);
            Tensor adapted = learner.Adapt(model, before);
            sum += p * Pulls * (adapted.Softmax() * Tensor.From(chances)).Sum();
        }
        return sum;
    }

    /// <summary>All episodes of two pulls, and their probabilities under a policy.</summary>
    private static IEnumerable<(Experience Episode, double Probability)> Outcomes(Tensor model)
    {
        for (int i = 0; i < 4 * Arms * Arms; i++)
        {
            double[] arms = [i % Arms, i / Arms % Arms];
            double[] pays = [i / (Arms * Arms) % 2, i / (2 * Arms * Arms)];
            Experience episode = Episode(logits, model, [1.0, 1.0], arms, pays);
            double p = logits.LogProbability(model, episode.Observations, episode.Actions)
                .Sum().Exp().Item();
            yield return (episode, p * Luck(episode));
        }
    }

    /// <summary>The probability that the arms pay what they did.</summary>
    private static double Luck(Experience episode)
    {
        double[] arms = episode.Actions.ToDoubles(), ahead = episode.Advantages.ToDoubles();
        double product = 1;
        for (int i = 0; i < arms.Length; i++)
        {
            double paid = ahead[i] - (i + 1 < arms.Length ? ahead[i + 1] : 0);
            double chance = chances[(int)arms[i]];
            product *= paid == 1 ? chance : 1 - chance;
        }
        return product;
    }

    /// <summary>One episode, its advantages the sums of rewards to come.</summary>
    private static Experience Episode(
        Policy<Tensor> policy, Tensor model, double[] seen, double[] actions, double[] rewards)
    {
        int steps = rewards.Length;
        Tensor observations = Tensor.From(seen, [steps, seen.Length / steps]);
        double[] ahead = [.. rewards.Select((_, i) => rewards[i..].Sum())];
        return new(
            observations, Tensor.From(actions, [steps, 1]),
            policy.Parameters(model, observations).Eval(), Tensor.From(ahead),
            Tensor.Zeros(steps, DType.Int64), Tensor.Ones(steps, DType.Float64),
            Tensor.Scalar(rewards.Average()), Tensor.Scalar(1.0));
    }
}
