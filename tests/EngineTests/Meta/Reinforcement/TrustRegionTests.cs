// The outer algorithms: what a step promises.
using Engine.Meta;
using Engine.Nn;

namespace Engine.Tests.Meta;

public class TrustRegionTests
{
    private static readonly GaussianPolicy model = GaussianPolicy.Create(
        Key.From(1), [2, 8, 2], Activation.Tanh, DType.Float64);

    private static readonly PolicyMaml<GaussianPolicy> learner = new(
        Policy.Gaussian(2), 0.1, InnerObjective.LikelihoodRatio);

    private static readonly Rounds rounds = Act();

    /// <summary>The curvature that TRPO inverts is the Hessian of the divergence.</summary>
    [Fact]
    public void TheCurvatureIsTheHessianOfTheDivergence()
    {
        Key key = Key.From(4);
        GaussianPolicy direction = model.Map((Tensor w) => key.Normal(w.Shape, DType.Float64));
        GaussianPolicy product =
            TrustRegion<GaussianPolicy>.Curvature(learner, model, rounds)(direction);
        GaussianPolicy hessian = Hessian.Product((GaussianPolicy p) =>
            learner.Divergence(learner.Distributions(p, rounds), rounds))(model, direction);
        Assert.True(Tree.AllClose(hessian, product, 1e-8, 1e-10));
        Assert.True(product.Leaves().All(leaf => leaf.Abs().Max().Item() > 0));
    }

    [Theory]
    [InlineData(0.01)]
    [InlineData(0.0001)]
    public void AStepStaysInTheRegionAndLowersTheLoss(double radius)
    {
        var outer = new TrustRegion<GaussianPolicy>(learner, radius);
        var (next, _, update) = outer.Step(model, outer.Init(model), rounds);
        Assert.InRange(update.Divergence, 0.1 * radius, radius);
        Assert.True(update.LossAfter < update.LossBefore);
        Assert.Equal(learner.Loss(next, rounds).Item(), update.LossAfter, 9);
        Assert.Equal(
            learner.Divergence(learner.Distributions(next, rounds), rounds).Item(),
            update.Divergence, 9);
    }

    /// <summary>Where nothing can be gained the model stays what it is.</summary>
    [Fact]
    public void WithoutAdvantagesThereIsNoStep()
    {
        Rounds flat = rounds with
        {
            After = rounds.After with { Advantages = 0 * rounds.After.Advantages },
        };
        var outer = new TrustRegion<GaussianPolicy>(learner);
        var (next, _, update) = outer.Step(model, outer.Init(model), flat);
        Assert.Same(model, next);
        Assert.Equal((0, 0), (update.Divergence, update.Length));
    }

    [Fact]
    public void TheProximalUpdateLowersTheClippedLoss()
    {
        var outer = new ProximalUpdate<GaussianPolicy>(learner, Optim.Adam(1e-3), epochs: 5);
        var (next, state, update) = outer.Step(model, outer.Init(model), rounds);
        Assert.Equal(5, state.Steps.Item());
        Assert.True(update.LossAfter < update.LossBefore);
        Assert.Equal(learner.Loss(next, rounds, clip: 0.3).Item(), update.LossAfter, 9);
        // Without inner steps there is nothing for the penalty to keep, and it learns all the same.
        Rounds only = rounds with { Before = [] };
        Assert.True(outer.Step(model, outer.Init(model), only).Update is var plain
            && plain.LossAfter < plain.LossBefore);
        // A clip that allows nothing leaves no gain but that of the first step, at weights of 1.
        Assert.True(learner.Loss(next, rounds, clip: 0).Item()
            >= learner.Loss(next, rounds).Item());
    }

    [Fact]
    public void CreditComparesTasks()
    {
        double[] score = rounds.After.Score.ToDoubles(), scale = rounds.After.Scale.ToDoubles();
        double[] credit = rounds.WithCredit().Credit!.ToDoubles();
        Assert.True(scale.Distinct().Count() == scale.Length);
        for (int i = 0; i < score.Length; i++)
            Assert.Equal(
                (score[i] - score.Where((_, j) => j != i).Average()) / scale[i], credit[i], 9);
        Rounds one = rounds.Map((Tensor x) => x[0..1]);
        Assert.Throws<EngineException>(() => one.WithCredit());
    }

    /// <summary>
    /// Two tasks whose rewards differ by a factor of 10 all along: the one that pays more is above
    /// the other by 9 times what that pays, each on the scale of its own advantages.
    /// </summary>
    [Fact]
    public void CreditComparesRewardsOfTasksOfDifferentScale()
    {
        Trajectories acted = new Rollouts<GaussianPolicy>(PointMass.Family(), learner.Policy)
            .Collect(Rollouts<GaussianPolicy>.Repeat(model, 1), 2, 0, episodes: 3);
        Trajectories both = acted.Map((Tensor x) => Tensor.Concat([x, x]).Eval());
        Tensor factors = Tensor.From([1.0, 10.0], [2, 1]);
        Experience after = new AdvantageEstimator()
            .Of(both with { Rewards = (both.Rewards * factors).Eval() });
        double score = after.Score.ToDoubles()[0], scale = after.Scale.ToDoubles()[0];
        double[] credit = new Rounds([after], after).WithCredit().Credit!.ToDoubles();
        Assert.Equal(-9 * score / scale, credit[0], 1e-5 * Math.Abs(score / scale));
        Assert.Equal(9 * score / (10 * scale), credit[1], 1e-5 * Math.Abs(score / scale));
    }

    /// <summary>A gradient that overflowed is no reason to stand still silently.</summary>
    [Fact]
    public void AGradientThatIsNoNumberIsSaid()
    {
        Rounds broken = rounds with
        {
            After = rounds.After with { Advantages = rounds.After.Advantages * double.NaN },
        };
        var outer = new TrustRegion<GaussianPolicy>(learner);
        Assert.True(double.IsNaN(outer.Step(model, outer.Init(model), broken).Update.LossAfter));
        // A loss of no number is said by itself; here the loss is one, and only its slope is not.
        Rounds steep = rounds with
        {
            After = rounds.After with { Advantages = rounds.After.Advantages * 1e200 },
        };
        PolicyUpdate update = outer.Step(model, outer.Init(model), steep).Update;
        Assert.True(double.IsFinite(update.LossBefore));
        Assert.True(double.IsNaN(update.LossAfter));
    }

    private static Rounds Act()
    {
        var rollouts = new Rollouts<GaussianPolicy>(PointMass.Family(), learner.Policy);
        var estimator = new AdvantageEstimator();
        GaussianPolicy models = Rollouts<GaussianPolicy>.Repeat(model, 3);
        Experience before = estimator.Of(rollouts.Collect(models, 2, 0, episodes: 3));
        models = Vmap.Of((GaussianPolicy m, Experience e) => learner.Adapt(m, e))(models, before);
        return new([before], estimator.Of(rollouts.Collect(models, 2, 0, episodes: 3, round: 1)));
    }
}
