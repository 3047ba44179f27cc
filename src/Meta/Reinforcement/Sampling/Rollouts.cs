// Acts in many environments at once: one evaluation of the policies for a time step of all tasks
// and episodes, then a step of each environment.
using Engine.Data;

namespace Engine.Meta;

/// <summary>
/// Collects trajectories of a family's tasks. Task i of a seed is the same whatever was collected
/// before, and so is all that is random in its episode e, in the environment and in the policy: it
/// depends on (seed, i, e) alone, not on threads or on what else is collected.
/// </summary>
/// <param name="family">The tasks.</param>
/// <param name="policy">Who acts.</param>
/// <param name="fill">
/// Whether episodes that end early are followed by others until every task has as many transitions
/// as if none had: learning then sees equally much of every task, as in the original code.
/// </param>
/// <param name="best">Whether the most probable action is taken instead of a random one.</param>
public sealed class Rollouts<P>(
    TaskFamily family, Policy<P> policy, bool fill = true, bool best = false)
    where P : ITree
{
    private readonly Func<P, Tensor, Tensor, (Tensor Actions, Tensor Parameters)> act =
        Compile.Of((P models, Tensor observations, Tensor noise) => Vmap.Of(
            (P model, Tensor x, Tensor z) => Act(policy, model, x, z, best))(
                models, observations, noise));

    /// <summary>
    /// That many episodes of tasks first, first + 1, ... of a seed, one task for each of the
    /// models, which are stacked along axis 0. Other rounds are other episodes of the same tasks.
    /// </summary>
    public Trajectories Collect(P models, long seed, long first, int episodes, int round = 0)
    {
        Tensor leaf = models.Leaves()[0];
        int tasks = leaf.Shape[0];
        if (episodes < 1)
            throw new EngineException($"Rollouts: {episodes} episodes; give at least one.");
        IActionDistribution distribution = policy.Distribution;
        if (!distribution.Fits(family.Actions))
            throw new EngineException($"Rollouts: {distribution} does not give the actions of the "
                + $"{family.Name}, which are {family.Actions}.");

        Lane[] lanes = Lanes(seed, first, tasks, episodes, round);
        var buffer = new TrajectoryBuffer(family, distribution.Parameters, tasks, episodes);
        var observations = new double[lanes.Length * family.Observations.Size];
        var noise = new double[lanes.Length * distribution.NoiseSize];
        Tensor Upload(double[] values) => Tensor.From(
            values, [tasks, episodes, values.Length / lanes.Length]).To(leaf.Device);
        foreach (Lane lane in lanes) lane.Begin();
        while (lanes.Any(lane => lane.Running))
        {
            for (int i = 0; i < lanes.Length; i++)
                if (lanes[i].Running) lanes[i].Ask(Part(observations, i), Part(noise, i));
            var (actions, parameters) = act(models, Upload(observations), Upload(noise));
            double[] action = actions.ToDoubles(), answer = parameters.ToDoubles();
            for (int i = 0; i < lanes.Length; i++)
            {
                if (!lanes[i].Running) continue;
                lanes[i].Act(Part(action, i), Part(answer, i));
                if (!lanes[i].Running && buffer.Add(i, lanes[i]) && fill) lanes[i].Begin();
            }
            // A task's room only shrinks: an episode that is already too long will not be kept.
            for (int i = 0; i < lanes.Length; i++)
                if (lanes[i].Running && lanes[i].Steps >= buffer.Room(i)) lanes[i].Stop();
        }
        return buffer.ToTensors(leaf.DType).To(leaf.Device);

        Span<double> Part(double[] all, int lane) =>
            all.AsSpan(lane * (all.Length / lanes.Length), all.Length / lanes.Length);
    }

    /// <summary>The same model for each of that many tasks.</summary>
    public static P Repeat(P model, int tasks) => model.Map((Tensor w) =>
        w.ExpandDims(0).BroadcastTo([tasks, .. w.Shape.Sizes]));

    private static (Tensor Actions, Tensor Parameters) Act(
        Policy<P> policy, P model, Tensor observations, Tensor noise, bool best)
    {
        IActionDistribution distribution = policy.Distribution;
        DType type = model.Leaves()[0].DType;
        Tensor parameters = policy.Parameters(model, observations.Cast(type));
        Tensor actions = best
            ? distribution.Mode(parameters) : distribution.Draw(parameters, noise.Cast(type));
        return (actions, parameters);
    }

    private Lane[] Lanes(long seed, long first, int tasks, int episodes, int round)
    {
        var lanes = new Lane[checked(tasks * episodes)];
        for (int i = 0; i < lanes.Length; i++)
        {
            long task = first + i / episodes;
            var own = new SeededRandom(TaskFamily.SeedOf(seed, task), 1 + round);
            lanes[i] = new(
                family, policy.Distribution, family.Task(seed, task), (long)own.NextBits(),
                i % episodes, stride: episodes);
        }
        return lanes;
    }
}
