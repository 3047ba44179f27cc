// What a meta-learner is measured against: forecasts that learn nothing, and plain optimisers that
// adapt the same model in the same number of steps.
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// Methods to compare with. Those of forecasts have no parameters: pass any tree.
/// </summary>
public static class Baselines
{
    /// <summary>
    /// Adapts a model by an optimiser, from wherever it stands: a meta-learner's start or a random
    /// one. The task loss is the query loss without adaptation, so training it is pre-training.
    /// </summary>
    /// <param name="objective">Model and loss.</param>
    /// <param name="optimizer">The optimiser; tune its rate on validation tasks.</param>
    public static Method<T> Adapted<T>(Objective<T> objective, Optimizer optimizer) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(objective);
        return new(
            (model, task, _) => objective.Query(model, task),
            (model, task, steps) => Inner.Trajectory(
                    model, (m, _) => objective.Support(m, task), Inner.By<T>(optimizer), steps[^1])
                .After(steps, m => objective.Forward(m, task.QueryX)),
            Claim.Exact, objective.BatchNorm);
    }

    /// <summary>The last value of each window, for every value of the horizon.</summary>
    public static Method<Tensor> NaiveForecast { get; } = Forecast((windows, horizon) =>
        windows[.., ^1..].Squeeze(2).BroadcastTo([windows.Shape[0], horizon]));

    /// <summary>The values of a season ago.</summary>
    /// <param name="season">Values in a season, at most those of a window.</param>
    public static Method<Tensor> SeasonalForecast(int season) => Forecast((windows, horizon) =>
    {
        int window = windows.Shape[1];
        if (season < 1 || season > window)
            throw new EngineException($"Baselines: a season of {season} values is not in windows "
                + $"of {window}. Choose longer windows.");
        return Tensor.Concat(
            [
                .. Enumerable.Range(0, horizon).Select(h =>
                    windows[.., (window - season + h % season)..(window - season + h % season + 1)]
                        .Squeeze(2)),
            ], 1);
    });

    private static Method<Tensor> Forecast(Func<Tensor, int, Tensor> forecast) => new(
        (_, task, _) => Loss.Mae(forecast(task.QueryX, task.QueryY.Shape[1]), task.QueryY),
        (_, task, steps) =>
        {
            Tensor values = forecast(task.QueryX, task.QueryY.Shape[1]);
            return [.. steps.Select(_ => values)];
        },
        Claim.OwnDirection, BatchNormMode.None);
}
