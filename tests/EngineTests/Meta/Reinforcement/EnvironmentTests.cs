// What every environment promises, and what each of them is.
using Engine.Data;
using Engine.Meta;

namespace Engine.Tests.Meta;

public class EnvironmentTests
{
    private static readonly TaskFamily[] families =
    [
        PointMass.Family(), PointMass.Family(terminates: false, normalised: false),
        Bandit.Family(arms: 3, horizon: 7), TabularMdp.Family(),
    ];

    public static TheoryData<int> Families => [.. Enumerable.Range(0, families.Length)];

    [Theory, MemberData(nameof(Families))]
    public void EpisodesStayInTheirSpacesAndEnd(int which)
    {
        TaskFamily family = families[which];
        var random = new SeededRandom(5);
        for (int episode = 0; episode < 20; episode++)
        {
            IEnvironment task = family.Draw(new SeededRandom(1, episode));
            var observation = new double[family.Observations.Size];
            task.Reset(new SeededRandom(2, episode), observation);
            Assert.True(family.Observations.Contains(observation));
            Outcome outcome = default;
            int steps = 0;
            while (!outcome.Ended)
            {
                double[] action = Action(family.Actions, random);
                Assert.True(task.Actions.Contains(action));
                outcome = task.Step(action, observation);
                steps++;
                Assert.True(family.Observations.Contains(observation));
                Assert.True(double.IsFinite(outcome.Reward));
            }
            Assert.InRange(steps, 1, family.Horizon);
            Assert.Equal(steps == family.Horizon && !outcome.Terminated, outcome.Truncated);
            Assert.False(outcome.Terminated && outcome.Truncated);
            var late = Assert.Throws<EngineException>(
                () => task.Step(Action(family.Actions, random), observation));
            Assert.Contains("Call Reset first", late.Message);
        }
    }

    [Theory, MemberData(nameof(Families))]
    public void EpisodesAreTheirStreamAndActions(int which)
    {
        TaskFamily family = families[which];
        double[] first = Play(family, task: 3, episode: 4);
        Assert.Equal(first, Play(family, task: 3, episode: 4));
        Assert.NotEqual(first, Play(family, task: 4, episode: 4));
    }

    [Theory, MemberData(nameof(Families))]
    public void WrongActionsAreRefused(int which)
    {
        TaskFamily family = families[which];
        IEnvironment task = family.Draw(new SeededRandom(1));
        var observation = new double[family.Observations.Size];
        int size = family.Actions.Size;
        Assert.Throws<EngineException>(() => task.Step(new double[size], observation));
        task.Reset(new SeededRandom(1), observation);
        Assert.Throws<EngineException>(() => task.Step(new double[size + 1], observation));
        Assert.Throws<EngineException>(
            () => task.Step([.. Enumerable.Repeat(double.NaN, size)], observation));
        if (family.Actions.Choices == 0) return;
        foreach (double action in (double[])[-1, 0.5, family.Actions.Choices])
        {
            var error = Assert.Throws<EngineException>(() => task.Step([action], observation));
            Assert.Contains("none of the choices", error.Message);
        }
    }

    [Fact]
    public void ThePointMassMovesAndArrives()
    {
        var task = new PointMass(0.25, -0.105);
        var at = new double[2];
        task.Reset(new SeededRandom(0), at);
        Outcome outcome = task.Step([0.1, -5], at); // cut off at -0.1
        Assert.Equal([0.1, -0.1], at);
        Assert.Equal(-Math.Sqrt(0.15 * 0.15 + 0.005 * 0.005), outcome.Reward, 12);
        Assert.False(outcome.Ended); // one coordinate alone is near
        task.Step([0.1, 0], at);
        outcome = task.Step([0.045, 0.004], at);
        Assert.Equal((true, false), (outcome.Terminated, outcome.Truncated));

        var endless = new PointMass(0, 0, terminates: false);
        endless.Reset(new SeededRandom(0), at);
        for (int step = 1; step <= PointMass.Horizon; step++)
            Assert.Equal(step == PointMass.Horizon, endless.Step([0, 0], at).Truncated);
    }

