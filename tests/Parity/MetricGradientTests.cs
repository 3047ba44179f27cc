// The gradients of the metric learners and of online-aware meta-learning against central
// differences of their losses, in float64.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Parity;

public class MetricGradientTests
{
    private const int Ways = 3;

    // At a kink of a rectifier or maximum the gradient jumps: the step is so small that it crosses
    // none.
    private const double Step = 3e-8;

    private static readonly Conv4 Model =
        Conv4.Create(Key.From(2), 1, 16, 4, Ways, DType.Float64);

    [Theory]
    [InlineData(BatchNormMode.Transductive)]
    [InlineData(BatchNormMode.Inductive)]
    public void ProtoNetIsExact(BatchNormMode mode)
    {
        var learner = new ProtoNet<Conv4>(Features.Of<Conv4>(), mode);
        Check(learner.Method, learner.Begin(Model), Tasks(16));
    }

    [Theory, InlineData(0), InlineData(1), InlineData(3)]
    public void MatchingNetIsExact(int contextSteps)
    {
        var learner = new MatchingNet<Conv4>(Features.Of<Conv4>(), contextSteps);
        Check(
            learner.Method, learner.Begin(Model, Key.From(3), 4, type: DType.Float64), Tasks(16));
    }

    [Fact]
    public void RelationNetIsExact()
    {
        var learner = new RelationNet<RelationEncoder>(RelationEncoder.Embed);
        var model = RelationEncoder.Create(Key.From(4), 1, 3, DType.Float64);
        var module = RelationModule.Create(
            Key.From(5), 3, RelationEncoder.MapSize(22), 4, 4, DType.Float64);
        Check(learner.Method, learner.Begin(model, module), Tasks(22));
    }

    [Theory, InlineData(false), InlineData(true)]
    public void NearestCentroidIsExact(bool cosine)
    {
        var learner = new NearestCentroid<Conv4>(
            Features.Of<Conv4>(), cosine, BatchNorm: BatchNormMode.Transductive);
        Check(learner.Method, learner.Begin(new Running<Conv4>(Model, new([]))), Tasks(16));
    }

    [Fact]
    public void ClassificationIsExact()
    {
        var learner =
            new Classification<Conv4>((m, x, n) => m.Head.Forward(m.Features(x, n)));
        Check(learner.Method, learner.Begin(Model), Tasks(16));
    }

    [Fact]
    public void OmlIsExactAndItsFirstOrderFormIsNot()
    {
        Oml<PlainConv, Linear> learner = Oml.Of(innerRate: 0.2);
        PlainConv encoder = PlainConv.Create(Key.From(6), 1, 3, 3, DType.Float64);
        var start = Oml<PlainConv, Linear>.Begin(
            encoder, Linear.Create(Key.From(7), encoder.FeatureCount(8), 5, type: DType.Float64));
        Episode tasks = Tasks(8);
        // The stream, and behind it others, also of classes that are not in it.
        tasks = tasks with
        {
            QueryX = Tensor.Concat([tasks.SupportX, tasks.QueryX], 1).Eval(),
            QueryY = Tensor.Concat([tasks.SupportY, tasks.QueryY + 1], 1).Eval(),
        };
        // The gradient is small, and so short a step would leave too few digits of it.
        Check(learner.Method, start, tasks, step: 1e-6);

        Episode one = tasks.Task(0);
        OrderCheck exact = OrderCheck.Measure(learner.Method, start, one);
        OrderCheck first = OrderCheck.Measure(
            (learner with { FirstOrder = true }).Method, start, one);
        Assert.True(exact.Confirmed, $"{exact}");
        Assert.True(first.Error > 1e-3, $"{first}");
    }

    private static void Check<P>(
        Method<P> method, P parameters, Episode tasks, double step = Step) where P : ITree
    {
        GradCheckResult result = GradCheck.Run(
            (P p) => method.MetaLoss(p, tasks), parameters, step: step);
        Assert.True(result.Error <= 1e-6, $"{result}");
        // What training steps against is that gradient.
        P loss = Grad.Of((P p) => method.MetaLoss(p, tasks))(parameters);
        Assert.True(Tree.AllClose(loss, method.Step(parameters, tasks).Gradient, 1e-10, 1e-12));
    }

    private static Episode Tasks(int size)
    {
        Key[] keys = Key.From(5).Split(2);
        Tensor labels = Tensor.From(new long[] { 0, 1, 2, 2, 1, 0, 1, 0, 0, 2, 2, 1 }, [2, 6]);
        Tensor Images(Key key) => key.Normal([2, 6, 1, size, size], DType.Float64).Eval();
        return new(Images(keys[0]), labels, Images(keys[1]), labels, Ways);
    }
}
