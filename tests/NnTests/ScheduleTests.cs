// Schedules against PyTorch's rates (Fixtures/optimizers.py) and formulas, and averages of trees.
using Engine.Nn;

namespace Engine.NnTests;

public class ScheduleTests
{
    private static void Check(Func<Tensor, Tensor> schedule, params double[] expected)
    {
        for (int n = 0; n < expected.Length; n++)
        {
            Tensor rate = schedule(Tensor.Scalar((long)n));
            Assert.Equal((Shape.Of(), DType.Float64), (rate.Shape, rate.DType));
            Assert.Equal(expected[n], rate.Item(), 1e-15);
        }
        // One compiled program follows it, and optimisers take it.
        var compiled = Compile.Of((Tensor n) => schedule(n));
        for (int n = 0; n < expected.Length; n++)
            Assert.Equal(expected[n], compiled(Tensor.Scalar((long)n)).Item(), 1e-15);
        Tensor all = Vmap.Of((Tensor n) => schedule(n))(Tensor.Arange(expected.Length));
        Naive.Near(expected, all, 1e-14);
        Optimizer rule = Optim.Sgd(schedule);
        Tensor w = Tensor.Scalar(0.0);
        OptimizerState state = rule.Init(w);
        for (int n = 0; n < expected.Length; n++)
            (w, state) = rule.Step(w, Tensor.Scalar(1.0), state);
        Assert.Equal(-expected.Sum(), w.Item(), 1e-13);
    }

    [Fact]
    public void Stretched() => Check(
        Schedule.Stretched(Schedule.Milestones(0.4, [1, 2], 0.5), 3),
        0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.1, 0.1);

    [Fact]
    public void Constant() => Check(Schedule.Constant(0.3), 0.3, 0.3, 0.3);

    [Fact]
    public void Step() =>
        Check(Schedule.Step(0.4, 3, 0.1), 0.4, 0.4, 0.4, 0.04, 0.04, 0.04, 0.004, 0.004);

    [Fact]
    public void StepsOfEveryLengthBeginOnTime()
    {
        for (int every = 1; every < 60; every++)
        {
            var schedule = Schedule.Step(1, every, 0.5);
            for (int k = 1; k < 6; k++)
            {
                long at = (long)every * k;
                Assert.Equal(Math.Pow(0.5, k - 1), schedule(Tensor.Scalar(at - 1)).Item(), 1e-15);
                Assert.Equal(Math.Pow(0.5, k), schedule(Tensor.Scalar(at)).Item(), 1e-15);
            }
        }
    }

    [Fact]
    public void Milestones() =>
        Check(Schedule.Milestones(0.4, [2, 5], 0.5), 0.4, 0.4, 0.2, 0.2, 0.2, 0.1, 0.1, 0.1);

    [Fact]
    public void Exponential() =>
        Check(Schedule.Exponential(0.4, 0.9), 0.4, 0.36, 0.324, 0.2916, 0.26244, 0.236196);

    [Fact]
    public void InverseDecay() => Check(
        Schedule.InverseDecay(0.4, 0.5, 0.75), [.. Enumerable.Range(0, 5)
            .Select(n => 0.4 * Math.Pow(1 + 0.5 * n, -0.75))]);

    [Fact]
    public void Linear() => Check(Schedule.Linear(1, 0.2, 4), 1, 0.8, 0.6, 0.4, 0.2, 0.2);

    [Fact]
    public void Cosine() => Check(Schedule.Cosine(0.4, 5, 0.01), 0.4, 0.36275831390311475,
        0.2652583139031147, 0.14474168609688523, 0.047241686096885255, 0.01, 0.01);

    [Fact]
    public void OneCycle() => Check(Schedule.OneCycle(0.4, 10), 0.016, 0.208, 0.4,
        0.38019385280538953, 0.3246982615799052, 0.24450480877451572, 0.1554967912254843,
        0.0753033384200948, 0.019807747194610516, 1.6e-06, 1.6e-06);

    [Fact]
    public void WarmUpJoinsAny()
    {
        Check(Schedule.WarmUp(4, Schedule.Constant(2)), 0.5, 1, 1.5, 2, 2, 2);
        Check(Schedule.WarmUp(1, Schedule.Exponential(2, 0.5)), 2, 2, 1, 0.5);
        Check(Schedule.Join(Schedule.Linear(0, 1, 2), 2, Schedule.Exponential(8, 0.5)),
            0, 0.5, 8, 4, 2);
    }

    [Fact]
    public void SchedulesExplainWrongUse()
    {
        Assert.Equal("Step: 0 steps; give at least 1.",
            Naive.Error(() => Schedule.Step(1, 0, 0.5)));
        Assert.Equal("Exponential: factor 0 must be positive.",
            Naive.Error(() => Schedule.Exponential(1, 0)));
        Assert.StartsWith("OneCycle: a rise over 0.3 of 3 steps must take more than one step",
            Naive.Error(() => Schedule.OneCycle(1, 3)));
    }

    [Fact]
    public void AveragesOfTrees()
    {
        var model = new Parts(
            Tensor.From([1.0, 2]), Tensor.From([3f]), Tensor.From([1]), Tensor.From([true]));
        var plain = ExponentialAverage.Of(model, 0.9);
        var corrected = ExponentialAverage.Of(model, 0.9, corrected: true);
        double average = 1, sum = 0;
        for (int n = 1; n <= 5; n++)
        {
            Parts next = model with { Weight = model.Weight * n, Count = Tensor.From([n]) };
            (plain, corrected) = (plain.Update(next), corrected.Update(next));
            average = 0.9 * average + 0.1 * n;
            sum = 0.9 * sum + 0.1 * n;
            Naive.Near([average, 2 * average], plain.Value.Weight, 1e-14);
            double weight = 1 - Math.Pow(0.9, n);
            Naive.Near([sum / weight, 2 * sum / weight], corrected.Value.Weight, 1e-14);
            Naive.Near([3], corrected.Value.Frozen, 1e-6);
            Assert.Equal(n, corrected.Value.Count.ToArray<int>()[0]);
        }
        Assert.Equal("ExponentialAverage: decay 1 must lie in 0..1, below 1.",
            Naive.Error(() => ExponentialAverage.Of(model, 1)));
        Assert.Equal("Average.Weight", plain.Paths()[0]);
        var step = Compile.Of((ExponentialAverage<Parts> e, Parts p) => e.Update(p));
        Assert.True(Tree.AllClose(corrected.Update(model), step(corrected, model), 1e-14));
    }
}
