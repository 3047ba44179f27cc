// Meta-training of policies: exact resumption, no influence of threads, and that it learns.
using Engine.Kernels;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Tests.Meta;

public class PolicyTrainingTests
{
    private static readonly PolicyMaml<Mlp> learner = new(Policy.Categorical(3), InnerRate: 1);

    [Fact]
    public void StepsDependOnTheirNumberAlone()
    {
        PolicyTraining<Mlp> once = Bandits(new TrustRegion<Mlp>(learner));
        PolicyTraining<Mlp> again = Bandits(new TrustRegion<Mlp>(learner));
        TrainingState<Mlp> a = once.Start(Start(Device.Cpu)), b = again.Start(Start(Device.Cpu));
        for (int i = 0; i < 4; i++) (a, _) = once.Step(a);
        for (int i = 0; i < 2; i++) (b, _) = again.Step(b);
        string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            Checkpoint.Save(file, b);
            b = Checkpoint.Load(file, again.Start(Start(Device.Cpu)));
        }
        finally
        {
            File.Delete(file);
        }
        PolicyTraining<Mlp> resumed = Bandits(new TrustRegion<Mlp>(learner));
        for (int i = 0; i < 2; i++) (b, _) = resumed.Step(b);
        Assert.Equal((4, 4), (a.Step, b.Step));
        foreach (var (x, y) in a.Leaves().Zip(b.Leaves())) Assert.Equal(x.ToRaw(), y.ToRaw());
    }

    [Fact]
    public void ThreadsChangeNoBit()
    {
        (TrainingState<Mlp>, Evaluation) Train(int threads)
        {
            var device = new Device(new CpuBackend(threads));
            PolicyTraining<Mlp> training = Bandits(new TrustRegion<Mlp>(learner));
            TrainingState<Mlp> state = training.Start(Start(device));
            for (int i = 0; i < 3; i++) (state, _) = training.Step(state);
            return (state, training.Evaluate(state.Model, 9, 12, [1, 0.5], episodes: 4));
        }

        var (one, scoresOfOne) = Train(1);
        var (two, scoresOfTwo) = Train(2);
        foreach (var (x, y) in one.Leaves().Zip(two.Leaves())) Assert.Equal(x.ToRaw(), y.ToRaw());
        Assert.Equal(scoresOfOne.Mean, scoresOfTwo.Mean);
        Assert.Equal([0, 1, 2], scoresOfOne.Steps);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ItLearnsToFindTheBestArm(bool trustRegion)
    {
        PolicyTraining<Mlp> training = Bandits(trustRegion
            ? new TrustRegion<Mlp>(learner)
            : new ProximalUpdate<Mlp>(learner, Optim.Adam(3e-3)));
        TrainingState<Mlp> state = training.Start(Start(Device.Cpu));
        Evaluation before = training.Evaluate(state.Model, 77, 200, [1], episodes: 5);
        // TRPO learns within 15 steps. On so few pulls many more undo it: nothing credits exploring,
        // and a policy that always pulls one arm before it adapts learns nothing from that.
        int steps = trustRegion ? 15 : 30;
        for (int i = 0; i < steps; i++) (state, _) = training.Step(state);
        Evaluation after = training.Evaluate(state.Model, 77, 200, [1], episodes: 5);
        // Without adaptation nobody can know the arm, and half of the pulls pay. One step on 50
        // pulls makes 5.4 of 10 at the random start; training learns to make more of them.
        Assert.InRange(after.Mean[0], before.Mean[0] - 0.3, before.Mean[0] + 0.3);
        Assert.True(after.Mean[1] - before.Mean[1] > 0.5, $"{before.Mean[1]} {after.Mean[1]}");
        Assert.True(after.Mean[1] - after.Mean[0] > 1);
    }

    [Fact]
    public void ItStopsWhenAsked()
    {
        PolicyTraining<Mlp> training = Bandits(new TrustRegion<Mlp>(learner));
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(
            () => training.Evaluate(Start(Device.Cpu), 1, 4, [1], 2, stop.Token));
    }

    [Fact]
    public void SizesThatMakeNoSenseAreRefused()
    {
        static string Error(Action call) => Assert.Throws<EngineException>(call).Message;
        var outer = new TrustRegion<Mlp>(learner);
        TaskFamily arms = Bandit.Family(arms: 3, horizon: 10);
        PolicyTraining<Mlp> Of(PolicyTrainingOptions options) =>
            new(arms, learner, outer, new(), options);
        Assert.Contains("-1 inner steps", Error(() => Of(new(InnerSteps: -1))));
        Assert.Contains("meta-batch of 0", Error(() => Of(new(MetaBatch: 0))));
        Assert.Contains("0 episodes", Error(() => Of(new(Episodes: 0))));
        foreach (int tasks in (int[])[0, 1])
            Assert.Contains($"evaluation on {tasks} tasks", Error(() =>
                Bandits(outer).Evaluate(Start(Device.Cpu), 1, tasks, [1], 2)));
        Assert.Contains("0 epochs", Error(() =>
            new ProximalUpdate<Mlp>(learner, Optim.Adam(1e-3), epochs: 0)));
        Assert.Contains("horizon of 0", Error(() => Bandit.Family(arms: 3, horizon: 0)));
        Assert.Contains("horizon of -2", Error(() => new Bandit([0.5, 0.2], -2)));
    }

    private static PolicyTraining<Mlp> Bandits(IPolicyUpdate<Mlp> outer) => new(
        Bandit.Family(arms: 3, horizon: 10), learner, outer,
        new AdvantageEstimator(discount: 1), new(MetaBatch: 20, Episodes: 5, Seed: 3));

    private static Mlp Start(Device device) => Mlp.Create(Key.From(5), [1, 16, 3]).To(device);
}
