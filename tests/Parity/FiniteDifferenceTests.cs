// The meta-gradient of exact MAML against central differences of the meta-loss, in float64.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Parity;

public class FiniteDifferenceTests
{
    [Theory]
    [InlineData(Activation.Softplus, 1)]
    [InlineData(Activation.Softplus, 5)]
    [InlineData(Activation.Tanh, 3)]
    public void PerceptronIsExact(Activation activation, int steps)
    {
        Key key = Key.From(1);
        Mlp model = Mlp.Create(key, [1, 12, 12, 1], activation, DType.Float64);
        Episode tasks = Double(Episode.From(new SinusoidTasks(5, 5).Sample(3, 0, 4)));
        var maml = new Maml<Mlp>(Objective.Regression, steps, 0.02);
        GradCheckResult result = GradCheck.Run(
            (Mlp m) => maml.Method.MetaLoss(m, tasks), model, step: 1e-3);
        Assert.True(result.Error <= 1e-6, $"{result}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Conv4WithBatchStatisticsIsExact(int steps)
    {
        Conv4 model = Conv4.Create(Key.From(2), 1, 16, 4, 3, DType.Float64);
        Key[] keys = Key.From(5).Split(2);
        Tensor Images(Key key, int n) => key.Normal([2, n, 1, 16, 16], DType.Float64);
        Tensor labels = Tensor.From(new long[] { 0, 1, 2, 0, 1, 2, 2, 1, 0, 0, 1, 2 }, [2, 6]);
        var tasks = new Episode(Images(keys[0], 6), labels, Images(keys[1], 6), labels);
        var maml = new Maml<Conv4>(Objective.Conv4, steps, 0.1);
        // At a kink of a rectifier or maximum the inner gradient jumps, and the meta-loss with it:
        // the step is so small that it crosses none.
        GradCheckResult result = GradCheck.Run(
            (Conv4 m) => maml.Method.MetaLoss(m, tasks), model, step: 3e-8);
        Assert.True(result.Error <= 1e-6, $"{result}");
    }

    [Fact]
    public void FirstOrderIsToldFromExact()
    {
        Mlp model = Mlp.Create(Key.From(1), [1, 12, 1], Activation.Tanh);
        Episode task = Episode.From(new SinusoidTasks(5, 5).Sample(3, 0, 1)).Task(0);
        var exact = new Maml<Mlp>(Objective.Regression, 1, 0.1);
        OrderCheck good = OrderCheck.Measure(exact.Method, model, task);
        OrderCheck bad = OrderCheck.Measure(
            (exact with { FirstOrder = true }).Method, model, task);
        Assert.True(good.Error < 1e-7, $"{good}");
        Assert.True(good.Confirmed);
        Assert.True(bad.Error > 1e-3, $"{bad}");
        // What calls itself exact and is not would be found out.
        Assert.False((bad with { Claim = Claim.Exact }).Confirmed);
    }

    [Fact]
    public void ChunksChangeNothing()
    {
        Mlp model = Mlp.Create(Key.From(1), [1, 8, 1], Activation.Tanh, DType.Float64);
        Episode tasks = Double(Episode.From(new SinusoidTasks(5, 5).Sample(3, 0, 7)));
        var maml = new Maml<Mlp>(Objective.Regression, 2, 0.02);
        Mlp whole = maml.Method.Step(model, tasks).Gradient;
        foreach (int chunk in (int[])[1, 3, 7])
            Assert.True(Tree.AllClose(
                whole,
                (maml with { Chunk = chunk }).Method.Step(model, tasks).Gradient,
                1e-12, 1e-14));
    }

    private static Episode Double(Episode e) =>
        e.Map((Tensor x) => x.DType.IsFloat() ? x.Cast(DType.Float64) : x);
}
