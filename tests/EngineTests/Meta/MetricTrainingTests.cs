// The metric learners: tiny trainings with more ways than in testing, resumption, and predictions
// in which no query influences another.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Tests.Meta;

public class MetricTrainingTests
{
    private static readonly Lazy<ClassSplit> Glyphs = new(ClassSplit.ByScript);

    [Fact]
    public void AShortTrainingWithMoreWaysTeachesFewer()
    {
        var learner = new ProtoNet<Conv4>(Features.Of<Conv4>());
        Improves(learner.Method, learner.Begin(Network()), steps: 120);
    }

    [Theory, InlineData(0), InlineData(2)]
    public void MatchingLearns(int contextSteps)
    {
        var learner = new MatchingNet<Conv4>(Features.Of<Conv4>(), contextSteps);
        Improves(learner.Method, learner.Begin(Network(), Key.From(3), 8), steps: 120);
    }

    [Fact]
    public void RelationsAreLearned()
    {
        var learner = new RelationNet<RelationEncoder>(RelationEncoder.Embed);
        Improves(
            learner.Method,
            learner.Begin(
                RelationEncoder.Create(Key.From(1), 1, 8),
                RelationModule.Create(Key.From(2), 8, 5, 8)),
            steps: 60);
    }

    [Fact]
    public void ClassificationMakesFeaturesForCentroids()
    {
        var batches = new ImageBatches(Glyphs.Value.Train, 32);
        var classifier = new Classification<Conv4>((m, x, n) => m.Head.Forward(m.Features(x, n)));
        Conv4 network = Conv4.Create(Key.From(1), 1, 28, 8, Glyphs.Value.Train.Classes.Length);
        var training = new MetaTraining<Running<Conv4>>(
            classifier.Method, Optim.Adam(3e-3), (first, n) => batches.Sample(1, first, n), 1);
        var trained = Train(training, training.Start(classifier.Begin(network)), 150).Model;

        var centroids = new NearestCentroid<Conv4>(Features.Of<Conv4>());
        Tensor some = batches.Sample(2, 0, 4).QueryX.Reshape(128, 1, 28, 28);
        double Accuracy(Running<Conv4> p) =>
            Evaluate(centroids.Method, centroids.Begin(p, some), ways: 5);
        double before = Accuracy(classifier.Begin(network)), after = Accuracy(trained);
        Assert.True(after > before + 0.1, $"{before} {after}");
    }

    [Theory]
    [InlineData(BatchNormMode.Inductive, true)]
    [InlineData(BatchNormMode.Transductive, false)]
    public void QueriesInfluenceOneAnotherByBatchStatisticsOnly(BatchNormMode mode, bool apart)
    {
        var learner = new ProtoNet<Conv4>(Features.Of<Conv4>(), mode);
        Running<Conv4> p = learner.Begin(Network());
        p = learner.Method.Step(p, Draw(5)(0, 1)).Moved;
        Episode task = Draw(5)(7, 1).Task(0);
        Tensor all = learner.Method.Predictions(p, task, [0])[0];
        Tensor one = learner.Method.Predictions(
            p, task with { QueryX = task.QueryX[..1], QueryY = task.QueryY[..1] }, [0])[0];
        Assert.Equal(apart, Tree.AllClose(all[..1], one, 1e-4, 1e-4));
    }

    [Fact]
    public void AResumedTrainingGoesOnTheSameWay()
    {
        var learner = new MatchingNet<Conv4>(Features.Of<Conv4>(), 1);
        MetaTraining<Running<Matching<Conv4>>> New() =>
            new(learner.Method, Optim.Adam(1e-3), Draw(5), 2);
        var start = New().Start(learner.Begin(Network(), Key.From(3), 8));
        var whole = Train(New(), start, 4);
        string path = Path.GetTempFileName();
        Checkpoint.Save(path, Train(New(), start, 2));
        var resumed = Train(New(), Checkpoint.Load(path, start), 2);
        File.Delete(path);
        Assert.Equal(4, resumed.Step);
        foreach (var (a, b) in whole.Leaves().Zip(resumed.Leaves()))
            Assert.Equal(a.ToRaw(), b.ToRaw());
        Assert.NotEqual(
            start.Model.Statistics.Norms[0].Mean.ToDoubles(),
            whole.Model.Statistics.Norms[0].Mean.ToDoubles());
    }

    private static Conv4 Network() => Conv4.Create(Key.From(1), 1, 28, 8, 1);

    private static Func<long, int, Episode> Draw(int ways, bool test = false)
    {
        var sampler =
            new EpisodeSampler(test ? Glyphs.Value.Test : Glyphs.Value.Train, ways, 1, 3);
        return (first, count) => Episode.From(sampler.Sample(test ? 2 : 1, first, count));
    }

    private static TrainingState<P> Train<P>(
        MetaTraining<P> training, TrainingState<P> state, int steps) where P : ITree
    {
        for (int n = 0; n < steps; n++) (state, _) = training.Step(state);
        return state;
    }

    private static double Evaluate<P>(Method<P> method, P p, int ways) where P : ITree =>
        Evaluation.Run(method, p, Draw(ways, test: true), 40, [0], Loss.Accuracy).Final;

    /// <summary>Trained on 10 ways, tested on 5: better than random weights by a tenth.</summary>
    private static void Improves<P>(Method<P> method, P start, int steps) where P : ITree
    {
        var training = new MetaTraining<P>(method, Optim.Adam(3e-3), Draw(10), metaBatch: 1);
        P trained = Train(training, training.Start(start), steps).Model;
        double before = Evaluate(method, start, 5), after = Evaluate(method, trained, 5);
        Assert.True(after > before + 0.1, $"{before} {after}");
    }
}
