// Meta-learners of a user's own go through the same training, evaluation, order check and
// checkpoints as MAML.
using Engine;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Seams;

public class OwnMetaLearnerTests
{
    private static readonly Mlp Model = Mlp.Create(Key.From(1), [1, 16, 16, 1], Activation.Tanh);

    private static readonly LearnedRate<Mlp> LearnedRate = new(
        Objective.Regression, rate => Optim.Of(new Adafactor(), rate), Steps: 2);

    private static readonly Reptile<Mlp> Reptile =
        new(Objective.Regression, Optim.Sgd(0.02), Steps: 5);

    private static Rated<Mlp> Rated => new(Model, Tensor.Scalar(0.01f));

    private static Episode Draw(long first, int count) =>
        Episode.From(new SinusoidTasks(10, 10).Sample(1, first, count));

    private static Evaluation Test<P>(Method<P> method, P parameters, params int[] steps)
        where P : ITree => Evaluation.Run(
            method, parameters,
            (first, count) => Episode.From(new SinusoidTasks(10, 10).Sample(2, first, count)), 40,
            steps, Loss.Mse);

    private static TrainingState<P> Train<P>(MetaTraining<P> training, P start, int steps)
        where P : ITree
    {
        TrainingState<P> state = training.Start(start);
        for (int n = 0; n < steps; n++) (state, _) = training.Step(state);
        return state;
    }

    [Fact]
    public void GradientsThroughAnOwnOptimiserAndItsRateAreExact()
    {
        OrderCheck check = OrderCheck.Measure(LearnedRate.Method, Rated, Draw(0, 1).Task(0));
        Assert.True(check.Confirmed, $"{check}");
        // A method that says so without being so is found out.
        Method<Rated<Mlp>> stopped = LearnedRate.Method with
        {
            TaskLoss = (p, task, at) =>
                LearnedRate.Method.TaskLoss(p with { Rate = p.Rate.StopGradient() }, task, at),
        };
        Assert.False(OrderCheck.Measure(stopped, Rated, Draw(0, 1).Task(0)).Confirmed);
    }

    [Fact]
    public void LearnsStartAndRate()
    {
        var training =
            new MetaTraining<Rated<Mlp>>(LearnedRate.Method, Optim.Adam(3e-3), Draw, metaBatch: 8);
        TrainingState<Rated<Mlp>> state = Train(training, Rated, 100);
        Assert.NotEqual(0.01f, state.Model.Rate.Item<float>());
        Evaluation before = Test(LearnedRate.Method, Rated, 0, 2);
        Evaluation after = Test(LearnedRate.Method, state.Model, 0, 2);
        Assert.True(after.Final < 0.95 * before.Final, $"{before.Final} {after.Final}");
        Assert.True(after.Final < after.Mean[0], "adaptation helps");
    }

    [Fact]
    public void ReptileLearnsAndItsOrderIsNotClaimed()
    {
        Method<Mlp> method = Reptile.Method;
        OrderCheck check = OrderCheck.Measure(method, Model, Draw(0, 1).Task(0));
        Assert.False(check.Confirmed);
        Assert.False(check.Vanishes);
        Assert.True(check.GradientNorm > 0);
        Assert.StartsWith("none; the method steps in a direction of its own", check.ToString());

        var training = new MetaTraining<Mlp>(method, Optim.Sgd(1.0), Draw, metaBatch: 8);
        Evaluation before = Test(method, Model, 0, 5, 10);
        Evaluation after = Test(method, Train(training, Model, 150).Model, 0, 5, 10);
        Assert.True(after.Final < 0.95 * before.Final, $"{before.Final} {after.Final}");
    }

    [Fact]
    public void TheDirectionIsTheWayToTheMeanOfTheTasks()
    {
        Episode tasks = Draw(0, 3);
        Mlp direction = Reptile.Method.Step(Model, tasks).Gradient;
        Mlp Adapted(int i)
        {
            Mlp model = Model;
            for (int n = 0; n < 5; n++)
            {
                Episode task = tasks.Task(i);
                Mlp g = Grad.Of(
                    (Mlp m) => Loss.Mse(m.Forward(task.SupportX), task.SupportY))(model);
                model = model.Zip(g, (w, d) => w - 0.02 * d);
            }
            return model;
        }
        Mlp mean = Adapted(0).Zip(Adapted(1), Adapted(2), (a, b, c) => (a + b + c) / 3);
        Assert.True(Tree.AllClose(
            Model.Zip(mean, (w, m) => w - m), direction, relative: 1e-4, absolute: 1e-6));
    }

    [Fact]
    public void ResumesFromACheckpointBitForBit()
    {
        var training = new MetaTraining<Rated<Mlp>>(
            LearnedRate.Method, Optim.Adam(1e-3), Draw, metaBatch: 2);
        TrainingState<Rated<Mlp>> whole = Train(training, Rated, 2);
        TrainingState<Rated<Mlp>> resumed = Resumed.From(whole, training.Start(Rated));
        for (int n = 0; n < 2; n++)
        {
            (whole, _) = training.Step(whole);
            (resumed, _) = training.Step(resumed);
        }
        Resumed.Equal(whole, resumed);
    }

    [Fact]
    public void WrongPredictionsAndStepsAreExplained()
    {
        Method<Mlp> one = Reptile.Method with
        {
            Predictions = (model, task, _) => [Objective.Regression.Forward(model, task.QueryX)],
        };
        Assert.Equal("Evaluation: the method made 1 predictions for inner steps [0, 1, 3]. Give "
            + "one for each number of steps, in order.",
            Assert.Throws<EngineException>(() => Test(one, Model, 0, 1, 3)).Message);
        Assert.Equal("Evaluation: inner steps must be 0 or more and ascend, e.g. [0, 1, 3]; got "
            + "[3, 1].", Assert.Throws<EngineException>(() => Test(one, Model, 3, 1)).Message);
        foreach (int[] steps in (int[][])[[], [-1, 2], [2, 2]])
            Assert.StartsWith("Evaluation: inner steps must be 0 or more",
                Assert.Throws<EngineException>(() => Test(one, Model, steps)).Message);
    }
}
