// What all environments check alike: that an episode runs, that actions make sense, when it ends.
namespace Engine.Meta;

/// <summary>Counts the steps of an episode and refuses those after its end.</summary>
internal sealed class EpisodeClock(string name, int horizon)
{
    private readonly int horizon = Checked(name, horizon);
    private bool running;
    private int steps;

    /// <summary>The steps of the longest episode, if there are any.</summary>
    public static int Checked(string name, int horizon) => horizon >= 1 ? horizon
        : throw new EngineException($"{name}: a horizon of {horizon} steps; give at least 1.");

    /// <summary>A new episode begins.</summary>
    public void Start() => (running, steps) = (true, 0);

    /// <summary>Numbers of that size, none of them NaN, while an episode runs.</summary>
    public void Check(ReadOnlySpan<double> action, int size)
    {
        if (!running)
            throw new EngineException(
                $"{name}: a step after the end of the episode. Call Reset first.");
        if (action.Length != size)
            throw new EngineException(
                $"{name}: an action of {action.Length} numbers where {size} belong.");
        foreach (double number in action)
            if (double.IsNaN(number))
                throw new EngineException($"{name}: the action is NaN. Did the policy diverge?");
    }

    /// <summary>A choice 0 .. <paramref name="choices"/> - 1, while an episode runs.</summary>
    public int Choice(ReadOnlySpan<double> action, int choices)
    {
        Check(action, size: 1);
        double choice = action[0];
        if (choice < 0 || choice >= choices || choice != Math.Floor(choice))
            throw new EngineException(
                $"{name}: the action {choice} is none of the choices 0 .. {choices - 1}.");
        return (int)choice;
    }

    /// <summary>A step was taken.</summary>
    public Outcome Tick(double reward, bool terminated = false)
    {
        bool truncated = ++steps >= horizon && !terminated;
        running = !terminated && !truncated;
        return new(reward, terminated, truncated);
    }
}
