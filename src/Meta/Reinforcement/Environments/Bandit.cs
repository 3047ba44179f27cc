// Bernoulli bandits, as in Duan et al., "RL^2: fast reinforcement learning via slow reinforcement
// learning" (2016), section 3.1.
using System.Collections.Immutable;
using Engine.Data;

namespace Engine.Meta;

/// <summary>
/// Arms that pay 1 with a probability of their own, else 0. There is nothing to observe: the
/// observation is the number 1.
/// </summary>
/// <param name="chances">The probability of each arm.</param>
/// <param name="horizon">Pulls of an episode.</param>
public sealed class Bandit(ImmutableArray<double> chances, int horizon) : IEnvironment
{
    private static readonly Space nothing = Space.Box(1, 0, 1);

    private readonly EpisodeClock clock = new(nameof(Bandit), horizon);
    private SeededRandom? random;

    /// <summary>Bandits whose probabilities are uniform in 0 .. 1.</summary>
    public static TaskFamily Family(int arms, int horizon) => new(
        $"bandit with {arms} arms", nothing, Space.Discrete(arms), horizon,
        random => new Bandit(
            [.. Enumerable.Range(0, arms).Select(_ => random.Uniform())], horizon));

    /// <inheritdoc/>
    public Space Observations => nothing;

    /// <inheritdoc/>
    public Space Actions { get; } = Space.Discrete(chances.Length);

    /// <inheritdoc/>
    public void Reset(SeededRandom random, Span<double> observation)
    {
        ArgumentNullException.ThrowIfNull(random);
        this.random = random;
        clock.Start();
        observation[0] = 1;
    }

    /// <inheritdoc/>
    public Outcome Step(ReadOnlySpan<double> action, Span<double> observation)
    {
        int arm = clock.Choice(action, chances.Length);
        observation[0] = 1;
        return clock.Tick(random!.Uniform() < chances[arm] ? 1 : 0);
    }
}
