// Random tabular Markov decision processes, as in Duan et al., "RL^2: fast reinforcement learning
// via slow reinforcement learning" (2016), section 3.2 and appendix A.2.
using Engine.Data;

namespace Engine.Meta;

/// <summary>
/// States and actions by number. Each action in each state leads on by probabilities of its own and
/// pays its own mean with noise of deviation 1. Episodes begin in state 0; the observation is the
/// state, one number for each: 1 for that state, 0 for the others.
/// </summary>
public sealed class TabularMdp : IEnvironment
{
    private readonly int states;
    private readonly double[][] chances; // of the next states, by state * actions + action
    private readonly double[] rewards; // their means, likewise
    private readonly EpisodeClock clock;
    private SeededRandom? random;
    private int state;

    /// <summary>
    /// The process that a stream gives: transitions from a flat Dirichlet distribution, mean
    /// rewards from a normal of mean 1 and deviation 1.
    /// </summary>
    public TabularMdp(int states, int actions, int horizon, SeededRandom task)
    {
        ArgumentNullException.ThrowIfNull(task);
        this.states = states;
        Observations = Space.Box(states, 0, 1);
        Actions = Space.Discrete(actions);
        clock = new(nameof(TabularMdp), horizon);
        rewards = [.. Enumerable.Range(0, states * actions).Select(_ => 1 + task.Normal())];
        chances = [.. rewards.Select(_ => Dirichlet(states, task))];
    }

    /// <summary>Processes of those sizes, by default those of the paper.</summary>
    public static TaskFamily Family(int states = 10, int actions = 5, int horizon = 10) => new(
        $"Markov decision process of {states} states and {actions} actions",
        Space.Box(states, 0, 1), Space.Discrete(actions), horizon,
        random => new TabularMdp(states, actions, horizon, random));

    /// <inheritdoc/>
    public Space Observations { get; }

    /// <inheritdoc/>
    public Space Actions { get; }

    /// <inheritdoc/>
    public void Reset(SeededRandom random, Span<double> observation)
    {
        ArgumentNullException.ThrowIfNull(random);
        this.random = random;
        clock.Start();
        Enter(0, observation);
    }

    /// <inheritdoc/>
    public Outcome Step(ReadOnlySpan<double> action, Span<double> observation)
    {
        int pair = state * Actions.Choices + clock.Choice(action, Actions.Choices);
        double reward = rewards[pair] + random!.Normal();
        double u = random.Uniform();
        int next = 0;
        while (next < states - 1 && (u -= chances[pair][next]) >= 0) next++;
        Enter(next, observation);
        return clock.Tick(reward);
    }

    private void Enter(int next, Span<double> observation)
    {
        state = next;
        observation.Clear();
        observation[next] = 1;
    }

    /// <summary>Probabilities each as likely as any other: exponential numbers, normed.</summary>
    private static double[] Dirichlet(int size, SeededRandom random)
    {
        double[] parts =
            [.. Enumerable.Range(0, size).Select(_ => -Math.Log(1 - random.Uniform()))];
        double sum = parts.Sum();
        return Array.ConvertAll(parts, part => part / sum);
    }
}
