// The sinusoid family of Finn et al., "Model-Agnostic Meta-Learning" (2017), section 5.1.
namespace Engine.Data;

/// <summary>
/// Regression tasks y = A sin(x - phase) with A from U[0.1, 5], phase from U[0, pi] and x from
/// U[-5, 5]. Task i of a seed is the same whatever was drawn before.
/// </summary>
public sealed class SinusoidTasks
{
    private readonly int shots;
    private readonly int queries;

    /// <summary>Tasks with this many support and query points.</summary>
    /// <exception cref="ArgumentException">A number below 1.</exception>
    public SinusoidTasks(int shots, int queries)
    {
        EpisodeSampler.CheckPositive(nameof(shots), shots);
        EpisodeSampler.CheckPositive(nameof(queries), queries);
        (this.shots, this.queries) = (shots, queries);
    }

    /// <summary>Tasks first .. first + tasks - 1 of a seed, stacked.</summary>
    /// <exception cref="ArgumentException">A number of tasks below 1.</exception>
    public RegressionArrays Sample(long seed, long first, int tasks)
    {
        EpisodeSampler.CheckPositive(nameof(tasks), tasks);
        EpisodeSampler.CheckFits(
            $"tasks: {tasks} tasks of {shots} + {queries} points", tasks,
            Math.Max(shots, queries));
        var batch = new RegressionArrays
        {
            Tasks = tasks,
            Shots = shots,
            Queries = queries,
            SupportX = new float[tasks * shots],
            SupportY = new float[tasks * shots],
            QueryX = new float[tasks * queries],
            QueryY = new float[tasks * queries],
            Amplitudes = new double[tasks],
            Phases = new double[tasks],
        };
        for (int t = 0; t < tasks; t++)
        {
            var random = new SeededRandom(seed, first + t);
            double amplitude = batch.Amplitudes[t] = random.Uniform(0.1, 5);
            double phase = batch.Phases[t] = random.Uniform(0, Math.PI);
            Fill(batch.SupportX, batch.SupportY, t, shots);
            Fill(batch.QueryX, batch.QueryY, t, queries);

            void Fill(float[] x, float[] y, int task, int points)
            {
                for (int i = task * points; i < (task + 1) * points; i++)
                {
                    x[i] = (float)random.Uniform(-5, 5);
                    y[i] = (float)(amplitude * Math.Sin(x[i] - phase));
                }
            }
        }

        return batch;
    }
}
