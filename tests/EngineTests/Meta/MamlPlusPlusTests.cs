// MAML++: MAML with everything switched off, each switch alone against what it says, and its
// gradient against finite differences.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Tests.Meta;

public class MamlPlusPlusTests
{
    private const int Steps = 2;

    private static readonly Conv4 Model = Conv4.Create(Key.From(2), 1, 16, 3, 3, DType.Float64);

    private static readonly Episode Tasks = Draw(0, 2);

    private static readonly MamlPlusPlus<Conv4> All =
        new(Objective.Conv4, Steps, 0.1, Momentum: 0.25);

    private static readonly MamlPlusPlus<Conv4> None =
        All with { MultiStep = false, LearnRates = false, PerStepNorm = false };

    private static Episode Draw(long first, int count)
    {
        Key[] keys = Key.From(50 + first).Split(2);
        Tensor Images(Key key, int n) => key.Normal([count, n, 1, 16, 16], DType.Float64).Eval();
        long[] order = [0, 1, 2, 0, 1, 2];
        Tensor Labels(int n) => Tensor.From(
            [.. Enumerable.Range(0, count * n).Select(i => order[i % n])], [count, n]);
        return new(Images(keys[0], 3), Labels(3), Images(keys[1], 6), Labels(6));
    }

    /// <summary>After some training, when no step is like another.</summary>
    private static PlusPlus<Conv4> Begun(MamlPlusPlus<Conv4> method)
    {
        Key key = Key.From(9);
        PlusPlus<Conv4> p = method.Begin(Model);
        int i = 0;
        return p.Map((path, leaf) => path.StartsWith("Start", StringComparison.Ordinal) ? leaf
            : (leaf * (1 + 0.1 * key.Split(200)[i++].Normal(leaf.Shape, DType.Float64))).Eval());
    }

    private static double Distance(Tensor a, Tensor b) => (a - b).Abs().Max().Item();

    /// <summary>Leaves that nothing depends on have a gradient of zeros.</summary>
    private static bool IsZero(Tensor leaf) => leaf.ToDoubles().All(value => value == 0);

    [Fact]
    public void WithEverythingOffItIsMaml()
    {
        Method<Conv4> maml = new Maml<Conv4>(Objective.Conv4, Steps, 0.1).Method;
        Method<PlusPlus<Conv4>> plus = None.Method;
        MetaStep<Conv4> expected = maml.Step(Model, Tasks);
        MetaStep<PlusPlus<Conv4>> actual = plus.Step(None.Begin(Model), Tasks, Progress.At(0.3));
        Assert.Equal(expected.Loss.ToRaw(), actual.Loss.ToRaw());
        Assert.True(Tree.AllClose(expected.Gradient, actual.Gradient.Start, 1e-12, 1e-14));
        Assert.All(actual.Gradient.Rates.Leaves(), leaf => Assert.True(IsZero(leaf)));
        Episode task = Tasks.Task(1);
        foreach (var (x, y) in maml.Predictions(Model, task, [0, 1, 4])
            .Zip(plus.Predictions(None.Begin(Model), task, [0, 1, 4])))
            Assert.True(Distance(x, y) < 1e-12);
    }

    public static TheoryData<MamlPlusPlus<Conv4>> Switches => new()
    {
        None with { MultiStep = true }, None with { LearnRates = true },
        None with { PerStepNorm = true }, None with { Statistics = QueryStatistics.Running },
        None with { Statistics = QueryStatistics.Support }, All,
        All with { Statistics = QueryStatistics.Running, Remat = true },
        All with { Statistics = QueryStatistics.Support },
    };

