// The interface of Gym (Brockman et al., "OpenAI Gym", 2016) and Gymnasium in plain C#.
using Engine.Data;

namespace Engine.Meta;

/// <summary>What a step of an environment gave.</summary>
/// <param name="Reward">The reward.</param>
/// <param name="Terminated">The task itself ended: nothing would follow this step.</param>
/// <param name="Truncated">The episode was cut off at its longest.</param>
public readonly record struct Outcome(double Reward, bool Terminated, bool Truncated)
{
    /// <summary>Whether the episode is over, for either reason.</summary>
    public bool Ended => Terminated || Truncated;
}

/// <summary>
/// A task to act in, one episode after the other. What an environment does depends on the stream
/// of its last reset and on the actions since, on nothing else. Observations are written where the
/// caller says, so that a step allocates nothing.
/// </summary>
public interface IEnvironment
{
    /// <summary>What it shows.</summary>
    Space Observations { get; }

    /// <summary>What it takes.</summary>
    Space Actions { get; }

    /// <summary>
    /// Begins an episode and writes its first observation. All that is random in the episode comes
    /// from <paramref name="random"/>, which stands for Gym's seed.
    /// </summary>
    void Reset(SeededRandom random, Span<double> observation);

    /// <summary>Acts, writes the next observation and says what came of it.</summary>
    /// <exception cref="EngineException">
    /// The action is not of this environment, or no episode is running.
    /// </exception>
    Outcome Step(ReadOnlySpan<double> action, Span<double> observation);
}

/// <summary>
/// Tasks of one kind: they share spaces and length and differ in what is random about a task, such
/// as where the goal is.
/// </summary>
/// <param name="Name">What messages and reports call it.</param>
/// <param name="Observations">What its environments show.</param>
/// <param name="Actions">What they take.</param>
/// <param name="Horizon">Steps of the longest episode.</param>
/// <param name="Draw">
/// A new environment for the task that the stream gives; equal streams give equal tasks.
/// </param>
public sealed record TaskFamily(
    string Name, Space Observations, Space Actions, int Horizon,
    Func<SeededRandom, IEnvironment> Draw)
{
    /// <summary>Steps of the longest episode, at least 1.</summary>
    public int Horizon { get; } = EpisodeClock.Checked(Name, Horizon);

    /// <summary>A new environment for a task of a seed, by the task's number.</summary>
    public IEnvironment Task(long seed, long number) => Draw(new(SeedOf(seed, number)));

    /// <summary>A task's own seed: its stream 0 draws the task, others are for episodes.</summary>
    internal static long SeedOf(long seed, long task) =>
        (long)new SeededRandom(seed, task).NextBits();
}
