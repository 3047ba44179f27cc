// What training does with tasks whose loss or gradient is not finite, with leaves that a method
// moves itself, and with progress.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Tests.Meta;

public class DivergenceTests
{
    private static readonly Mlp Model = Mlp.Create(Key.From(1), [1, 6, 1], Activation.Tanh);

    private static readonly Method<Mlp> Maml =
        new Maml<Mlp>(Objective.Regression, 1, 0.01).Method;

    /// <summary>Sinusoids, of which every fifth task is not a number.</summary>
    private static Episode Draw(long first, int count)
    {
        Episode tasks = Clean(first, count);
        Tensor bad = Tensor.From(Enumerable.Range(0, count)
            .Select(i => (first + i) % 5 == 4 ? float.NaN : 0f).ToArray());
        return tasks with { SupportX = tasks.SupportX + bad.Reshape(count, 1, 1) };
    }

    private static Episode Clean(long first, int count) =>
        Episode.From(new SinusoidTasks(5, 5).Sample(7, first, count));

    [Fact]
    public void ATaskThatDivergesStopsTrainingByDefault()
    {
        var training = new MetaTraining<Mlp>(Maml, Optim.Sgd(0.01), Draw, metaBatch: 2);
        TrainingState<Mlp> state = training.Start(Model);
        for (int n = 0; n < 2; n++) (state, _) = training.Step(state);
        DivergenceException e =
            Assert.Throws<DivergenceException>(() => training.Step(state));
        Assert.Equal(3, e.Step);
    }

    [Fact]
    public void ATaskThatDivergesIsLeftOutAndCounted()
    {
        var training = new MetaTraining<Mlp>(
            Maml, Optim.Sgd(0.01), Draw, metaBatch: 3, divergence: Divergence.Skip);
        var (state, loss) = training.Step(training.Start(Model)); // tasks 0, 1, 2: all good
        Assert.Equal(0, state.Skipped);
        Mlp before = state.Model;
        (state, loss) = training.Step(state); // 3, 4, 5: the middle one is bad
        Assert.Equal((2, 1), (state.Step, state.Skipped));
        Assert.True(double.IsFinite(loss));
        Episode good = Clean(3, 1).Zip(Clean(5, 1), (a, b) => Tensor.Concat([a, b], 0));
        Mlp expected = before.Zip(
            Maml.Step(before, good).Gradient, (w, g) => w - 0.01 * g);
        Assert.True(Tree.AllClose(expected, state.Model, 1e-4, 1e-6));

        string path = Path.GetTempFileName();
        Checkpoint.Save(path, state);
        Assert.Equal(state.Skipped, Checkpoint.Load(path, training.Start(Model)).Skipped);
        File.Delete(path);
    }

    [Fact]
    public void ACheckpointWithoutTheStepsOfLeavesIsOfAnEarlierVersion()
    {
        TrainingState<Mlp> start =
            new MetaTraining<Mlp>(Maml, Optim.Adam(0.01), Clean, metaBatch: 2).Start(Model);
        string path = Path.GetTempFileName();
        Checkpoint.Save(path, start);
        var (tensors, metadata) = SafeTensors.Read(path);
        Assert.True(tensors.Remove("Optimizer.LeafSteps"));
        SafeTensors.Save(path, tensors, metadata);
        Assert.Equal($"Checkpoint: {path} was written by an earlier version, whose optimisers did "
            + "not count the steps of each leaf. Train anew, or go on with its model alone.",
            Assert.Throws<EngineException>(() => Checkpoint.Load(path, start)).Message);
        File.Delete(path);
    }

    [Fact]
    public void AStepWithoutAnyGoodTaskChangesNothing()
    {
        var training = new MetaTraining<Mlp>(
            Maml, Optim.Sgd(0.01), (first, n) => Draw(4, 1), metaBatch: 1,
            divergence: Divergence.Skip);
        var (state, loss) = training.Step(training.Start(Model));
        Assert.Equal((1, 1), (state.Step, state.Skipped));
        Assert.True(double.IsNaN(loss));
        Assert.True(Tree.AllClose(Model, state.Model, 0, 0));
    }

    [Fact]
    public void ARateThatMakesWeightsInfiniteIsNotSkipped()
    {
        var training = new MetaTraining<Mlp>(
            Maml, Optim.Sgd(1e38), Clean, metaBatch: 2, divergence: Divergence.Skip);
        Assert.Throws<DivergenceException>(() => training.Step(training.Start(Model)));
    }

    [Fact]
    public void AMethodMovesItsOwnLeavesAndSeesTheProgress()
    {
        // The mean of the targets is the method's own; the loss is of the model alone.
        var method = new Method<Averaged>(
            (p, task, at) => Objective.Regression.Query(p.Model, task) * at.Fraction,
            (p, task, steps) => [.. steps.Select(_ => p.Model.Forward(task.QueryX))],
            Claim.Exact, BatchNormMode.None)
        {
            State = path => path == "Mean",
            Direction = (p, tasks, at) =>
            {
                var (loss, gradient) = Grad.WithValue((Averaged q) => Vmap.Of(
                    (Episode task) => Objective.Regression.Query(q.Model, task) * at.Fraction)
                    (tasks).Mean())(p);
                return new(loss, gradient, p with { Mean = tasks.QueryY.Mean() });
            },
        };
        var training = new MetaTraining<Averaged>(
            method, Optim.Sgd(0.1), Clean, metaBatch: 4,
            progress: step => Progress.At(step / 10.0));
        TrainingState<Averaged> state =
            training.Start(new Averaged(Model, Tensor.Scalar(0f).Eval()));
        (state, double loss) = training.Step(state);
        Assert.Equal(0, loss);
        Assert.True(Tree.AllClose(Model, state.Model.Model, 0, 0));
        Assert.Equal(Clean(0, 4).QueryY.Mean().Item<float>(), state.Model.Mean.Item<float>());
        (state, loss) = training.Step(state);
        Assert.True(loss > 0);
        Assert.False(Tree.AllClose(Model, state.Model.Model, 0, 0));
        Assert.Equal(Clean(4, 4).QueryY.Mean().Item<float>(), state.Model.Mean.Item<float>());
    }
}

/// <summary>A model, and a number that its method moves.</summary>
public sealed partial record Averaged(Mlp Model, Tensor Mean) : ITree;