    [Fact]
    public void TheBestReturnIsThatOfWalkingStraight()
    {
        var random = new SeededRandom(7);
        var at = new double[2];
        for (int i = 0; i < 50; i++)
        {
            double x = random.Uniform(-0.5, 0.5), y = random.Uniform(-0.5, 0.5);
            foreach (bool terminates in (bool[])[false, true])
            {
                var task = new PointMass(x, y, terminates);
                task.Reset(random, at);
                double sum = 0;
                Outcome outcome = default;
                while (!outcome.Ended)
                {
                    outcome = task.Step([x - at[0], y - at[1]], at);
                    sum += outcome.Reward;
                }
                Assert.Equal(task.BestReturn, sum, 9);
            }
        }
    }

    [Fact]
    public void NormalisedActionsStandForTheBounds()
    {
        var task = new NormalisedActions(new PointMass(0.5, 0.5));
        var at = new double[2];
        task.Reset(new SeededRandom(0), at);
        task.Step([0.5, -3], at);
        Assert.Equal(0.05, at[0], 12);
        Assert.Equal(-0.1, at[1], 12);
        Assert.Contains("finite", Assert.Throws<EngineException>(
            () => NormalisedActions.Of(Space.Discrete(2))).Message);
        Assert.Throws<EngineException>(
            () => NormalisedActions.Of(Space.Box(1, 0, double.PositiveInfinity)));
    }

    [Fact]
    public void ArmsPayAsOftenAsTheyShould()
    {
        double[] chances = [0.1, 0.8];
        const int pulls = 4000;
        var task = new Bandit([.. chances], pulls);
        var observation = new double[1];
        for (int arm = 0; arm < 2; arm++)
        {
            task.Reset(new SeededRandom(3, arm), observation);
            double sum = 0;
            for (int i = 0; i < pulls; i++) sum += task.Step([arm], observation).Reward;
            double error = Math.Sqrt(chances[arm] * (1 - chances[arm]) / pulls);
            Assert.InRange(sum / pulls, chances[arm] - 4 * error, chances[arm] + 4 * error);
        }
    }

    [Fact]
    public void ProcessesLeadFromStateToStateByFixedChances()
    {
        const int steps = 20000;
        IEnvironment task =
            TabularMdp.Family(states: 3, actions: 2, steps).Draw(new SeededRandom(1));
        var counts = new double[3, 2, 3];
        var rewards = new double[3, 2];
        var observation = new double[3];
        var random = new SeededRandom(9);
        task.Reset(new SeededRandom(4), observation);
        for (int i = 0; i < steps; i++)
        {
            int state = Array.IndexOf(observation, 1), action = random.Below(2);
            rewards[state, action] += task.Step([action], observation).Reward;
            counts[state, action, Array.IndexOf(observation, 1)]++;
        }
        // Every pair was met, leads everywhere, and no two pay or lead the same.
        var means = new HashSet<double>();
        for (int state = 0; state < 3; state++)
            for (int action = 0; action < 2; action++)
            {
                double visits = Enumerable.Range(0, 3).Sum(next => counts[state, action, next]);
                Assert.True(visits > 100);
                Assert.True(means.Add(Math.Round(rewards[state, action] / visits, 2)));
            }
        task.Reset(new SeededRandom(4), observation);
        Assert.Equal([1, 0, 0], observation);
    }

    [Fact]
    public void EmptySpacesAreRefused()
    {
        Assert.Throws<EngineException>(() => Space.Box(0, 0, 1));
        Assert.Throws<EngineException>(() => Space.Box(1, 1, 1));
        Assert.Throws<EngineException>(() => Space.Discrete(0));
        Assert.False(Space.Box(2, 0, 1).Contains([0.5, double.NaN]));
        Assert.False(Space.Discrete(3).Contains([1.5]));
        Assert.True(Space.Discrete(3).Contains([2]));
    }

    private static double[] Play(TaskFamily family, long task, long episode)
    {
        IEnvironment environment = family.Draw(new SeededRandom(1, task));
        var actions = new SeededRandom(8);
        var observation = new double[family.Observations.Size];
        environment.Reset(new SeededRandom(2, episode), observation);
        var all = new List<double>();
        for (Outcome outcome = default; !outcome.Ended; all.Add(outcome.Reward))
            outcome = environment.Step(Action(family.Actions, actions), observation);
        return [.. all, .. observation];
    }

    private static double[] Action(Space space, SeededRandom random) => space.Choices > 0
        ? [random.Below(space.Choices)]
        : [.. space.Low.Zip(space.High, random.Uniform)];
}