    [Theory, MemberData(nameof(Switches))]
    public void TheGradientIsExact(MamlPlusPlus<Conv4> method)
    {
        PlusPlus<Conv4> p = Begun(method);
        Assert.True(OrderCheck.Measure(method.Method, p, Tasks.Task(0)).Confirmed);
        // In the middle of annealing. At kinks of rectifiers the loss jumps: the step crosses none.
        Progress half = Progress.At(method.Anneal / 2);
        PlusPlus<Conv4> gradient = method.Method.Step(p, Tasks, half).Gradient;
        // Statistics, and rates that are not learned, are no part of the gradient.
        bool Stays(string path) => path.StartsWith("Statistics", StringComparison.Ordinal)
            || (!method.LearnRates && path.StartsWith("Rates", StringComparison.Ordinal));
        PlusPlus<Conv4> direction = p.Map((path, leaf) =>
            Stays(path) ? 0 * leaf : Key.From(path.Length).Normal(leaf.Shape, DType.Float64));
        double analytic = Tree.Dot(gradient, direction).Item();
        double Loss(double t) => method.Method.MetaLoss(
            p.Zip(direction, (w, d) => w + t * d), Tasks, half).Item();
        const double h = 3e-7;
        double numerical =
            (8 * (Loss(h) - Loss(-h)) - (Loss(2 * h) - Loss(-2 * h))) / (12 * h);
        Assert.True(Math.Abs(analytic - numerical) < 1e-6 * Math.Abs(numerical),
            $"{analytic} {numerical}");
    }

    [Fact]
    public void LossesAfterAllStepsCountAtFirstAndTheLastAlmostAloneAfterwards()
    {
        MamlPlusPlus<Conv4> method = None with { MultiStep = true };
        PlusPlus<Conv4> p = method.Begin(Model);
        Episode task = Tasks.Task(0);
        double[] losses = [.. method.Method.Predictions(p, task, [1, 2]).Select(
            logits => Loss.CrossEntropy(logits, task.QueryY).Item())];
        double At(double fraction) =>
            method.Method.TaskLoss(p, task, Progress.At(fraction)).Item();
        Assert.Equal((losses[0] + losses[1]) / 2, At(0), 1e-7);
        Assert.Equal(0.25 * losses[0] + 0.75 * losses[1], At(0.05), 1e-7);
        Assert.Equal(0.015 * losses[0] + 0.985 * losses[1], At(0.1), 1e-7);
        Assert.Equal(At(0.1), At(0.9), 1e-7);
        Assert.Equal(losses[1], None.Method.TaskLoss(p, task, Progress.Begin).Item(), 1e-12);
        // Annealed, the last counts alone, and the steps before it are no longer judged at all.
        int judged = 0;
        MamlPlusPlus<Conv4> counting = method with
        {
            Objective = Objective.Conv4 with
            {
                Loss = (logits, labels) =>
                {
                    if (labels.Shape[0] == 6) judged++; // a query set, not a support set
                    return Loss.CrossEntropy(logits, labels);
                },
            },
        };
        foreach (var (annealed, count) in ((bool, int)[])[(false, Steps), (true, 1)])
        {
            judged = 0;
            double loss = counting.Method
                .TaskLoss(p, task, Progress.At(0.1, annealed: annealed)).Item();
            Assert.Equal(count, judged);
            if (annealed) Assert.Equal(losses[1], loss, 1e-12);
        }
    }

    [Fact]
    public void EveryLeafHasARateForEveryStep()
    {
        PlusPlus<Conv4> g = All.Method.Step(Begun(All), Tasks).Gradient;
        HashSet<string> norms = [.. NormStatistics.Paths(Model)];
        foreach (var (path, rate) in Model.Paths().Zip(g.Rates.Leaves()))
        {
            bool adapts = !norms.Contains(path[..path.LastIndexOf('.')]);
            if (!adapts) Assert.True(IsZero(rate));
            // A bias in front of a batch normalisation has no effect, whatever its rate.
            if (adapts && path.EndsWith("Weight", StringComparison.Ordinal))
                Assert.All(rate.ToDoubles(), value => Assert.NotEqual(0, value));
        }
    }

    [Fact]
    public void EveryStepHasItsOwnBatchNormalisation()
    {
        PlusPlus<Conv4> p = All.Begin(Model);
        Assert.Equal(Steps + 1, p.Norms.Length);
        Episode task = Tasks.Task(0);
        PlusPlus<Conv4> other = p with
        {
            Norms = p.Norms.SetItem(Steps, p.Norms[Steps].Map((Tensor leaf) => leaf + 0.5)),
        };
        Tensor[] before = All.Method.Predictions(p, task, [0, 1, 2]);
        Tensor[] after = All.Method.Predictions(other, task, [0, 1, 2]);
        Assert.Equal(0, Distance(before[0], after[0]));
        Assert.Equal(0, Distance(before[1], after[1]));
        Assert.True(Distance(before[2], after[2]) > 1e-3);
        // Those of the start are in no step's place.
        PlusPlus<Conv4> g = All.Method.Step(p, Tasks).Gradient;
        Assert.All(g.Start.Blocks, block => Assert.True(IsZero(block.Norm.Scale)));
        foreach (BatchNorms step in g.Norms)
            Assert.Contains(step.Leaves(), leaf => leaf.Abs().Max().Item() > 0);
    }

