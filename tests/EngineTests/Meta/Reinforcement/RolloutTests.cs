// Acting in many environments at once gives what each would have given by itself.
using Engine.Data;
using Engine.Kernels;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Tests.Meta;

public class RolloutTests
{
    private static readonly Policy<GaussianPolicy> gaussian = Policy.Gaussian(2);

    private static readonly GaussianPolicy model =
        GaussianPolicy.Create(Key.From(2), [2, 16, 2], Activation.Tanh);

    private static readonly TaskFamily walk = PointMass.Family();

    /// <summary>Whatever else is collected: nine tasks at once, or two of them.</summary>
    [Fact]
    public void EpisodesDependOnSeedTaskAndEpisodeAlone()
    {
        var rollouts = new Rollouts<GaussianPolicy>(walk, gaussian);
        Trajectories many = rollouts.Collect(Rollouts<GaussianPolicy>.Repeat(model, 9), 3, 0, 4);
        Trajectories few = rollouts.Collect(Rollouts<GaussianPolicy>.Repeat(model, 2), 3, 5, 4);
        Assert.True(Tree.AllClose(many.Map((Tensor x) => x[5..7]), few, 1e-4, 1e-4));
        Trajectories next = rollouts.Collect(
            Rollouts<GaussianPolicy>.Repeat(model, 2), 3, 5, 4, round: 1);
        Assert.False(Tree.AllClose(next.Actions, few.Actions));
        Trajectories other = rollouts.Collect(
            Rollouts<GaussianPolicy>.Repeat(model, 2), 4, 5, 4);
        Assert.False(Tree.AllClose(other.Rewards, few.Rewards));
    }

    [Fact]
    public void ThreadsChangeNoBit()
    {
        Trajectories Collect(int threads)
        {
            var device = new Device(new CpuBackend(threads));
            return new Rollouts<GaussianPolicy>(walk, gaussian).Collect(
                Rollouts<GaussianPolicy>.Repeat(model.To(device), 5), 3, 0, 20);
        }

        foreach (var (x, y) in Collect(1).Leaves().Zip(Collect(2).Leaves()))
            Assert.Equal(x.ToRaw(), y.ToRaw());
    }

    /// <summary>What is recorded is what the environment does when it is led by hand.</summary>
    [Fact]
    public void RecordedEpisodesAreThoseOfTheEnvironment()
    {
        Trajectories all = new Rollouts<GaussianPolicy>(walk, gaussian, fill: false).Collect(
            Rollouts<GaussianPolicy>.Repeat(model, 3), seed: 3, first: 0, episodes: 2);
        double[] seen = all.Observations.ToDoubles(), actions = all.Actions.ToDoubles();
        double[] rewards = all.Rewards.ToDoubles(), taken = all.Taken.ToDoubles();
        int width = 2 * PointMass.Horizon;
        for (int task = 0; task < 3; task++)
        {
            IEnvironment environment = walk.Task(3, task);
            var at = new double[2];
            bool running = false;
            for (int i = task * width; i < (task + 1) * width; i++)
            {
                if (taken[i] == 0) continue;
                if (!running) environment.Reset(new SeededRandom(0), at);
                Assert.Equal(at[0], seen[2 * i], tolerance: 1e-5);
                Assert.Equal(at[1], seen[2 * i + 1], tolerance: 1e-5);
                Outcome outcome = environment.Step(actions.AsSpan(2 * i, 2), at);
                Assert.Equal(outcome.Reward, rewards[i], tolerance: 1e-5);
                running = !outcome.Ended;
            }
            Assert.False(running);
        }
        double sum = rewards.Sum();
        Assert.Equal(sum, all.Returns.Sum().Item(), 1e-3 * Math.Abs(sum));
    }

    /// <summary>
    /// A policy that arrives in a few steps: without filling up, most of the room stays empty.
    /// </summary>
    [Fact]
    public void EarlyEndsAreFollowedByOtherEpisodes()
    {
        var home = new TaskFamily(
            "near", walk.Observations, walk.Actions, PointMass.Horizon,
            random => new NormalisedActions(new PointMass(0.05, 0)));
        GaussianPolicy straight = model with
        {
            Mean = model.Mean.Map((Tensor w) => 0 * w) with
            {
                Layers = [model.Mean.Layers[0].Map((Tensor w) => 0 * w),
                    new(Tensor.Zeros([2, 16]), Tensor.From([0.5f, 0f]))],
            },
            LogDeviation = Tensor.From([-4f, -4f]),
        };
        Trajectories Collect(bool fill) => new Rollouts<GaussianPolicy>(home, gaussian, fill)
            .Collect(Rollouts<GaussianPolicy>.Repeat(straight, 1), 0, 0, episodes: 3);
        Trajectories few = Collect(false), full = Collect(true);
        Assert.True(few.Taken.Sum().Item() < 60);
        Assert.InRange(full.Taken.Sum().Item(), 3 * PointMass.Horizon - 60, 3 * PointMass.Horizon);
        Assert.True(Tree.AllClose(few.Returns, full.Returns, 1e-5, 1e-6));
        // Starts lie at or before their transitions, and each episode's are equal.
        long[] starts = full.Starts.ToArray<long>();
        for (int i = 1; i < starts.Length; i++)
            Assert.True(starts[i] == starts[i - 1] || starts[i] == i);
    }

    /// <summary>
    /// No step is taken for an episode that cannot be kept: none at all where the first episodes
    /// take all the room, and where they end early only as long as there may be room.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void NoStepIsTakenOnceTheRoomIsFull(bool terminates)
    {
        const int tasks = 3, episodes = 4, room = tasks * episodes * PointMass.Horizon;
        var count = new StepCount();
        TaskFamily goals = PointMass.Family(terminates);
        TaskFamily counted = new(
            goals.Name, goals.Observations, goals.Actions, goals.Horizon,
            random => new Counting(goals.Draw(random), count));
        Trajectories all = new Rollouts<GaussianPolicy>(counted, gaussian).Collect(
            Rollouts<GaussianPolicy>.Repeat(model, tasks), 3, 0, episodes);
        int kept = (int)all.Taken.Sum().Item();
        Assert.InRange(count.Steps, kept, room + (terminates ? tasks * PointMass.Horizon : 0));
        if (!terminates) Assert.Equal(room, kept);
    }

    [Fact]
    public void PoliciesMustFitTheActions()
    {
        GaussianPolicy[] one = [Rollouts<GaussianPolicy>.Repeat(model, 1)];
        var wrong = new Rollouts<GaussianPolicy>(Bandit.Family(2, 3), gaussian);
        Assert.Contains("one of 2 choices", Assert.Throws<EngineException>(
            () => wrong.Collect(one[0], 0, 0, 1)).Message);
        Assert.Throws<EngineException>(
            () => new Rollouts<GaussianPolicy>(walk, gaussian).Collect(one[0], 0, 0, 0));
    }

    private sealed class StepCount
    {
        public int Steps { get; set; }
    }

    private sealed class Counting(IEnvironment environment, StepCount count) : IEnvironment
    {
        public Space Observations => environment.Observations;

        public Space Actions => environment.Actions;

        public void Reset(SeededRandom random, Span<double> observation) =>
            environment.Reset(random, observation);

        public Outcome Step(ReadOnlySpan<double> action, Span<double> observation)
        {
            count.Steps++;
            return environment.Step(action, observation);
        }
    }
}
