// The metric learners' scores against plain loops of the papers' equations.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Tests.Meta;

public class MetricScoreTests
{
    private const int Ways = 4, Shots = 3;

    private static readonly Features<NoState> Itself = (_, x, _) => x;

    private static readonly Episode Vectors = new(
        Key.From(1).Normal([Ways * Shots, 5], DType.Float64).Eval(),
        Tensor.From(new long[] { 0, 1, 2, 3, 3, 2, 1, 0, 0, 1, 2, 3 }),
        Key.From(2).Normal([6, 5], DType.Float64).Eval(), Tensor.From(new long[6]), Ways);

    private static readonly double[][] Support = Rows(Vectors.SupportX);
    private static readonly double[][] Queries = Rows(Vectors.QueryX);
    private static readonly long[] Labels = Vectors.SupportY.ToArray<long>();

    [Fact]
    public void PrototypicalScoresAreMinusSquaredDistancesFromClassMeans() => AssertScores(
        new ProtoNet<NoState>(Itself).Scores(new(), Vectors, Unused),
        (query, w) => -SquaredDistance(query, Mean(w, x => x)));

    [Fact]
    public void MatchingScoresAreLogarithmsOfAttentionToTheClass()
    {
        var learner = new MatchingNet<NoState>(Itself);
        var p = learner.Begin(new(), Key.From(0), 5, scale: 7, DType.Float64).Model;
        AssertScores(learner.Scores(p, Vectors, Unused), (query, w) =>
        {
            double[] weights = [.. Support.Select(x => Math.Exp(7 * Cosine(query, x)))];
            return Math.Log(Labels.Index().Where(l => l.Item == w).Sum(l => weights[l.Index])
                / weights.Sum());
        });
    }

    [Fact]
    public void FullContextFollowsTheEquations()
    {
        const int steps = 3, n = 5;
        var learner = new MatchingNet<NoState>(Itself, steps);
        var p = learner.Begin(new(), Key.From(4), n, scale: 7, DType.Float64).Model;
        double[][] forward = Read(Support, p.Support!.Cells[0]);
        double[][] backward = [.. Read([.. Support.Reverse()], p.Support.Reversed[0]).Reverse()];
        double[][] g = [.. Support.Select((x, i) =>
            Enumerable.Range(0, n).Select(j => x[j] + forward[i][j] + backward[i][j]).ToArray())];
        double[][] f = [.. Queries.Select(query =>
        {
            double[] h = new double[n], r = new double[n], c = new double[n];
            for (int k = 0; k < steps; k++)
            {
                (double[] next, c) = CellStep(p.Query!, [.. query, .. r], h, c);
                h = [.. next.Select((v, j) => v + query[j])];
                double[] a = [.. g.Select(x => Math.Exp(Dot(h, x)))];
                r = [.. Enumerable.Range(0, n).Select(j =>
                    g.Select((x, i) => a[i] * x[j]).Sum() / a.Sum())];
            }
            return h;
        })];
        Tensor scores = learner.Scores(p, Vectors, Unused);
        for (int q = 0; q < f.Length; q++)
        {
            double[] weights = [.. g.Select(x => Math.Exp(7 * Cosine(f[q], x)))];
            for (int w = 0; w < Ways; w++)
                Assert.Equal(
                    Labels.Index().Where(l => l.Item == w).Sum(l => weights[l.Index])
                        / weights.Sum(),
                    Math.Exp(scores[q][w].Item()), 1e-10);
        }
    }

    [Theory, InlineData(false), InlineData(true)]
    public void CentroidsAreOfCentredFeaturesOfLengthOne(bool cosine)
    {
        var learner =
            new NearestCentroid<NoState>(Itself, cosine, BatchNorm: BatchNormMode.None);
        var p = learner.Begin(
            new(new(), new([])), Vectors.SupportX[..5], Vectors.SupportX[5..]).Model;
        double[] centre = [.. Enumerable.Range(0, 5).Select(j => Support.Average(x => x[j]))];
        double[] Ready(double[] x)
        {
            double[] shifted = [.. x.Select((v, j) => v - centre[j])];
            return [.. shifted.Select(v => v / Math.Sqrt(Dot(shifted, shifted)))];
        }

        AssertScores(learner.Scores(p, Vectors, Unused), (query, w) => cosine
            ? Cosine(Ready(query), Mean(w, Ready))
            : -SquaredDistance(Ready(query), Mean(w, Ready)));
    }

