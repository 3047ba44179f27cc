// Reptile against its definition, written out on plain optimiser steps.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Parity.Learners;

public class ReptileTests
{
    private static readonly Objective<Bumps> Regression =
        new((model, x) => model.Forward(x), Loss.Mse, BatchNormMode.None);

    private static readonly Bumps Line = Bumps.Create(Key.From(3));

    /// <summary>Mini-batches are the whole support set, so that the order plays no part.</summary>
    private static readonly Reptile<Bumps> Whole =
        new(Regression, Reptile.Adam(0.02), InnerSteps: 3, InnerBatch: 8, TestBatch: 8);

    [Fact]
    public void TheStepIsTheWayFromTheMeanOfTheEndsToTheStart()
    {
        Episode tasks = Tasks.InDouble(Tasks.Sinusoids(0, 3));
        Bumps start = Line.Map((Tensor w) => w.Cast(DType.Float64));
        ReptileState<Bumps> at = Whole.Begin(start, Key.From(5));
        for (int round = 0; round < 2; round++)
        {
            // Adam's averages go from task to task, and from round to round.
            OptimizerState inner = at.Inner;
            var ends = new List<Bumps>();
            for (int i = 0; i < 3; i++)
            {
                Bumps model = start;
                for (int k = 0; k < 3; k++)
                {
                    Bumps g = Grad.Of((Bumps w) => Regression.Support(w, tasks.Task(i)))(model);
                    (model, inner) = Optim.Adam(0.02, beta1: 0).Step(model, g, inner);
                }
                ends.Add(model);
            }
            MetaStep<ReptileState<Bumps>> step = Whole.Method.Step(at, tasks);
            Assert.True(Tree.AllClose(
                start.Zip(ends[0].Zip(ends[1], ends[2], (a, b, c) => (a + b + c) / 3),
                    (w, mean) => w - mean),
                step.Gradient.Model, 1e-10, 1e-12));
            Assert.True(Tree.AllClose(inner, step.Moved.Inner, 1e-10, 1e-12));
            Assert.Equal(3L * 3 * (round + 1), step.Moved.Inner.Steps.Item<long>());
            at = step.Moved;
        }
    }

    [Fact]
    public void TrainingMovesTheModelByTheOuterOptimiserAndKeepsTheInnerOne()
    {
        var training = new MetaTraining<ReptileState<Bumps>>(
            Whole.Method, Optim.Sgd(Schedule.Linear(1, 0, 10)), Tasks.Sinusoids, metaBatch: 3);
        ReptileState<Bumps> start = Whole.Begin(Line, Key.From(5));
        MetaStep<ReptileState<Bumps>> made = Whole.Method.Step(start, Tasks.Sinusoids(0, 3));
        var (state, _) = training.Step(training.Start(start));
        Assert.True(Tree.AllClose(
            Line.Zip(made.Gradient.Model, (w, d) => w - d), state.Model.Model, 1e-5, 1e-6));
        Assert.True(Tree.AllClose(made.Moved.Inner, state.Model.Inner, 1e-4, 1e-6));
        Assert.False(Tree.AllClose(start.Key, state.Model.Key));
        // Nine tenths of the way in the second step.
        made = Whole.Method.Step(state.Model, Tasks.Sinusoids(3, 3));
        var (second, _) = training.Step(state);
        Assert.True(Tree.AllClose(
            state.Model.Model.Zip(made.Gradient.Model, (w, d) => w - 0.9 * d),
            second.Model.Model, 1e-5, 1e-6));
    }

    [Fact]
    public void MiniBatchesDealOutTheWholeSupportSet()
    {
        // Each support example is met once in four steps of two: with one-hot inputs and a linear
        // model, a step moves the weights of its own two examples alone.
        var oneHot = new Objective<Linear>(
            (model, x) => model.Forward(x), Loss.Mse, BatchNormMode.None);
        var reptile = new Reptile<Linear>(
            oneHot, Optim.Sgd(0.5), InnerSteps: 4, InnerBatch: 2);
        var model = new Linear(Tensor.Zeros([1, 8], DType.Float64), null);
        var task = new Episode(
            Tensor.Eye(8, DType.Float64), Tensor.Ones([8, 1], DType.Float64),
            Tensor.Eye(8, DType.Float64), Tensor.Ones([8, 1], DType.Float64));
        int[] Moved(long seed, int steps) =>
        [
            .. reptile.Trajectory(reptile.Begin(model, Key.From(seed)), task, steps, 2)
                .Last().Model.Weight.ToDoubles().Select(w => (int)Math.Round(2 * w)),
        ];
        Assert.Equal(Enumerable.Repeat(1, 8), Moved(1, 4));
        Assert.Equal([2, 4, 6, 8], Enumerable.Range(1, 4).Select(k => Moved(1, k).Sum()));
        // Three batches of three use the set up and begin it anew.
        Assert.Equal(8, reptile.Trajectory(reptile.Begin(model, Key.From(1)), task, 3, 3)
            .Last().Model.Weight.ToDoubles().Count(w => w > 0));
        Assert.NotEqual(Moved(1, 1), Moved(2, 1));
    }

