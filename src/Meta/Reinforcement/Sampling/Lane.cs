// One of the episodes that run side by side, and what it has given so far.
using Engine.Data;

namespace Engine.Meta;

/// <summary>
/// Runs episodes of one task, one after the other. Each has two streams of the seed, one for the
/// environment and one for the policy. Those that number <paramref name="first"/>, first + stride,
/// and so on are this lane's.
/// </summary>
internal sealed class Lane(
    TaskFamily family, IActionDistribution distribution, IEnvironment environment, long seed,
    int first, int stride)
{
    private readonly int width = family.Observations.Size;
    private readonly int actionSize = family.Actions.Size;
    private readonly double[] observation = new double[family.Observations.Size];
    private int begun;
    private SeededRandom random = new(seed);

    /// <summary>(step, observation) of the episode.</summary>
    public double[] Observations { get; } = new double[family.Horizon * family.Observations.Size];

    /// <summary>(step, action).</summary>
    public double[] Actions { get; } = new double[family.Horizon * family.Actions.Size];

    /// <summary>(step, parameters).</summary>
    public double[] Parameters { get; } = new double[family.Horizon * distribution.Parameters];

    /// <summary>(step).</summary>
    public double[] Rewards { get; } = new double[family.Horizon];

    /// <summary>Steps taken in the episode.</summary>
    public int Steps { get; private set; }

    /// <summary>Their rewards' sum.</summary>
    public double Return { get; private set; }

    /// <summary>Whether it is the lane's first episode.</summary>
    public bool IsFirst => begun == 1;

    /// <summary>Whether an episode is running.</summary>
    public bool Running { get; private set; }

    /// <summary>Begins the next episode.</summary>
    public void Begin()
    {
        long episode = first + (long)stride * begun++;
        random = new(seed, 2 * episode);
        environment.Reset(new(seed, 2 * episode + 1), observation);
        (Steps, Return, Running) = (0, 0, true);
    }

    /// <summary>Gives up the episode.</summary>
    public void Stop() => Running = false;

    /// <summary>Writes what the policy is to answer, and the noise of its draw.</summary>
    public void Ask(Span<double> observation, Span<double> noise)
    {
        this.observation.CopyTo(observation);
        distribution.Noise(random, noise);
    }

    /// <summary>Takes the policy's answer.</summary>
    public void Act(ReadOnlySpan<double> action, ReadOnlySpan<double> parameters)
    {
        observation.CopyTo(Observations.AsSpan(Steps * width));
        action.CopyTo(Actions.AsSpan(Steps * actionSize));
        parameters.CopyTo(Parameters.AsSpan(Steps * parameters.Length));
        Outcome outcome = environment.Step(action, observation);
        Rewards[Steps++] = outcome.Reward;
        Return += outcome.Reward;
        Running = !outcome.Ended;
    }
}
