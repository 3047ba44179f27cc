// Parts of models: what adapts, what stays, and what is said of parts that are not there.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Parity.Learners;

public class PartTests
{
    private static readonly Bumps Line = Bumps.Create(Key.From(3));

    private static readonly Objective<Bumps> Regression =
        new((model, x) => model.Forward(x), Loss.Mse, BatchNormMode.None);

    private static readonly Episode Task = Tasks.Sinusoids(0, 1).Task(0);

    [Fact]
    public void AnilMovesTheHeadAndBoilTheRest()
    {
        Bumps head = Anil.Of(Line, Regression, "Head", 2, 0.1)
            .Adapt(Line, Task.SupportX, Task.SupportY);
        Bumps body = Boil.Of(Line, Regression, "Head", 2, 0.1)
            .Adapt(Line, Task.SupportX, Task.SupportY);
        bool[] Moved(Bumps to) =>
        [
            .. Line.Leaves().Zip(to.Leaves(), (a, b) =>
                !a.ToDoubles().SequenceEqual(b.ToDoubles())),
        ];
        Assert.Equal(["Centres", "Width", "Head.Weight", "Head.Bias"], Line.Paths());
        Assert.Equal([false, false, true, true], Moved(head));
        Assert.Equal([true, true, false, false], Moved(body));
    }

    [Fact]
    public void FeaturesAndPathGiveTheSameAnil()
    {
        Episode tasks = Tasks.InDouble(Tasks.Sinusoids(0, 3));
        Bumps start = Line.Map((Tensor w) => w.Cast(DType.Float64));
        MetaStep<Bumps> onFeatures = new Anil<Bumps, Linear>(
            (model, x) => model.Features(x), model => model.Head,
            new((head, x) => head.Forward(x), Loss.Mse, BatchNormMode.None), 3, 0.1)
            .Method.Step(start, tasks);
        MetaStep<Bumps> byPath =
            Anil.Of(start, Regression, "Head", 3, 0.1).Method.Step(start, tasks);
        Assert.True(Tree.AllClose(byPath.Gradient, onFeatures.Gradient, 1e-10, 1e-12));
        Assert.Equal(byPath.Loss.Item(), onFeatures.Loss.Item(), 1e-12);
    }

    [Theory]
    [InlineData("Hea")]
    [InlineData("Head.Weights")]
    [InlineData("")]
    public void PartsThatAreNotThereAreNamed(string path)
    {
        string expected = $"Parts: the model has no part '{path}'; its leaves are [Centres, Width, "
            + "Head.Weight, Head.Bias]. Give the beginning of one of these.";
        Assert.Equal(expected, Assert.Throws<EngineException>(() =>
            Anil.Of(Line, Regression, path, 1, 0.1)).Message);
        Assert.Equal(expected, Assert.Throws<EngineException>(() =>
            Boil.Of(Line, Regression, path, 1, 0.1)).Message);
    }

    [Fact]
    public void AdaptingNothingIsRefused()
    {
        Assert.Equal("Inner: no leaf is chosen to adapt. The leaves are [Centres, Width, "
            + "Head.Weight, Head.Bias].",
            Assert.Throws<EngineException>(() => new Maml<Bumps>(
                Regression, 1, 0.1, Where: path => path == "Tail")
                .Adapt(Line, Task.SupportX, Task.SupportY)).Message);
        Linear head = Line.Head;
        Assert.Equal("Parts: 'Weight' is the whole model. Give a part of it.",
            Assert.Throws<EngineException>(() => Parts.AllBut(head with { Bias = null }, "Weight"))
                .Message);
    }

    [Fact]
    public void LayersThatAreNotThereAreNotModulated() => Assert.Equal(
        "Film: layer 2 of a network with 1 batch normalisations; its layers are counted from 0.",
        Assert.Throws<EngineException>(() =>
            Film<TinyNet>.Create(Key.From(1), TinyNet.Create(Key.From(1), 3), 4)).Message);

