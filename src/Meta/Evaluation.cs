// How well a method adapts: predictions on many test tasks, scored after each number of inner
// steps.
using System.Collections.Immutable;
using Engine.Data;

namespace Engine.Meta;

/// <summary>
/// Scores over test tasks: for each number of inner steps in <paramref name="Steps"/> the mean over
/// tasks, half the width of its 95 % confidence interval, and the median.
/// </summary>
public sealed record Evaluation(
    int Tasks, IReadOnlyList<int> Steps, IReadOnlyList<double> Mean,
    IReadOnlyList<double> Interval95, IReadOnlyList<double> Median, BatchNormMode BatchNorm)
{
    /// <summary>Mean score after the last step.</summary>
    public double Final => Mean[^1];

    /// <summary>
    /// The mean over several sets of tasks, in which each set counts the same; its interval is that
    /// of the mean of independent means, its median the mean of the sets' medians.
    /// </summary>
    /// <param name="sets">Of each set, scores after the same steps.</param>
    /// <exception cref="EngineException">There are none, or their steps differ.</exception>
    public static Evaluation Over(IReadOnlyList<Evaluation> sets)
    {
        ArgumentNullException.ThrowIfNull(sets);
        if (sets.Count == 0 || sets.Any(set => !set.Steps.SequenceEqual(sets[0].Steps)))
            throw new EngineException(
                "Evaluation: a mean is over one set or more that are scored after the same inner "
                + "steps.");
        double[] Each(Func<Evaluation, IReadOnlyList<double>> of, Func<double[], double> mean) =>
        [
            .. sets[0].Steps.Select((_, i) => mean([.. sets.Select(set => of(set)[i])])),
        ];
        return new(
            sets.Sum(set => set.Tasks), sets[0].Steps, Each(s => s.Mean, m => m.Average()),
            Each(s => s.Interval95, h => Math.Sqrt(h.Sum(x => x * x)) / h.Length),
            Each(s => s.Median, m => m.Average()), sets[0].BatchNorm);
    }

    /// <summary>Place of a number of steps in the lists.</summary>
    public int IndexOf(int steps)
    {
        for (int i = 0; i < Steps.Count; i++)
            if (Steps[i] == steps)
                return i;
        throw new EngineException($"Evaluation: {steps} inner steps were not scored, only "
            + $"[{string.Join(", ", Steps)}].");
    }

    /// <summary>
    /// Scores <paramref name="tasks"/> test tasks drawn by <paramref name="draw"/>(first, count),
    /// with <paramref name="score"/> of (predictions, targets) on the query sets, after each of the
    /// <paramref name="steps"/> (ascending numbers of inner steps). Tasks go through in batches;
    /// results do not depend on their size.
    /// </summary>
    public static Evaluation Run<P>(
        Method<P> method, P parameters, Func<long, int, Episode> draw, int tasks,
        IReadOnlyList<int> steps, Func<Tensor, Tensor, Tensor> score, int batch = 10,
        CancellationToken stop = default) where P : ITree
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(draw);
        ArgumentNullException.ThrowIfNull(score);
        if (tasks < 2 || batch < 1)
            throw new EngineException(
                $"Evaluation: {tasks} tasks in batches of {batch}; give at least 2 and 1.");
        ImmutableArray<int> ascending = Ascending(steps);

        // The parameters are an argument, not a capture: a capture would be frozen into the plan.
        var scoreTasks = Compile.Of((P p, Episode batched) =>
            Vmap.Of((Episode task) => Score(method, p, task, ascending, score))(batched));
        var scores = new double[ascending.Length][]; // of each number of steps, by task
        for (int s = 0; s < scores.Length; s++) scores[s] = new double[tasks];
        for (int first = 0; first < tasks; first += batch)
        {
            stop.ThrowIfCancellationRequested();
            int count = Math.Min(batch, tasks - first);
            double[] values = scoreTasks(parameters, draw(first, count)).ToDoubles();
            for (int i = 0; i < values.Length; i++)
                scores[i % scores.Length][first + i / scores.Length] = values[i];
        }
        return Of(ascending, scores, method.BatchNorm);
    }

    /// <summary>
    /// The statistics of scores that are there already: for each number of steps one of each task.
    /// </summary>
    internal static Evaluation Of(
        IReadOnlyList<int> steps, double[][] scores, BatchNormMode batchNorm) => new(
            scores[0].Length, steps, Array.ConvertAll(scores, s => s.Average()),
            Array.ConvertAll(scores, Interval), Array.ConvertAll(scores, MedianOf), batchNorm);

    /// <summary>One task's score after each number of inner steps.</summary>
    private static Tensor Score<P>(
        Method<P> method, P parameters, Episode task, ImmutableArray<int> steps,
        Func<Tensor, Tensor, Tensor> score) where P : ITree
    {
        Tensor[] predictions = method.Predictions(parameters, task, steps);
        if (predictions.Length != steps.Length)
            throw new EngineException($"Evaluation: the method made {predictions.Length} "
                + $"predictions for inner steps [{string.Join(", ", steps)}]. Give one for each "
                + "number of steps, in order.");
        return Tensor.Stack([.. predictions.Select(p => score(p, task.QueryY))]);
    }

    private static ImmutableArray<int> Ascending(IReadOnlyList<int> steps)
    {
        ArgumentNullException.ThrowIfNull(steps);
        bool ascend = steps.Zip(steps.Skip(1)).All(pair => pair.First < pair.Second);
        if (steps.Count == 0 || steps[0] < 0 || !ascend)
            throw new EngineException("Evaluation: inner steps must be 0 or more and ascend, e.g. "
                + $"[0, 1, 3]; got [{string.Join(", ", steps)}].");
        return [.. steps];
    }

    /// <summary>1.96 standard errors of the mean.</summary>
    internal static double Interval(double[] values)
    {
        double mean = values.Average();
        double variance = values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1);
        return 1.96 * Math.Sqrt(variance / values.Length);
    }

    private static double MedianOf(double[] values)
    {
        double[] sorted = [.. values.Order()];
        int n = sorted.Length;
        return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    }
}