    [Fact]
    public void RelationsAreThoseOfPairsOfMapsOneBehindTheOther()
    {
        var module = RelationModule.Create(Key.From(1), 3, 5, 6, 4, DType.Float64);
        Tensor classes = Key.From(2).Normal([4, 3, 5, 5], DType.Float64);
        Tensor queries = Key.From(3).Normal([7, 3, 5, 5], DType.Float64);
        Tensor pairs = Tensor.Concat([.. Enumerable.Range(0, 28).Select(i => Tensor.Concat(
            [classes[(i % 4)..(i % 4 + 1)], queries[(i / 4)..(i / 4 + 1)]], 1))], 0);
        Tensor x = module.Second.Forward(module.First.Forward(pairs, ByBatch), ByBatch);
        Tensor expected = module.Score.Forward(module.Hidden.Forward(x.Flatten(1)).Relu())
            .Sigmoid().Reshape(7, 4);
        Tensor actual = module.Forward(classes, queries, ByBatch);
        Assert.True(Tree.AllClose(expected, actual, 1e-10, 1e-12));
    }

    [Fact]
    public void RelationNetSumsShotsAndTakesTheMeanSquare()
    {
        // A score that shows what it was given: maps of one channel, all weights fixed by a key.
        var module = RelationModule.Create(Key.From(1), 2, 4, 3, 4, DType.Float64);
        Features<NoState> itself = (_, x, _) => x;
        var learner = new RelationNet<NoState>(itself);
        Tensor maps = Key.From(5).Normal([Ways * Shots, 2, 4, 4], DType.Float64);
        Tensor queries = Key.From(6).Normal([2, 2, 4, 4], DType.Float64);
        var task = new Episode(
            maps, Vectors.SupportY, queries, Tensor.From(new long[] { 3, 1 }), Ways);
        Tensor sums = Tensor.Stack([.. Enumerable.Range(0, Ways).Select(w =>
            Labels.Index().Where(l => l.Item == w).Select(l => maps[l.Index])
                .Aggregate((a, b) => a + b))]);
        Tensor expected = module.Forward(sums, queries, ByBatch);
        var p = learner.Begin(new(), module);
        Assert.True(Tree.AllClose(
            expected, learner.Scores(p.Model, task, ByBatch), 1e-10, 1e-12));

        double[] scores = expected.ToDoubles();
        double mean = scores.Select((r, i) =>
            Math.Pow(r - (i is 3 or Ways + 1 ? 1 : 0), 2)).Average();
        Assert.Equal(mean, learner.Method.TaskLoss(p, task, Progress.Begin).Item(), 1e-10);
    }

