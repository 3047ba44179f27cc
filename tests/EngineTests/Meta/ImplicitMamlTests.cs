// Implicit MAML: at converged minima its gradient is that of the meta-loss, whatever way led there.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Tests.Meta;

public class ImplicitMamlTests
{
    private static readonly Mlp Model =
        Mlp.Create(Key.From(1), [1, 6, 1], Activation.Tanh, DType.Float64);

    private static readonly Episode Tasks =
        Episode.From(new SinusoidTasks(5, 5).Sample(3, 0, 2)).Map((Tensor x) =>
            x.DType.IsFloat() ? x.Cast(DType.Float64) : x);

    private static readonly ImplicitMaml<Mlp> Converged = new(
        Objective.Regression, Strength: 4, InnerSteps: 300, InnerRate: 0.05, Iterations: 19,
        Tolerance: 1e-13);

    [Fact]
    public void TheGradientIsThatOfTheMetaLoss()
    {
        Mlp gradient = Converged.Method.Step(Model, Tasks).Gradient;
        Mlp direction = Model.Map((path, leaf) =>
            Key.From(path.Length).Normal(leaf.Shape, DType.Float64));
        double Loss(double t) => Converged.Method.MetaLoss(
            Model.Zip(direction, (w, d) => w + t * d), Tasks).Item();
        const double h = 1e-3;
        double numerical =
            (8 * (Loss(h) - Loss(-h)) - (Loss(2 * h) - Loss(-2 * h))) / (12 * h);
        Assert.Equal(numerical, Tree.Dot(gradient, direction).Item(), 1e-6 * Math.Abs(numerical));
    }

    /// <summary>
    /// The order check measures it: near 0 where both solvers are done, not where one is not.
    /// </summary>
    [Fact]
    public void TheOrderCheckSaysHowFarTheSolversAre()
    {
        Episode task = Tasks.Task(0);
        OrderCheck done = OrderCheck.Measure(Converged.Method, Model, task);
        Assert.Equal(Claim.Implicit, done.Claim);
        Assert.InRange(done.Error, 0, 1e-4);
        Assert.False(done.Confirmed);
        Assert.StartsWith("implicit; ", done.ToString());
        Assert.Contains(" off the differences (", done.ToString());
        OrderCheck early = OrderCheck.Measure(
            (Converged with { InnerSteps = 3 }).Method, Model, task);
        Assert.True(early.Error > 1e-3, $"{early}");
    }

    [Fact]
    public void TheGradientDoesNotDependOnTheWayToTheMinimum()
    {
        ImplicitMaml<Mlp> slower = Converged with { InnerSteps = 900, InnerRate = 0.02 };
        Assert.True(Tree.AllClose(
            Converged.Method.Step(Model, Tasks).Gradient,
            slower.Method.Step(Model, Tasks).Gradient, 1e-7, 1e-9));
    }

    [Fact]
    public void AdaptationEndsWhereTheRegularisedGradientIsZero()
    {
        Episode task = Tasks.Task(0);
        Mlp adapted = Converged.Adapt(Model, task);
        Mlp gradient = Grad.Of((Mlp w) => Objective.Regression.Support(w, task))(adapted);
        Assert.True(Tree.AllClose(
            adapted, Model.Zip(gradient, (w, g) => w - g / Converged.Strength), 1e-9, 1e-10));
    }

    [Fact]
    public void WithMuchDampingItIsFirstOrderButForAFactor()
    {
        ImplicitMaml<Mlp> damped = Converged with { Damping = 1e7 };
        Episode one = Tasks.Map((Tensor leaf) => leaf[..1]);
        Mlp adapted = damped.Adapt(Model, Tasks.Task(0));
        Mlp query = Grad.Of((Mlp w) => Objective.Regression.Query(w, Tasks.Task(0)))(adapted);
        Mlp gradient = damped.Method.Step(Model, one).Gradient;
        Assert.True(Tree.AllClose(
            query, gradient.Map((Tensor g) => (damped.Strength + 1e7) / damped.Strength * g),
            1e-5, 1e-6));
    }
}
