// Baselines: what they predict, by hand.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Tests.Meta;

public class BaselinesTests
{
    private static readonly Episode Task = new(
        Tensor.Zeros([1, 3, 1]), Tensor.Zeros([1, 4]),
        Tensor.From([1.0, 2, 3, 4, 5, 6]).Reshape(2, 3, 1), Tensor.Zeros([2, 4], DType.Float64));

    [Fact]
    public void ForecastsRepeatTheLastValueOrTheLastSeason()
    {
        double[] Of(Method<Tensor> method)
        {
            Tensor[] forecasts = method.Predictions(Tensor.Scalar(0f), Task, [0, 3]);
            Assert.Equal(2, forecasts.Length);
            Assert.Equal([2, 4], forecasts[1].Shape.Sizes.ToArray());
            return forecasts[1].ToDoubles();
        }

        Assert.Equal([3, 3, 3, 3, 6, 6, 6, 6], Of(Baselines.NaiveForecast));
        Assert.Equal([2, 3, 2, 3, 5, 6, 5, 6], Of(Baselines.SeasonalForecast(2)));
        Assert.Equal([1, 2, 3, 1, 4, 5, 6, 4], Of(Baselines.SeasonalForecast(3)));
        Assert.Contains("a season of 4 values is not in windows of 3", Assert.Throws<EngineException>(
            () => Of(Baselines.SeasonalForecast(4))).Message);
    }

    [Fact]
    public void TheNaiveForecastOfTheSupportPartHasAMaseOfOne()
    {
        // On the values by which errors are scaled, each window's next value is forecast by its last.
        SeriesArrays arrays = new SeriesTasks(
            EmbeddedData.UsJobs, new(Window: 1, Support: 20, Queries: 1)).Sample(0, 0, 3);
        Episode tasks = Episode.From(arrays);
        for (int t = 0; t < 3; t++)
        {
            Episode task = tasks.Task(t);
            Episode known = task with { QueryX = task.SupportX, QueryY = task.SupportY };
            Tensor forecast =
                Baselines.NaiveForecast.Predictions(Tensor.Scalar(0f), known, [0])[0];
            Assert.Equal(1, Loss.Mae(forecast, known.QueryY).Item(), 1e-4);
            Assert.Equal(1, arrays.NaiveErrors[t], 1e-9);
        }
    }

    [Fact]
    public void AnOptimiserAdaptsAsItDoesByItself()
    {
        Episode task = Episode.From(new SinusoidTasks(5, 5).Sample(3, 0, 1)).Task(0);
        Mlp model = Mlp.Create(Key.From(1), [1, 4, 1], Activation.Tanh);
        Optimizer adam = Optim.Adam(0.05);
        var (by, state) = (model, adam.Init(model));
        for (int n = 0; n < 3; n++)
            (by, state) = adam.Step(
                by, Grad.Of((Mlp m) => Objective.Regression.Support(m, task))(by), state);
        Tensor[] made = Baselines.Adapted(Objective.Regression, adam)
            .Predictions(model, task, [0, 3]);
        Assert.True(Tree.AllClose(model.Forward(task.QueryX), made[0], 1e-6, 1e-7));
        Assert.True(Tree.AllClose(by.Forward(task.QueryX), made[1], 1e-5, 1e-6));
    }
}
