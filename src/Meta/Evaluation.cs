// How good a start is: adaptation on many test tasks, scored on their query sets after each step.
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
    public static Evaluation Run<T>(
        Maml<T> maml, T model, Func<long, int, Episode> draw, int tasks, IReadOnlyList<int> steps,
        Func<Tensor, Tensor, Tensor> score, int batch = 10, CancellationToken stop = default)
        where T : ITree
    {
        ArgumentNullException.ThrowIfNull(maml);
        ArgumentNullException.ThrowIfNull(draw);
        ArgumentNullException.ThrowIfNull(score);
        if (tasks < 2 || batch < 1)
            throw new EngineException(
                $"Evaluation: {tasks} tasks in batches of {batch}; give at least 2 and 1.");
        ArgumentNullException.ThrowIfNull(steps);
        if (steps.Count == 0 || steps[0] < 0
            || steps.Zip(steps.Skip(1)).Any(p => p.First >= p.Second))
            throw new EngineException($"Evaluation: [{string.Join(", ", steps)}] are no ascending "
                + "numbers of inner steps; give some, such as [0, 1, 3].");
        var scores = new double[steps.Count][];
        for (int s = 0; s < scores.Length; s++) scores[s] = new double[tasks];

        // The model is an argument, not a capture: a capture would be frozen into the plan.
        var scoreTasks = Compile.Of((T start, Episode batched) => Vmap.Of((Episode task) =>
            Tensor.Stack(maml
                .Trajectory(start, task.SupportX, task.SupportY, steps[^1])
                .Where((_, step) => steps.Contains(step))
                .Select(m => score(maml.Objective.Forward(m, task.QueryX), task.QueryY))
                .ToArray()))(batched));
        for (int first = 0; first < tasks; first += batch)
        {
            stop.ThrowIfCancellationRequested();
            int count = Math.Min(batch, tasks - first);
            double[] values = scoreTasks(model, draw(first, count)).ToDoubles();
            for (int i = 0; i < count; i++)
                for (int s = 0; s < scores.Length; s++)
                    scores[s][first + i] = values[i * scores.Length + s];
        }
        return new(
            tasks, [.. steps], Array.ConvertAll(scores, s => s.Average()),
            Array.ConvertAll(scores, Interval), Array.ConvertAll(scores, MedianOf),
            maml.Objective.BatchNorm);
    }

    /// <summary>1.96 standard errors of the mean.</summary>
    private static double Interval(double[] values)
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
