// The experiment that the command runs, at a size for tests.
using Engine.Meta;

namespace Engine.Tests.Meta;

public class PointMassExperimentTests
{
    private static readonly PointMassOptions small = new(MetaBatch: 3, Episodes: 3, Seed: 4);

    [Fact]
    public void ItGoesOnWhereItStopped()
    {
        var steps = new List<long>();
        var experiment = new PointMassExperiment(small);
        TrainingState<GaussianPolicy> whole = experiment.Train(
            experiment.Start(), until: 3, (state, step) =>
            {
                steps.Add(state.Step);
                Assert.Equal(2, step.Returns.Length);
            });
        Assert.Equal([1, 2, 3], steps);

        using var stop = new CancellationTokenSource();
        TrainingState<GaussianPolicy> half = experiment.Start();
        Assert.Throws<OperationCanceledException>(() => experiment.Train(half, 3, (state, _) =>
        {
            half = state;
            if (state.Step == 2) stop.Cancel();
        }, stop.Token));
        Assert.Equal(2, half.Step);
        half = new PointMassExperiment(small).Train(half, until: 3);
        foreach (var (x, y) in whole.Leaves().Zip(half.Leaves()))
            Assert.Equal(x.ToRaw(), y.ToRaw());
    }

    [Fact]
    public void ItIsTestedOnGoalsOfItsOwn()
    {
        var experiment = new PointMassExperiment(small);
        Evaluation test =
            experiment.Test(experiment.Start().Model, goals: 5, steps: 2, episodes: 4);
        Assert.Equal([0, 1, 2], test.Steps);
        Assert.Equal(5, test.Tasks);
        double best = PointMassExperiment.BestReturn(goals: 5);
        Assert.All(test.Mean, mean => Assert.True(mean < best));
        Assert.Contains("seed -1", Assert.Throws<EngineException>(
            () => new PointMassExperiment(small with { Seed = -1 })).Message);
        // Over many goals it is the mean over the square of all.
        Assert.Equal(-0.506, PointMassExperiment.BestReturn(goals: 20000), 0.01);
    }
}