    [Theory]
    [InlineData(QueryStatistics.Batch, false)]
    [InlineData(QueryStatistics.Running, true)]
    [InlineData(QueryStatistics.Support, true)]
    public void InductivePredictionsDoNotDependOnOtherQueries(
        QueryStatistics statistics, bool independent)
    {
        MamlPlusPlus<Conv4> method = All with { Statistics = statistics };
        Episode task = Tasks.Task(0);
        Episode fewer = task with { QueryX = task.QueryX[..2], QueryY = task.QueryY[..2] };
        foreach (int steps in (int[])[0, 2, 5])
        {
            Tensor all = method.Method.Predictions(Begun(method), task, [steps])[0][..2];
            Tensor alone = method.Method.Predictions(Begun(method), fewer, [steps])[0];
            Assert.Equal(independent, Distance(all, alone) < 1e-10);
        }
        Assert.Equal(statistics switch
        {
            QueryStatistics.Running => BatchNormMode.PerStep,
            QueryStatistics.Support => BatchNormMode.Inductive,
            _ => BatchNormMode.Transductive,
        }, method.Method.BatchNorm);
    }

    [Fact]
    public void RunningStatisticsMoveTowardsThoseOfAllQueriesOfTheTasks()
    {
        MamlPlusPlus<Conv4> method = All with { Statistics = QueryStatistics.Running };
        PlusPlus<Conv4> p = method.Begin(Model);
        MetaStep<PlusPlus<Conv4>> step = method.Method.Step(p, Tasks);
        // Before adaptation the first layer sees the same in every task.
        Tensor x = Model.Blocks[0].Convolution.Forward(Tasks.QueryX.Reshape(12, 1, 16, 16));
        var (mean, variance) = x.Moments([0, 2, 3]);
        RunningStatistics seen = step.Moved.Statistics.Norms[0];
        Assert.Equal("(3, 3)", $"{seen.Mean.Shape}");
        Assert.True(Distance(0.25 * mean, seen.Mean[0]) < 1e-12);
        Assert.True(Distance(0.75 + 0.25 * variance, seen.Variance[0]) < 1e-12);
        // Each step has its own, and nothing else moves.
        Assert.True(Distance(seen.Mean[1], seen.Mean[0]) > 1e-6);
        Assert.True(Distance(seen.Mean[2], seen.Mean[1]) > 1e-6);
        Assert.True(Tree.AllClose(p.Start, step.Moved.Start, 0, 0));
        Assert.All(step.Gradient.Statistics.Leaves(), leaf => Assert.True(IsZero(leaf)));
    }

    [Fact]
    public void TrainingGoesOverFromTheBatchsStatisticsToTheRunningOnes()
    {
        MamlPlusPlus<Conv4> running = All with { Statistics = QueryStatistics.Running };
        PlusPlus<Conv4> p = Begun(running);
        Episode task = Tasks.Task(0);
        double Of(MamlPlusPlus<Conv4> method, double fraction) =>
            method.Method.TaskLoss(p, task, Progress.At(fraction)).Item();
        Assert.Equal(Of(All, 0), Of(running, 0), 1e-9);
        Assert.NotEqual(Of(All, 0.05), Of(running, 0.05), 1e-6);
        double Annealed(double fraction) => running.Method.TaskLoss(
            p, task, Progress.At(fraction, annealed: true)).Item();
        Assert.Equal(Annealed(1), Annealed(0));
        MamlPlusPlus<Conv4> last = running with { MultiStep = false };
        Tensor logits = running.Method.Predictions(p, task, [Steps])[0];
        Assert.Equal(
            Loss.CrossEntropy(logits, task.QueryY).Item(), Of(last, 0.5), 1e-9);
        Assert.Equal(Of(last, 0.5), Annealed(0.5), 1e-9);
    }

