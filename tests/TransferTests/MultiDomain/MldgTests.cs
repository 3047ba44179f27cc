// Learning from several domains to do well on others: exact derivatives, who is adapted on and who
// is judged on, resuming.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public class MldgTests
{
    private static readonly Objective<Mlp> Classifier = Objective.OfImages(Smooth());
    private static readonly Domains Batch = Doubles(Several.Batches(4)(0));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void TheGradientIsThatOfDifferences(int metaTest)
    {
        var exact = new Mldg<Mlp>(Classifier, InnerRate: 0.5, Beta: 0.7, metaTest);
        GradCheckResult result = GradCheck.Run((Mlp net) => exact.Loss(net, Batch), Smooth());
        Assert.True(result.Error < 1e-6, result.ToString());
        var first = exact with { FirstOrder = true };
        GradCheckResult other = GradCheck.Run((Mlp net) => first.Loss(net, Batch), Smooth());
        Assert.True(other.Error > 1e-3, other.ToString());
    }

    [Fact]
    public void FirstOrderIsTheGradientOfTheMovedModel()
    {
        var mldg = new Mldg<Mlp>(Classifier, 0.5, 0.7, FirstOrder: true);
        Mlp net = Smooth();
        Domains all = Batch.Shuffled();
        Tensor On(Mlp m, int i) => Classifier.LossOn(m, all.X[i], all.Y[i]);
        Mlp ofTrain = Grad.Of((Mlp m) => (On(m, 1) + On(m, 2) + On(m, 3)) / 3)(net);
        Mlp moved = net.Zip(ofTrain, (w, g) => w - 0.5 * g);
        Mlp ofTest = Grad.Of((Mlp m) => On(m, 0))(moved);
        Assert.True(Tree.AllClose(
            ofTrain.Zip(ofTest, (f, g) => f + 0.7 * g),
            Grad.Of((Mlp m) => mldg.Loss(m, Batch))(net), 1e-9, 1e-12));
    }

    [Fact]
    public void TheKeySaysWhichDomainsAreUnseen()
    {
        // The loss is the number of the domain: without an inner step, G is that of the unseen one.
        var number = new Objective<Tensorial>(
            (model, x) => 0 * model.W + x, (x, _) => x.Mean(), BatchNormMode.None);
        var mldg = new Mldg<Tensorial>(number, InnerRate: 0);
        Tensor x = Tensor.Arange(4).Cast(DType.Float64).ExpandDims(1);
        var seen = new HashSet<double>();
        for (int i = 0; i < 40; i++)
        {
            var batch = new Domains(x, Tensor.Zeros([4, 1]), Key.From(i));
            var (train, test) = mldg.Losses(new(Tensor.Scalar(1.0)), batch);
            Assert.Equal(6, 3 * train.Item() + test.Item(), 9);
            Assert.Equal(test.Item(), mldg.Losses(new(Tensor.Scalar(1.0)), batch).Test.Item());
            seen.Add(test.Item());
        }
        Assert.Equal([0, 1, 2, 3], seen.Order());
    }

    [Fact]
    public void TheNumberOfUnseenDomainsIsChecked()
    {
        foreach (int metaTest in new[] { 0, 4 })
            Assert.Contains("cannot be meta-test ones", Fake.Error(() =>
                new Mldg<Mlp>(Classifier, 0.1, MetaTest: metaTest).Loss(Smooth(), Batch)));
    }

    [Fact]
    public void ADomainThatWasNotTrainedOnIsLearnt()
    {
        var mldg = new Mldg<Mlp>(Objective.OfImages(Several.Network()), 0.1);
        var training = mldg.Training(Several.Network(), Optim.Adam(1e-2));
        Assert.Equal(["meta-train", "meta-test"], training.Losses.ToArray());
        double first = 0, last = 0;
        var state = training.Run(Several.Batches(5), 150, (done, _, losses) =>
            (first, last) = (done == 1 ? losses[1] : first, losses[1]));
        Assert.True(last < 0.3 * first, $"{first} to {last}");
        var none = NormStatistics.For(state.Model);
        double unseen = Several.Accuracy(new Adapted<Mlp>(state.Model, none), Several.Domain(9));
        Assert.True(unseen > 0.6, $"{unseen}");
    }

    [Fact]
    public void AResumedRunHasTheBitsOfAnUninterruptedOne()
    {
        var objective = Objective.OfImages(Several.Network());
        Several.AssertResumes(
            new Mldg<Mlp>(objective, 0.1).Training(Several.Network(), Optim.Adam(1e-2)),
            Several.Batches(3));
        Several.AssertResumes(
            DomainMaml.Training(
                new Maml<Mlp>(objective, 2, 0.1), Several.Network(), Optim.Adam(1e-2)),
            Several.Batches(3));
    }

    [Fact]
    public void ATaskIsBetweenTwoDomains()
    {
        Tensor x = Tensor.Arange(5).Cast(DType.Float64).ExpandDims(1);
        var orders = new HashSet<string>();
        for (int i = 0; i < 10; i++)
        {
            Episode tasks = DomainMaml.Tasks(new(x, 10 * x, Key.From(i)));
            double[] support = tasks.SupportX.ToDoubles(), query = tasks.QueryX.ToDoubles();
            Assert.Equal([0, 1, 2, 3, 4], support.Order());
            Assert.Equal([0, 1, 2, 3, 4], query.Order());
            Assert.All(support.Zip(query), pair => Assert.NotEqual(pair.First, pair.Second));
            Assert.Equal(query.Select(q => 10 * q), tasks.QueryY.ToDoubles());
            orders.Add(string.Join(" ", support));
        }
        Assert.True(orders.Count > 5);
        Assert.Contains("one domain makes no task", Fake.Error(
            () => DomainMaml.Tasks(new(x[..1], x[..1], Key.From(0)))));
    }

    [Fact]
    public void MamlOverDomainsIsExact()
    {
        Episode tasks = DomainMaml.Tasks(Batch);
        Method<Mlp> method = new Maml<Mlp>(Classifier, 2, 0.5).Method;
        GradCheckResult result = GradCheck.Run(
            (Mlp net) => method.MetaLoss(net, tasks), Smooth());
        Assert.True(result.Error < 1e-6, result.ToString());
        Assert.True(OrderCheck.Measure(method, Smooth(), tasks.Task(0)).Confirmed);
    }

    [Fact]
    public void MamlOverDomainsLearnsToAdapt()
    {
        var maml = new Maml<Mlp>(Objective.OfImages(Several.Network()), 1, 0.1);
        var training = DomainMaml.Training(maml, Several.Network(), Optim.Adam(1e-2));
        double first = 0, last = 0;
        training.Run(Several.Batches(5), 150, (done, _, losses) =>
            (first, last) = (done == 1 ? losses[0] : first, losses[0]));
        Assert.True(last < 0.3 * first, $"{first} to {last}");
    }

    [Fact]
    public void DomainsOfOtherClassesAreRefused()
    {
        LabelledSet other = LabelledSet.FromFloats(
            "other", [Several.Features], new float[12], [0, 1], ["a", "b"]);
        Assert.Contains("do not have the same classes", Assert.Throws<ArgumentException>(
            () => Domains.Batches([Several.Domain(0), other], 2, 0)).Message);
        Assert.Contains("needs at least 2", Assert.Throws<ArgumentException>(
            () => Domains.Batches([Several.Domain(0)], 2, 0)).Message);
    }

    private static Mlp Smooth() => Mlp.Create(
        Key.From(2), [Several.Features, 5, Several.Classes], Activation.Tanh, DType.Float64);

    private static Domains Doubles(Domains batch) => batch with { X = batch.X.Cast(DType.Float64) };
}

/// <summary>A model of one number.</summary>
public sealed partial record Tensorial(Tensor W) : ITree;
