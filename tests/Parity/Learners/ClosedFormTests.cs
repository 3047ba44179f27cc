// Closed-form heads against the same problems solved for the weights themselves.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Parity.Learners;

public class ClosedFormTests
{
    private static readonly Solved<Linear> Identity = new(
        new(Tensor.Eye(4, DType.Float64), null), Tensor.Scalar(Math.Log(0.3)),
        Tensor.Scalar(1.7), Tensor.Scalar(-0.4));

    private static Episode Task(int ways)
    {
        Key[] keys = Key.From(9).Split();
        Tensor labels =
            Tensor.From([.. Enumerable.Range(0, 3 * ways).Select(i => (long)i % ways)]);
        return new(
            keys[0].Normal([3 * ways, 4], DType.Float64), labels,
            keys[1].Normal([3 * ways, 4], DType.Float64), labels);
    }

    private static Tensor WithOnes(Tensor x) =>
        Tensor.Concat([x, Tensor.Ones([x.Shape[0], 1], x.DType)], 1);

    [Theory, InlineData(2), InlineData(5)]
    public void RidgeIsThatOfTheNormalEquations(int ways)
    {
        Episode task = Task(ways);
        var r2d2 = new R2D2<Linear>(
            (model, x) => model.Forward(x), e => e.SupportY.OneHot(ways),
            (logits, labels) => Loss.CrossEntropy(logits, labels), BatchNormMode.None);
        Tensor x = WithOnes(task.SupportX), y = task.SupportY.OneHot(ways, DType.Float64);
        Tensor weights = (x.Transpose().MatMul(x) + 0.3 * Tensor.Eye(5, DType.Float64))
            .Solve(x.Transpose().MatMul(y));
        Tensor expected = 1.7 * WithOnes(task.QueryX).MatMul(weights) - 0.4;
        Assert.True(Tree.AllClose(expected, r2d2.Predict(Identity, task), 1e-11, 1e-12));
    }

    [Fact]
    public void NewtonStepsAreThoseOfTheWeights()
    {
        const int ways = 3;
        Episode task = Task(ways);
        var lrd2 = new LrD2<Linear>(
            (model, x) => model.Forward(x), e => e.SupportY.OneHot(ways),
            (logits, labels) => Loss.CrossEntropy(logits, labels), BatchNormMode.None);
        Tensor[] actual = [.. lrd2.Trajectory(Identity, task, 20)];
        Tensor x = WithOnes(task.SupportX), queries = WithOnes(task.QueryX);
        for (int way = 0; way < ways; way++)
        {
            Tensor y = task.SupportY.EqualTo(way).Cast(DType.Float64);
            Tensor Penalised(Tensor w) =>
                Loss.BceWithLogits(x.MatMul(w), y, Reduction.Sum) + 0.15 * w.Square().Sum();
            Tensor w = Tensor.Zeros(5, DType.Float64);
            for (int step = 0; step <= 20; step++)
            {
                Tensor expected = 1.7 * queries.MatMul(w) - 0.4;
                Assert.True(Tree.AllClose(
                    expected, actual[step].Transpose()[way], 1e-9, 1e-9), $"{way} {step}");
                w -= Hessian.Of((Tensor v) => Penalised(v))(w)
                    .Solve(Grad.Of((Tensor v) => Penalised(v))(w));
            }
            // Twenty steps end at the minimum.
            Assert.True(Grad.Of((Tensor v) => Penalised(v))(w).Norm().Item() < 1e-9);
        }
    }

    [Fact]
    public void FarFeaturesStayFinite()
    {
        Episode task = Task(3);
        task = task with { SupportX = 1e3 * task.SupportX, QueryX = 1e3 * task.QueryX };
        LrD2<Linear> lrd2 = new(
            (model, x) => model.Forward(x), e => e.SupportY.OneHot(3),
            (logits, labels) => Loss.CrossEntropy(logits, labels), BatchNormMode.None);
        Solved<Linear> gradient = Grad.Of((Solved<Linear> p) =>
            lrd2.Method.TaskLoss(p, task, Progress.Begin))(Identity);
        foreach (Tensor leaf in gradient.Leaves())
            Assert.All(leaf.ToDoubles(), value => Assert.True(double.IsFinite(value)));
    }

    [Theory, InlineData(true), InlineData(false)]
    public void TrainingMayHaveMoreWaysThanTesting(bool ridge)
    {
        Method<Solved<TinyNet>> method = ridge
            ? R2D2.Images<TinyNet>().Method : LrD2.Images<TinyNet>().Method;
        Solved<TinyNet> start =
            R2D2.Images<TinyNet>().Begin(TinyNet.Create(Key.From(3), ways: 1));
        var training = new MetaTraining<Solved<TinyNet>>(
            method, Optim.Adam(0.02), (first, n) => Tasks.OfImages(8, 1, first, n), metaBatch: 4);
        TrainingState<Solved<TinyNet>> state = training.Start(start);
        for (int n = 0; n < 60; n++) (state, _) = training.Step(state);
        Evaluation Test(Solved<TinyNet> p) => Evaluation.Run(
            method, p, (first, n) => Tasks.OfImages(3, 1, 1_000_000 + first, n), 150, [0, 5],
            Loss.Accuracy);
        Evaluation before = Test(start), after = Test(state.Model);
        Assert.True(after.Final > before.Final + 0.02, $"{before.Final} {after.Final}");
        Episode three = Tasks.OfImages(3, 1, 0, 1).Task(0);
        Assert.Equal([6, 3], method.Predictions(start, three, [0])[0].Shape.Sizes.ToArray());
        Assert.StartsWith("Features: the task does not say how many classes it has.",
            Assert.Throws<EngineException>(() => method.Predictions(
                start, three with { Ways = 0 }, [0])).Message);
        foreach (Tensor setting in (Tensor[])[state.Model.LogPenalty, state.Model.Scale])
            Assert.DoesNotContain(setting.Item(), (double[])[0, 1]);
    }
}
