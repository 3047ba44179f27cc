// Meta-LSTM: its update against plain numbers, its meta-gradients against finite differences, and
// that it learns to forecast.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Tests.Meta;

public class MetaLstmTests
{
    private static readonly Objective<Mlp> Regression = Objective.Regression;

    private static readonly Mlp Learner =
        Mlp.Create(Key.From(1), [1, 4, 1], Activation.Tanh, DType.Float64);

    private static readonly Episode Tasks = Double(
        Episode.From(new SinusoidTasks(5, 5).Sample(3, 0, 2)));

    private static readonly Episode Task = Tasks.Task(0);

    [Theory, InlineData(false), InlineData(true)]
    public void ExactMetaGradientsAreThoseOfDifferences(bool remat)
    {
        var meta = new MetaLstm<Mlp>(Regression, 3, Exact: true, Remat: remat);
        GradCheckResult check = GradCheck.Run(
            (LstmOptimizer<Mlp> p) => meta.Method.MetaLoss(p, Tasks), Awake(meta), step: 1e-4);
        Assert.True(check.Error < 1e-6, $"{check}");
        Assert.Equal(Claim.Exact, meta.Method.Claim);
    }

    [Fact]
    public void ForecastersAreLearnedExactly()
    {
        var form = new SeriesForm(Window: 5, Support: 6, Queries: 3, Horizon: 2);
        Episode tasks = Double(Episode.From(
            new SeriesTasks(EmbeddedData.UsJobs, form).Sample(0, 0, 2)));
        LstmForecaster start = LstmForecaster.Create(Key.From(2), 3, 2, type: DType.Float64);
        var meta = new MetaLstm<LstmForecaster>(Objective.Forecast(Loss.Mse), 2, Exact: true);
        GradCheckResult check = GradCheck.Run(
            (LstmOptimizer<LstmForecaster> p) => meta.Method.MetaLoss(p, tasks),
            Awake(meta, start), step: 1e-4);
        Assert.True(check.Error < 1e-6, $"{check}");
    }

    [Fact]
    public void FirstOrderTakesGradientsAndLossesForConstants()
    {
        // The learner's gradients and losses, kept as they were at these parameters.
        var meta = new MetaLstm<Mlp>(Regression, 3);
        LstmOptimizer<Mlp> at = Awake(meta);
        var seen = new List<(Tensor Loss, Mlp Gradient)>();
        foreach (Mlp learner in meta.Trajectory(at, Task, 2))
            seen.Add(Grad.WithValue((Mlp m) => Regression.Support(m, Task))(learner));

        Tensor Frozen(LstmOptimizer<Mlp> p)
        {
            InnerRule<Mlp, LstmOptimizerState> rule = MetaLstm.Rule(p);
            var (learner, state) = (p.Start, rule.Start(p.Start));
            for (int n = 0; n < 3; n++)
                (learner, state) =
                    rule.Update(learner, seen[n].Gradient, seen[n].Loss, state, n);
            return Regression.Query(learner, Task);
        }

        GradCheckResult check = GradCheck.Run(Frozen, at, step: 1e-4);
        Assert.True(check.Error < 1e-6, $"{check}");
        LstmOptimizer<Mlp> gradient = meta.Method.Step(at, Task.Map(Batched)).Gradient;
        Assert.True(Tree.AllClose(Grad.Of<LstmOptimizer<Mlp>>(Frozen)(at), gradient, 1e-10, 1e-12));
        LstmOptimizer<Mlp> exact =
            (meta with { Exact = true }).Method.Step(at, Task.Map(Batched)).Gradient;
        Assert.False(Tree.AllClose(exact, gradient, 1e-2, 1e-4));
        Assert.Equal(Claim.FirstOrder, meta.Method.Claim);
    }

    [Fact]
    public void TheUpdateIsThatOfTheEquations()
    {
        var meta = new MetaLstm<Mlp>(Regression, 1);
        LstmOptimizer<Mlp> p = Awake(meta);
        InnerRule<Mlp, LstmOptimizerState> rule = MetaLstm.Rule(p);
        LstmOptimizerState state = rule.Start(Learner);
        Mlp learner = Learner;
        double[] cell = Flat(Learner);
        var memory = cell.Select(_ => (H: new double[20], C: new double[20], F: 0.0, I: 0.0))
            .ToArray();
        for (int step = 0; step < 2; step++)
        {
            var (loss, gradient) = Grad.WithValue((Mlp m) => Regression.Support(m, Task))(learner);
            (learner, state) = rule.Update(learner, gradient, loss, state, step);
            double[] slope = Flat(gradient);
            for (int i = 0; i < cell.Length; i++)
            {
                double[] x = [.. Readable(loss.Item()), .. Readable(slope[i])];
                cell[i] = ByHand(p, x, cell[i], slope[i], ref memory[i]);
            }
            double[] made = Flat(learner);
            for (int i = 0; i < cell.Length; i++) Assert.Equal(cell[i], made[i], 1e-12);
        }
    }