    [Fact]
    public void TheOrderOfDerivativesIsAnnealed()
    {
        Func<long, Progress> over = Progress.Over(10, firstOrder: 0.3);
        Assert.Equal(
            [true, true, true, false, false],
            ((long[])[0, 1, 2, 3, 12]).Select(n => over(n).FirstOrder));
        Assert.Equal(
            [false, true, true], ((long[])[0, 1, 10]).Select(n => over(n).Annealed));
        Assert.Equal(
            [false, true], ((long[])[4, 5]).Select(Progress.Over(10, anneal: 0.5)).Select(
                at => at.Annealed));
        Assert.Contains("0 steps", Assert.Throws<EngineException>(() => Progress.Over(0)).Message);
        Assert.Equal(0.5, over(5).Fraction.Item());
        Assert.Equal(1, over(12).Fraction.Item());
        PlusPlus<Conv4> p = Begun(All);
        PlusPlus<Conv4> Gradient(MamlPlusPlus<Conv4> method, Progress at) =>
            method.Method.Step(p, Tasks, at).Gradient;
        PlusPlus<Conv4> first = Gradient(All with { FirstOrder = true }, Progress.At(0.2));
        Assert.True(Tree.AllClose(first, Gradient(All, Progress.At(0.2, true)), 1e-12, 1e-14));
        Assert.False(Tree.AllClose(
            first.Start, Gradient(All, Progress.At(0.2)).Start, 1e-3, 1e-6));
    }

    [Fact]
    public void AResumedRunGoesOnBitForBit()
    {
        MamlPlusPlus<Conv4> method = All with { Statistics = QueryStatistics.Running };
        MetaTraining<PlusPlus<Conv4>> New() => new(
            method.Method, Optim.Adam(Schedule.Cosine(1e-3, 4)), Draw, metaBatch: 2,
            progress: Progress.Over(4, firstOrder: 0.5));
        MetaTraining<PlusPlus<Conv4>> once = New(), again = New();
        TrainingState<PlusPlus<Conv4>> a = once.Start(method.Begin(Model));
        for (int i = 0; i < 4; i++) (a, _) = once.Step(a);
        TrainingState<PlusPlus<Conv4>> b = again.Start(method.Begin(Model));
        for (int i = 0; i < 2; i++) (b, _) = again.Step(b);
        string file = Path.GetTempFileName();
        try
        {
            Checkpoint.Save(file, b);
            b = Checkpoint.Load(file, New().Start(method.Begin(Model)));
        }
        finally
        {
            File.Delete(file);
        }
        MetaTraining<PlusPlus<Conv4>> resumed = New();
        for (int i = 0; i < 2; i++) (b, _) = resumed.Step(b);
        foreach (var (x, y) in a.Leaves().Zip(b.Leaves())) Assert.Equal(x.ToRaw(), y.ToRaw());
    }

    [Fact]
    public void ModelsWithoutBatchNormalisationLearnToo()
    {
        var method = new MamlPlusPlus<Mlp>(Objective.Regression, 3, 0.05);
        Episode task = Episode.From(new SinusoidTasks(5, 5).Sample(3, 0, 1)).Task(0);
        Mlp model = Mlp.Create(Key.From(1), [1, 6, 1], Activation.Tanh);
        Assert.True(OrderCheck.Measure(method.Method, method.Begin(model), task).Confirmed);
    }

    [Fact]
    public void MisuseIsExplained()
    {
        string Error(Action call) => Assert.Throws<EngineException>(call).Message;
        Assert.Equal("MamlPlusPlus: 0 inner steps, anneal 0.1, momentum 0.25; give at least 1, "
            + "more than 0, and 0 to 1.", Error(() => (All with { InnerSteps = 0 }).Begin(Model)));
        Assert.Contains("momentum NaN",
            Error(() => (All with { Momentum = double.NaN }).Begin(Model)));
        var perceptron = new MamlPlusPlus<Mlp>(
            Objective.Regression, 1, 0.1, Statistics: QueryStatistics.Running);
        Assert.Contains("statistics Running need a network", Error(() =>
            perceptron.Begin(Mlp.Create(Key.From(1), [1, 6, 1], Activation.Tanh))));
    }
}
