// Tests of plans: what each moves, how fast and from when, and what a plan refuses.
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public class TunePlanTests
{
    private static readonly LeNet Net = Digits.LeNet();
    private static readonly string[] Stages = ["First", "Second", "Hidden", "Head"];

    [Fact]
    public void StagesGoFromInputToHead()
    {
        Assert.Equal(Stages, TunePlan.Stages(Net).ToArray());
        Assert.Equal(["Layers.0", "Layers.1", "Layers.2"],
            TunePlan.Stages(Mlp.Create(Key.From(0), [2, 3, 4, 5])).ToArray());
        var mobile = MobileNet.Create(Key.From(0), classes: 2, width: 0.125);
        Assert.Equal(["Stem", .. Enumerable.Range(0, 13).Select(i => $"Blocks.{i}"), "Head"],
            TunePlan.Stages(mobile).ToArray());
    }

    [Fact]
    public void TheHeadIsFoundWhateverItIsCalled()
    {
        Mlp mlp = Mlp.Create(Key.From(0), [2, 3, 4]);
        Part head = Assert.Single(TunePlan.Head(mlp).Parts(mlp));
        Assert.Equal(["Layers.1.Weight", "Layers.1.Bias"], head.Paths.ToArray());
        Assert.Equal(NormPolicy.Fixed, TunePlan.LinearProbe(mlp).Norm);
    }

    [Fact]
    public void AHeadIsReplacedByOneOfOtherClasses()
    {
        Mlp mlp = Mlp.Create(Key.From(0), [2, 3, 4]);
        Mlp other = Heads.Replace(mlp, Linear.Create(Key.From(1), 3, 7));
        Assert.Equal(Shape.Of(5, 7), other.Forward(Tensor.Ones([5, 2])).Shape);
        Assert.Same(mlp.Layers[0], other.Layers[0]);
        Assert.Equal("Heads: Mlp has 3 features, but the new head's weights (7, 4) take 4.",
            Fake.Error(() => Heads.Replace(mlp, Linear.Create(Key.From(1), 4, 7))));
    }

    [Fact]
    public void DiscriminativeRatesFallByTheFactor()
    {
        TunePlan plan = TunePlan.Discriminative(Stages);
        Assert.Equal([Math.Pow(2.6, -3), Math.Pow(2.6, -2), 1 / 2.6, 1],
            plan.Groups.Select(g => g.Rate));
        Assert.Equal(["First.Weight", "First.Bias"], plan.Parts(Net)[0].Paths.ToArray());
        Assert.All(plan.Groups, g => Assert.Equal(0, g.From));
    }

    [Fact]
    public void GradualUnfreezingBeginsAtTheHead()
    {
        TunePlan plan = TunePlan.Gradual(Stages, stepsEach: 10, factor: 2);
        Assert.Equal([30, 20, 10, 0], plan.Groups.Select(g => g.From));
        Assert.Equal([0.125, 0.25, 0.5, 1], plan.Groups.Select(g => g.Rate));
    }

    [Fact]
    public void TwoPhasesSpreadTheRatesEvenlyByRatio()
    {
        TunePlan plan = TunePlan.TwoPhase(Stages, frozenSteps: 5);
        Assert.Equal([5, 5, 5, 0], plan.Groups.Select(g => g.From));
        double[] rates = [.. plan.Groups.Select(g => g.Rate)];
        Assert.Equal(0.01, rates[0], 1e-12);
        Assert.Equal(rates[1] / rates[0], rates[2] / rates[1], 1e-9);
        Assert.Equal(1, rates[3]);
        Assert.Equal(1, TunePlan.TwoPhase(["Head"], 5).Groups[0].Rate);
    }

    [Fact]
    public void TheTwoPhasesHaveACycleEach()
    {
        var rate = TunePlan.TwoPhaseSchedule(0.1, frozenSteps: 10, steps: 20);
        double[] rates = [.. Enumerable.Range(0, 30)
            .Select(i => rate(Tensor.Scalar((long)i)).Item())];
        Assert.Equal(0.1, rates[..10].Max(), 5e-3);
        Assert.True(rates[0] < 0.01 && rates[8] > 0.09);
        Assert.Equal(0.05, rates[10..].Max(), 1e-3);
        Assert.Equal(0.01, rates[10], 1e-9);
        Assert.True(rates[29] < 1e-4);
    }

    [Fact]
    public void ALeafBelongsToTheLongestPrefix()
    {
        var parts = TunePlan.Discriminative(["Hidden", "Hidden.Bias", "Head"]).Parts(Net);
        Assert.Equal(["Hidden.Weight"], parts[0].Paths.ToArray());
        Assert.Equal(["Hidden.Bias"], parts[1].Paths.ToArray());
    }

    [Fact]
    public void PlansThatCannotBeMeantAreRefused()
    {
        Assert.Equal("TunePlan: group 0 chooses no leaf of LeNet, of [First.Weight, First.Bias, "
            + "Second.Weight, Second.Bias, Hidden.Weight, Hidden.Bias, Head.Weight, Head.Bias]. "
            + "Let `Where` accept one of these paths.",
            Fake.Error(() => TunePlan.Of(path => path == "Body").Parts(Net)));
        Assert.Equal("TunePlan: 'Head.Weight' of LeNet is in groups 0 and 1. A leaf moves with "
            + "one group.",
            Fake.Error(() => new TunePlan([new(Heads.In(Net)), new(_ => true)]).Parts(Net)));
        Assert.Equal("TunePlan: no group moves at the first step. Give one From = 0.",
            Fake.Error(() => new TunePlan([new(_ => true, From: 3)]).Parts(Net)));
        foreach (double rate in (double[])[0, -1, double.NaN, double.PositiveInfinity])
            Assert.Contains("Give a positive factor, and a step of 0 or later.",
                Fake.Error(() => new TunePlan([new(_ => true, rate)]).Parts(Net)));
        Assert.Contains("group 1 has rate 1 from step -1.", Fake.Error(
            () => new TunePlan([new(Heads.In(Net)), new(_ => true, From: -1)]).Parts(Net)));
    }
}