    /// <summary>One coordinate's update in plain numbers.</summary>
    private static double ByHand(
        LstmOptimizer<Mlp> p, double[] x, double cell, double slope,
        ref (double[] H, double[] C, double F, double I) memory)
    {
        double[] wx = p.Reader.InputWeight.ToDoubles(), wh = p.Reader.HiddenWeight.ToDoubles();
        double[] b = p.Reader.InputBias!.ToDoubles();
        double[] before = memory.H;
        double Sum(int row) => b[row] + Enumerable.Range(0, 4).Sum(j => wx[row * 4 + j] * x[j])
            + Enumerable.Range(0, 20).Sum(j => wh[row * 20 + j] * before[j]);
        var next = new double[20];
        for (int u = 0; u < 20; u++)
        {
            memory.C[u] = Sigmoid(Sum(20 + u)) * memory.C[u]
                + Sigmoid(Sum(u)) * Math.Tanh(Sum(40 + u));
            next[u] = Sigmoid(Sum(60 + u)) * Math.Tanh(memory.C[u]);
        }
        double Gate(Tensor weight, Tensor bias, double last) => bias.ToDoubles()[0]
            + ((double[])[.. next, cell, last]).Zip(weight.ToDoubles(), (a, w) => a * w).Sum();
        double forget = Gate(p.ForgetWeight, p.ForgetBias, memory.F);
        double input = Gate(p.InputWeight, p.InputBias, memory.I);
        memory = (next, memory.C, forget, input);
        return Sigmoid(forget) * cell - Sigmoid(input) * slope;
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static double[] Readable(double x) => Math.Abs(x) > Math.Exp(-10)
        ? [Math.Log(Math.Abs(x)) / 10, Math.Sign(x)] : [-1, Math.Exp(10) * x];

    [Fact]
    public void NumbersAreReadByLogarithmAndSign()
    {
        Tensor read = MetaLstm.Readable(Tensor.From([1, -Math.Exp(5), 1e-6, 0]).Reshape(4, 1));
        double[] expected = [0, 1, 0.5, -1, -1, 1e-6 * Math.Exp(10), -1, 0];
        foreach (var (e, r) in expected.Zip(read.ToDoubles())) Assert.Equal(e, r, 1e-12);
    }

    [Fact]
    public void ItBeginsAsGradientDescent()
    {
        var meta = new MetaLstm<Mlp>(Regression, 1);
        LstmOptimizer<Mlp> p = meta.Create(Key.From(5), Learner);
        Assert.InRange(p.ForgetBias.Item(), 4, 5);
        Assert.InRange(p.InputBias.Item(), -5, -4);
        Mlp gradient = Grad.Of((Mlp m) => Regression.Support(m, Task))(Learner);
        double[] after = Flat(meta.Trajectory(p, Task, 1).Last());
        double keep = Sigmoid(p.ForgetBias.Item()), rate = Sigmoid(p.InputBias.Item());
        var expected = Flat(Learner).Zip(Flat(gradient), (w, g) => keep * w - rate * g);
        foreach (var (e, a) in expected.Zip(after)) Assert.Equal(e, a, 2e-3);
    }

    [Fact]
    public void BatchesOfTheSupportSetTakeTurns()
    {
        // Five samples in batches of two: 0 1, 2 3, 4, then from the front again.
        var meta = new MetaLstm<Mlp>(Regression, 4, Batch: 2);
        LstmOptimizer<Mlp> p = meta.Create(Key.From(5), Learner);
        Range[] turns = [0..2, 2..4, 4..5, 0..2];
        InnerRule<Mlp, LstmOptimizerState> rule = MetaLstm.Rule(p);
        var (learner, state) = (p.Start, rule.Start(p.Start));
        for (int n = 0; n < 4; n++)
        {
            Tensor x = Task.SupportX[turns[n]], y = Task.SupportY[turns[n]];
            var (loss, g) = Grad.WithValue((Mlp m) => Regression.LossOn(m, x, y))(learner);
            (learner, state) = rule.Update(learner, g, loss, state, n);
        }
        Assert.True(Tree.AllClose(learner, meta.Trajectory(p, Task, 4).Last(), 1e-12, 1e-14));
    }

    [Fact]
    public void RunningStatisticsKeepQueriesApart()
    {
        Conv4 start = Conv4.Create(Key.From(2), 1, 16, 4, 3, DType.Float64);
        Tensor labels = Tensor.From([0L, 1, 2]);
        Key[] keys = Key.From(5).Split();
        var task = new Episode(
            keys[0].Normal([3, 1, 16, 16], DType.Float64), labels,
            keys[1].Normal([3, 1, 16, 16], DType.Float64), labels);
        var meta = new MetaLstm<Conv4>(Objective.Conv4, 2)
        {
            RunningStatistics = true,
        };
        Assert.Equal(BatchNormMode.Inductive, meta.Method.BatchNorm);
        LstmOptimizer<Conv4> p = meta.Create(Key.From(3), start, hidden: 4);
        Tensor[] together = meta.Method.Predictions(p, task, [0, 2]);
        Tensor[] alone = meta.Method.Predictions(p, task with { QueryX = task.QueryX[1..2] }, [0, 2]);
        for (int i = 0; i < 2; i++)
            Assert.True(Tree.AllClose(together[i][1..2], alone[i], 1e-10, 1e-12));

        // By hand: statistics that began at 0 and 1 and were moved by the learners of both updates.
        Conv4[] learners = [.. meta.Trajectory(p, task, 2)];
        NormStatistics statistics = NormStatistics.For(start);
        for (int n = 0; n < 2; n++)
            statistics = learners[n].Train(task.SupportX, statistics, 0.9).Statistics;
        Assert.True(Tree.AllClose(
            learners[2].Forward(task.QueryX, statistics), together[1], 1e-10, 1e-12));
        Assert.False(Tree.AllClose(learners[2].Forward(task.QueryX), together[1], 1e-3, 1e-4));
    }

    [Fact]
    public void ItLearnsToForecastSeriesNeverSeen()
    {
        var form = new SeriesForm(Window: 8, Support: 16, Queries: 8);
        SeriesSplit split = SeriesSplit.BySeries(EmbeddedData.UsJobs, seed: 0);
        Func<long, int, Episode> From(SeriesSet set, long seed)
        {
            var tasks = new SeriesTasks(set, form);
            return (first, count) => Episode.From(tasks.Sample(seed, first, count));
        }

        Objective<LstmForecaster> objective = Objective.Forecast();
        var meta = new MetaLstm<LstmForecaster>(objective, 3);
        var training = new MetaTraining<LstmOptimizer<LstmForecaster>>(
            meta.Method, Optim.Adam(1e-2), From(split.Train, 1), metaBatch: 8, clipNorm: 1);
        LstmOptimizer<LstmForecaster> begin =
            meta.Create(Key.From(1), LstmForecaster.Create(Key.From(0), hidden: 6));
        var state = training.Start(begin);
        for (int n = 0; n < 80; n++) (state, _) = training.Step(state);

        // A mean absolute error in these units is a MASE, and the naive forecast repeats the last.
        Evaluation Mase(LstmOptimizer<LstmForecaster> p) => Evaluation.Run(
            meta.Method, p, From(split.Test, 2), 100, [0, 3], (f, y) => Loss.Mae(f, y), batch: 50);
        var naive = new Method<LstmForecaster>(
            (_, task, _) => Tensor.Scalar(0f),
            (_, task, steps) => [.. steps.Select(_ => task.QueryX[.., ^1..].Squeeze(2))],
            Claim.OwnDirection, BatchNormMode.None);
        Evaluation repeated = Evaluation.Run(
            naive, begin.Start, From(split.Test, 2), 100, [0], (f, y) => Loss.Mae(f, y));
        Evaluation before = Mase(begin), after = Mase(state.Model);
        Assert.True(after.Final < 0.97 * repeated.Final, $"{after.Final} {repeated.Final}");
        Assert.True(after.Final < before.Final, $"{after.Final} {before.Final}");
        Assert.True(after.Final < after.Mean[0], $"{after.Final} {after.Mean[0]}");
    }

    /// <summary>
    /// An optimiser whose weights are large enough for every derivative to count.
    /// </summary>
    private static LstmOptimizer<Mlp> Awake(MetaLstm<Mlp> meta) => Awake(meta, Learner);

    private static LstmOptimizer<T> Awake<T>(MetaLstm<T> meta, T start) where T : ITree
    {
        LstmOptimizer<T> p = meta.Create(Key.From(4), start);
        return p with
        {
            Reader = p.Reader.Map((Tensor w) => 30 * w),
            ForgetWeight = 10 * p.ForgetWeight,
            InputWeight = 10 * p.InputWeight,
            InputBias = p.InputBias + 2,
        };
    }

    private static double[] Flat(Mlp model) =>
        [.. model.Leaves().SelectMany(leaf => leaf.ToDoubles())];

    private static Tensor Batched(Tensor leaf) => leaf.ExpandDims(0);

    private static Episode Double(Episode e) =>
        e.Map((Tensor x) => x.DType.IsFloat() ? x.Cast(DType.Float64) : x);
}