    [Fact]
    public void HeadsThatStepInADirectionOfTheirOwnTakeNoFeatures()
    {
        Method<Linear> head = new Maml<Linear>(
            new((model, x) => model.Forward(x), Loss.Mse, BatchNormMode.None), 1, 0.1).Method with
        {
            Direction = (p, tasks, at) => throw new InvalidOperationException(),
        };
        Assert.StartsWith(
            "OnFeatures: the method of the head steps in a direction of its own",
            Assert.Throws<EngineException>(() => head.OnFeatures(
                (Bumps p) => p.Head, (p, x) => p.Features(x))).Message);
    }

    [Fact]
    public void HeadsThatKeepLeavesTakeNoFeatures()
    {
        Method<Linear> head = new Maml<Linear>(
            new((model, x) => model.Forward(x), Loss.Mse, BatchNormMode.None), 1, 0.1).Method with
        {
            State = path => path == "Bias",
        };
        Assert.StartsWith("OnFeatures: the method of the head keeps leaves of its own",
            Assert.Throws<EngineException>(() => head.OnFeatures(
                (Bumps p) => p.Head, (p, x) => p.Features(x))).Message);
    }

    [Fact]
    public void RatesAreDrawnForEachParameter()
    {
        Rated<Bumps> p = new MetaSgd<Bumps>(Regression).Begin(Line, Key.From(2));
        double[] all = [.. p.Rates.Leaves().SelectMany(leaf => leaf.ToDoubles())];
        Assert.Equal(Line.ParameterCount(), all.Distinct().Count());
        Assert.All(all, rate => Assert.InRange(rate, 0.005, 0.1));
    }

    /// <summary>Momentum and the rates of averages are learned like rates.</summary>
    [Fact]
    public void AllNumbersOfAnOptimiserHaveDerivatives()
    {
        Episode task = Tasks.InDouble(Task);
        Bumps start = Line.Map((Tensor w) => w.Cast(DType.Float64));
        Func<Numbers, Optimizer>[] rules =
        [
            n => Optim.Sgd(_ => n.Rate, n.A, nesterov: true, weightDecay: n.B),
            n => Optim.Adam(_ => n.Rate, n.A, n.B, 1e-2),
            n => Optim.AdamW(_ => n.Rate, 0.1 * n.A, n.A, n.B, 1e-2),
            n => Optim.RmsProp(_ => n.Rate, n.B, 1e-2, n.A),
        ];
        foreach (Func<Numbers, Optimizer> rule in rules)
        {
            var learner = new TunedInner<Bumps, Numbers, OptimizerState>(
                Regression, n => Inner.By<Bumps>(rule(n)), 3);
            GradCheckResult check = GradCheck.Run(
                (Numbers n) => learner.Method.TaskLoss(new(start, n), task, Progress.Begin),
                new Numbers(Tensor.Scalar(0.05), Tensor.Scalar(0.6), Tensor.Scalar(0.8)),
                step: 1e-5);
            Assert.True(check.Error <= 1e-6, $"{check}");
            Assert.NotEqual(0, check.Analytic);
        }
        // A learned number is the number itself.
        Assert.True(Tree.AllClose(
            Step(Optim.Adam(_ => Tensor.Scalar(0.05), Tensor.Scalar(0.6), Tensor.Scalar(0.8))),
            Step(Optim.Adam(0.05, 0.6, 0.8)), 1e-12, 1e-14));
        Assert.StartsWith("Optim: a number of an update rule is a float scalar",
            Assert.Throws<EngineException>(() =>
                Optim.Sgd(_ => Tensor.Scalar(0.05), Tensor.Ones(2))).Message);

        Bumps Step(Optimizer optimizer) => Inner.Trajectory(
            start, (w, _) => Regression.Support(w, task), Inner.By<Bumps>(optimizer), 3).Last();
    }
}

/// <summary>Numbers of an update rule.</summary>
public sealed partial record Numbers(Tensor Rate, Tensor A, Tensor B) : ITree;
