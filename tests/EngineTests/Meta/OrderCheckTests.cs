// What the order check claims, and what it does not.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Tests.Meta;

public class OrderCheckTests
{
    private static readonly Episode Task =
        Episode.From(new SinusoidTasks(5, 5).Sample(3, 0, 1)).Task(0);

    [Fact]
    public void ExactIsConfirmedAndFirstOrderNever()
    {
        Mlp model = Mlp.Create(Key.From(1), [1, 12, 1], Activation.Tanh);
        var maml = new Maml<Mlp>(Objective.Regression, 1, 0.1);
        OrderCheck exact = OrderCheck.Measure(maml.Method, model, Task);
        Assert.True(exact.Confirmed, $"{exact}");
        Assert.True(exact.GradientNorm > 0);
        OrderCheck first = OrderCheck.Measure(
            (maml with { FirstOrder = true }).Method, model, Task);
        Assert.False(first.Confirmed);
        Assert.InRange(first.Error, 1e-3, 1);
        Assert.StartsWith("first; ", first.ToString());
        Assert.Contains("off the exact derivative", first.ToString());
    }

    [Fact]
    public void ADeadNetworkConfirmsNothing()
    {
        // The output is negative and rectified away: derivatives and differences are all 0.
        Mlp model = Mlp.Create(Key.From(1), [1, 4, 1]).Map((Tensor leaf) => leaf * 0 - 1);
        var learner = new Objective<Mlp>(
            (m, x) => m.Forward(x * 0), (y, t) => (y.Relu() * t).Mean(), BatchNormMode.None);
        foreach (bool firstOrder in (bool[])[false, true])
        {
            OrderCheck check =
                OrderCheck.Measure(new Maml<Mlp>(learner, 1, 0.1, firstOrder).Method, model, Task);
            Assert.Equal((0.0, 0.0), (check.Error, check.GradientNorm));
            Assert.True(check.Vanishes);
            Assert.False(check.Confirmed);
            Assert.Contains("the meta-gradient is zero", check.ToString());
        }
    }

    /// <summary>
    /// Rectifiers without bias are given 0 by the input 0: differences are half of the slope on one
    /// side. Beside the start there is no kink.
    /// </summary>
    [Fact]
    public void AStartAtAKinkIsMeasuredBesideIt()
    {
        Mlp model = Mlp.Create(Key.From(1), [1, 12, 1]);
        var learner = new Objective<Mlp>(
            (m, x) => m.Forward(x * 0), (y, t) => (y - 1).Square().Mean(), BatchNormMode.None);
        OrderCheck check =
            OrderCheck.Measure(new Maml<Mlp>(learner, 1, 0.1).Method, model, Task);
        Assert.True(check is { Beside: true, Kink: false, Confirmed: true }, $"{check}");
        Assert.EndsWith("beside the start, which is at a kink", check.ToString());

        OrderCheck smooth = OrderCheck.Measure(
            new Maml<Mlp>(Objective.Regression, 1, 0.1).Method, model, Task);
        Assert.True(smooth is { Beside: false, Kink: false, Confirmed: true }, $"{smooth}");
    }

    /// <summary>A loss so rough that no step is short enough.</summary>
    [Fact]
    public void KinksEverywhereConfirmNothing()
    {
        Mlp model = Mlp.Create(Key.From(1), [1, 12, 1], Activation.Tanh);
        var learner = new Objective<Mlp>(
            (m, x) => m.Forward(x), (y, t) => (1e12 * y).Cos().Mean(), BatchNormMode.None);
        OrderCheck check = OrderCheck.Measure(
            new Maml<Mlp>(learner, 1, 0.1, FirstOrder: false).Method, model, Task);
        Assert.True(check is { Kink: true, Confirmed: false });
        Assert.Equal("unknown; the meta-loss has a kink at the start", check.ToString());
    }

    [Fact]
    public void WhatIsNoNumberConfirmsNothing()
    {
        Mlp model = Mlp.Create(Key.From(1), [1, 4, 1]).Map((Tensor leaf) => leaf * double.NaN);
        OrderCheck check = OrderCheck.Measure(
            new Maml<Mlp>(Objective.Regression, 1, 0.1).Method, model, Task);
        Assert.False(check.Confirmed);
        Assert.False(check.Vanishes);
    }
}
