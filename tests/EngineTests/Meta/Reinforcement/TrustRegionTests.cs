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
        // A clip that allows nothing leaves no gain but that of the first step, at weights of 1.
        Assert.True(learner.Loss(next, rounds, clip: 0).Item()
            >= learner.Loss(next, rounds).Item());
    }

    [Fact]
    public void CreditComparesTasks()
    {
        double[] score = rounds.After.Score.ToDoubles();
        double[] credit = rounds.WithCredit().Credit!.ToDoubles();
        for (int i = 0; i < score.Length; i++)
            Assert.Equal(
                score[i] - score.Where((_, j) => j != i).Average(), credit[i], 9);
        Rounds one = rounds.Map((Tensor x) => x[0..1]);
        Assert.Throws<EngineException>(() => one.WithCredit());
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
