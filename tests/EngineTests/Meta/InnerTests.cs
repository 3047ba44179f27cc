// The inner loop that learners share: exact through any optimiser and learned rates, with and
// without recomputation, for parts of a model and for views of it.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Tests.Meta;

public class InnerTests
{
    private static readonly Objective<Mlp> Regression = Objective.Regression;

    private static readonly Episode Task = Double(
        Episode.From(new SinusoidTasks(5, 5).Sample(3, 0, 1)).Task(0));

    private static readonly Mlp Model =
        Mlp.Create(Key.From(1), [1, 6, 1], Activation.Tanh, DType.Float64);

    public static TheoryData<string, bool> Optimisers()
    {
        var data = new TheoryData<string, bool>();
        foreach (string name in (string[])["sgd", "momentum", "adam", "rmsprop"])
            foreach (bool remat in (bool[])[false, true])
                data.Add(name, remat);
        return data;
    }

    [Theory, MemberData(nameof(Optimisers))]
    public void DerivativesThroughAnyOptimiserAndItsRateAreExact(string name, bool remat)
    {
        Optimizer By(Func<Tensor, Tensor> rate) => name switch
        {
            "sgd" => Optim.Sgd(rate),
            "momentum" => Optim.Sgd(rate, momentum: 0.9),
            "adam" => Optim.Adam(rate, epsilon: 1e-3),
            _ => Optim.RmsProp(rate, epsilon: 1e-3),
        };
        Tensor Adapted(StartAndRate p) => Regression.Query(
            Inner.Trajectory(
                p.Start, (w, _) => Regression.Support(w, Task),
                Inner.By<Mlp>(By(_ => p.Rate)), steps: 3, remat: remat).Last(),
            Task);
        GradCheckResult check =
            GradCheck.Run(Adapted, new StartAndRate(Model, Tensor.Scalar(0.05)), step: 1e-5);
        Assert.True(check.Error < 1e-6, $"{name}: {check.Error}");
    }

    [Theory, InlineData(false), InlineData(true)]
    public void OnlyLeavesThatAreChosenAdapt(bool remat)
    {
        Mlp[] models =
        [
            .. Inner.Trajectory(
                Model, (w, _) => Regression.Support(w, Task), Inner.Descent<Mlp>(0.1), 2,
                where: path => path.StartsWith("Layers.1", StringComparison.Ordinal),
                remat: remat),
        ];
        Assert.Equal(3, models.Length);
        foreach (var (path, (before, after)) in
            Model.Paths().Zip(Model.Leaves().Zip(models[2].Leaves())))
            Assert.Equal(
                path.StartsWith("Layers.1", StringComparison.Ordinal),
                !before.ToDoubles().SequenceEqual(after.ToDoubles()));
    }

    [Fact]
    public void RecomputationChangesNoBit()
    {
        var maml = new Maml<Mlp>(Regression, 3, 0.05);
        Episode batch = Task.Map((Tensor leaf) => leaf.ExpandDims(0));
        Mlp kept = maml.Method.Step(Model, batch).Gradient;
        Mlp again = (maml with { Remat = true }).Method.Step(Model, batch).Gradient;
        Assert.True(Tree.AllClose(kept, again, 1e-12, 1e-14));
    }

    [Fact]
    public void FirstOrderIsTheQueryGradientAtTheAdaptedModel()
    {
        var maml = new Maml<Mlp>(Regression, 2, 0.05, FirstOrder: true);
        Mlp adapted = maml.Adapt(Model, Task.SupportX, Task.SupportY);
        Mlp expected = Grad.Of((Mlp w) => Regression.Query(w, Task))(adapted);
        Episode batch = Task.Map((Tensor leaf) => leaf.ExpandDims(0));
        Assert.True(Tree.AllClose(
            expected, maml.Method.Step(Model, batch).Gradient, 1e-10, 1e-12));
        // A flag of the training's progress does the same to exact MAML.
        Mlp annealed = (maml with { FirstOrder = false }).Method
            .Step(Model, batch, Progress.At(0.1, firstOrder: true)).Gradient;
        Assert.True(Tree.AllClose(expected, annealed, 1e-10, 1e-12));
    }

    [Fact]
    public void AViewIsLearnedLikeAModel()
    {
        // The second layer alone, on a first one that stays.
        Objective<Linear> head = Regression.On(
            (Linear last) => Model with { Layers = Model.Layers.SetItem(1, last) });
        var maml = new Maml<Linear>(head, 2, 0.05);
        OrderCheck check = OrderCheck.Measure(maml.Method, Model.Layers[1], Task);
        Assert.True(check.Confirmed, $"{check}");
    }

    [Fact]
    public void AnObjectiveSaysWhetherANetworkIsNormalised()
    {
        Objective<LeNet> plain = Objective.OfImages(LeNet.Create(Key.From(1), 5));
        Assert.Equal(BatchNormMode.None, new Maml<LeNet>(plain, 1, 0.1).Method.BatchNorm);
        Assert.Equal(
            BatchNormMode.Transductive,
            Objective.OfImages(Conv4.Create(Key.From(1), 1, 16, 2, 3)).BatchNorm);
    }

    [Fact]
    public void WrongNumbersOfStepsAreRefused() => Assert.Equal(
        "Inner: -1 inner steps; give 0 or more.",
        Assert.Throws<EngineException>(() => new Maml<Mlp>(Regression, -1, 0.1)
            .Adapt(Model, Task.SupportX, Task.SupportY)).Message);

    private static Episode Double(Episode e) =>
        e.Map((Tensor x) => x.DType.IsFloat() ? x.Cast(DType.Float64) : x);
}

/// <summary>A start and the rate of the steps from it.</summary>
public sealed partial record StartAndRate(Mlp Start, Tensor Rate) : ITree;