    [Fact]
    public void ItLearnsAndIsScoredAndItsOrderIsNotClaimed()
    {
        var reptile = new Reptile<Bumps>(
            Regression, Reptile.Adam(0.02), InnerSteps: 8, InnerBatch: 4, TestBatch: 8);
        ReptileState<Bumps> start = reptile.Begin(Line, Key.From(5));
        OrderCheck check = OrderCheck.Measure(
            reptile.Method, start, Tasks.Sinusoids(0, 1).Task(0));
        Assert.False(check.Confirmed);
        Assert.True(check.GradientNorm > 0);

        var training = new MetaTraining<ReptileState<Bumps>>(
            reptile.Method, Optim.Sgd(Schedule.Linear(1, 0, 120)), Tasks.Sinusoids, metaBatch: 4);
        TrainingState<ReptileState<Bumps>> state = training.Start(start);
        for (int n = 0; n < 120; n++) (state, _) = training.Step(state);
        Evaluation Test(ReptileState<Bumps> p) => Evaluation.Run(
            reptile.Method, p, (first, count) => Tasks.Sinusoids(1_000_000 + first, count), 60,
            [0, 1, 3, 20], Loss.Mse);
        Evaluation before = Test(start), after = Test(state.Model);
        Assert.True(after.Final < 0.95 * before.Final, $"{before.Final} {after.Final}");
    }

    [Fact]
    public void ResumesBitForBit()
    {
        var reptile = new Reptile<Bumps>(
            Regression, Reptile.Adam(0.02), InnerSteps: 3, InnerBatch: 3);
        MetaTraining<ReptileState<Bumps>> Training() => new(
            reptile.Method, Optim.Sgd(Schedule.Linear(1, 0, 10)), Tasks.Sinusoids, metaBatch: 2);
        MetaTraining<ReptileState<Bumps>> once = Training(), again = Training();
        ReptileState<Bumps> start = reptile.Begin(Line, Key.From(5));
        var (whole, _) = once.Step(once.Start(start));
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        Checkpoint.Save(path, whole);
        TrainingState<ReptileState<Bumps>> resumed = Checkpoint.Load(path, again.Start(start));
        File.Delete(path);
        for (int n = 0; n < 2; n++)
        {
            (whole, _) = once.Step(whole);
            (resumed, _) = again.Step(resumed);
        }
        Assert.Equal(
            whole.Leaves().Select(leaf => leaf.ToRaw()),
            resumed.Leaves().Select(leaf => leaf.ToRaw()));
    }

    [Fact]
    public void InductivePredictionsSeeOneQueryEach()
    {
        var net = TinyNet.Create(Key.From(3), ways: 3);
        var objective = new Objective<TinyNet>(
            (model, x) => model.Forward(x), (logits, labels) => Loss.CrossEntropy(logits, labels),
            BatchNormMode.Transductive);
        var reptile = new Reptile<TinyNet>(objective, Reptile.Adam(), Inductive: true);
        Assert.Equal(BatchNormMode.Inductive, reptile.Method.BatchNorm);
        ReptileState<TinyNet> p = reptile.Begin(net, Key.From(1));
        Episode task = Tasks.OfImages(0, 1).Task(0);
        Tensor all = reptile.Method.Predictions(p, task, [0])[0];
        Episode alone = task with { QueryX = task.QueryX[2..3], QueryY = task.QueryY[2..3] };
        Assert.True(Tree.AllClose(
            all[2..3], reptile.Method.Predictions(p, alone, [0])[0], 1e-4, 1e-5));
        // Transductive ones depend on what else is asked.
        Method<ReptileState<TinyNet>> together = (reptile with { Inductive = false }).Method;
        Assert.False(Tree.AllClose(
            together.Predictions(p, task, [0])[0][2..3],
            together.Predictions(p, alone, [0])[0], 1e-4, 1e-5));
    }

    [Fact]
    public void WrongNumbersAreRefused() => Assert.Equal(
        "Reptile: 3 inner steps on batches of 0; give 0 or more and at least 1.",
        Assert.Throws<EngineException>(() => (Whole with { InnerBatch = 0 }).Method
            .Step(Whole.Begin(Line, Key.From(1)), Tasks.Sinusoids(0, 1))).Message);
}