    [Fact]
    public void WhatCannotWorkIsRefusedWithAReason()
    {
        string Of(Action act) => Assert.Throws<EngineException>(act).Message;
        Assert.Equal(
            "Features: the task does not say how many classes it has. Give Episode.Ways, the "
            + "number of its classes.",
            Of(() => new ProtoNet<NoState>(Itself).Scores(
                new(), Vectors with { Ways = 0 }, Unused)));
        Assert.StartsWith(
            "Features: the task does not say how many classes it has.",
            Of(() => new MatchingNet<NoState>(Itself).Scores(
                new(new(), Tensor.Scalar(1.0)), Vectors with { Ways = 0 }, Unused)));
        Assert.Equal(
            "RelationModule: maps of 3 x 3 vanish in two poolings. Give maps of at least 4 x 4: "
            + "embed larger images or pool less.",
            Of(() => RelationModule.Create(Key.From(1), 4, 3)));
        Assert.Equal(
            "RelationModule: made for maps of 4 channels, but got (2, 3, 5, 5) and (2, 3, 5, 5). "
            + "Create it with the embedding's channels.",
            Of(() => RelationModule.Create(Key.From(1), 4, 5).Forward(
                Tensor.Zeros([2, 3, 5, 5]), Tensor.Zeros([2, 3, 5, 5]), ByBatch)));
        Assert.Equal(
            "MatchingNet: the scale must be positive and the context steps 0 or more, but they are "
            + "0 and 0.",
            Of(() => new MatchingNet<NoState>(Itself).Begin(new(), Key.From(1), 4, scale: 0)));
        Assert.StartsWith(
            "MatchingNet: the parameters lack the readers",
            Of(() => new MatchingNet<NoState>(Itself, 2).Scores(
                new(new(), Tensor.Scalar(1.0)), Vectors, Unused)));
        Assert.StartsWith(
            "NearestCentroid: the model has batch normalisations without running statistics.",
            Of(() => new NearestCentroid<Conv4>(Features.Of<Conv4>()).Begin(
                new(Conv4.Create(Key.From(1), 1, 28, 4, 1), new([])))));
    }

    private static Tensor ByBatch(BatchNorm norm, Tensor x) => norm.Forward(x);

    private static Tensor Unused(BatchNorm norm, Tensor x) => throw new NotSupportedException();

    private static void AssertScores(Tensor scores, Func<double[], int, double> expected)
    {
        Assert.Equal([Queries.Length, Ways], scores.Shape.Sizes.ToArray());
        for (int q = 0; q < Queries.Length; q++)
            for (int w = 0; w < Ways; w++)
                Assert.Equal(expected(Queries[q], w), scores[q][w].Item(), 1e-10);
    }

    private static double[][] Rows(Tensor x) =>
        [.. x.ToDoubles().Chunk(x.Shape[1])];

    private static double[] Mean(int ofClass, Func<double[], double[]> f)
    {
        double[][] members =
            [.. Support.Where((_, i) => Labels[i] == ofClass).Select(f)];
        return [.. Enumerable.Range(0, 5).Select(j => members.Average(x => x[j]))];
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static double Cosine(double[] a, double[] b) =>
        Dot(a, b) / Math.Sqrt(Dot(a, a) * Dot(b, b));

    private static double SquaredDistance(double[] a, double[] b) =>
        a.Zip(b, (x, y) => (x - y) * (x - y)).Sum();

    private static double[][] Read(double[][] sequence, LstmCell cell)
    {
        int n = cell.HiddenWeight.Shape[1];
        double[] h = new double[n], c = new double[n];
        var outputs = new List<double[]>();
        foreach (double[] x in sequence)
        {
            (h, c) = CellStep(cell, x, h, c);
            outputs.Add(h);
        }
        return [.. outputs];
    }

    /// <summary>One step of an LSTM, gate by gate: input, forget, cell, output.</summary>
    private static (double[] Hidden, double[] Cell) CellStep(
        LstmCell cell, double[] x, double[] h, double[] c)
    {
        int n = h.Length;
        double[][] wx = Rows(cell.InputWeight), wh = Rows(cell.HiddenWeight);
        double[] bx = cell.InputBias!.ToDoubles(), bh = cell.HiddenBias!.ToDoubles();
        double Gate(int row) => Dot(wx[row], x) + Dot(wh[row], h) + bx[row] + bh[row];
        static double Sigmoid(double v) => 1 / (1 + Math.Exp(-v));
        double[] next = [.. Enumerable.Range(0, n).Select(j =>
            Sigmoid(Gate(n + j)) * c[j] + Sigmoid(Gate(j)) * Math.Tanh(Gate(2 * n + j)))];
        return ([.. next.Select((v, j) => Sigmoid(Gate(3 * n + j)) * Math.Tanh(v))], next);
    }
}
