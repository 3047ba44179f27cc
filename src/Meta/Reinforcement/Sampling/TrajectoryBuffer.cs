// Gathers finished episodes, task by task.
namespace Engine.Meta;

/// <summary>
/// Room for <paramref name="episodes"/> of the longest episodes of each task, row-major arrays that
/// become <see cref="Trajectories"/>.
/// </summary>
internal sealed class TrajectoryBuffer(
    TaskFamily family, int parameterSize, int tasks, int episodes)
{
    private readonly int capacity = episodes * family.Horizon;
    private readonly int[] filled = new int[tasks];
    private readonly double[] observations =
        Zeros(family, tasks, episodes, family.Observations.Size);
    private readonly double[] actions = Zeros(family, tasks, episodes, family.Actions.Size);
    private readonly double[] parameters = Zeros(family, tasks, episodes, parameterSize);
    private readonly double[] rewards = Zeros(family, tasks, episodes, 1);
    private readonly double[] taken = Zeros(family, tasks, episodes, 1);
    private readonly double[] returns = new double[tasks * episodes];
    private readonly long[] starts =
        [.. Enumerable.Range(0, tasks * episodes * family.Horizon)
            .Select(i => (long)(i % (episodes * family.Horizon)))];

    /// <summary>
    /// Adds the finished episode of a lane, its return too if it is the lane's first. False if the
    /// task has no room for it.
    /// </summary>
    public bool Add(int lane, Lane episode)
    {
        int task = lane / episodes;
        if (episode.IsFirst) returns[lane] = episode.Return;
        int steps = episode.Steps, from = filled[task];
        if (from + steps > capacity) return false;
        int at = task * capacity + from;
        Copy(episode.Observations, observations);
        Copy(episode.Actions, actions);
        Copy(episode.Parameters, parameters);
        Copy(episode.Rewards, rewards);
        taken.AsSpan(at, steps).Fill(1);
        starts.AsSpan(at, steps).Fill(from);
        filled[task] += steps;
        return true;

        void Copy(double[] source, double[] target)
        {
            int size = source.Length / family.Horizon;
            source.AsSpan(0, steps * size).CopyTo(target.AsSpan(at * size));
        }
    }

    /// <summary>The longest episode that a lane's task still has room for.</summary>
    public int Room(int lane) => capacity - filled[lane / episodes];

    /// <summary>All of it as tensors.</summary>
    public Trajectories ToTensors(DType type)
    {
        Tensor Of(double[] values, params ReadOnlySpan<int> size) =>
            Tensor.From(values, [tasks, capacity, .. size]).Cast(type);
        var all = new Trajectories(
            Of(observations, family.Observations.Size), Of(actions, family.Actions.Size),
            Of(parameters, parameterSize), Of(rewards), Tensor.From(starts, [tasks, capacity]),
            Of(taken), Tensor.From(returns, [tasks, episodes]).Cast(type));
        Tree.Eval(all);
        return all;
    }

    private static double[] Zeros(TaskFamily family, int tasks, int episodes, int size) =>
        new double[checked(tasks * episodes * family.Horizon * size)];
}
