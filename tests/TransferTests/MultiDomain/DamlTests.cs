// DAML: the generator and its losses, the objective of the episodes, what each part leaves out.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public class DamlTests
{
    private const int Size = 8;

    private static readonly DomainBatch Batch = Bars(0, 8);

    [Fact]
    public void AGeneratorBeginsNearTheIdentity()
    {
        Generator generator = Generator.Create(Key.From(1), size: Size);
        Generated made = generator.Forward(Batch.SourceX, Key.From(2));
        Assert.Equal(Batch.SourceX.Shape, made.Images.Shape);
        Assert.True(made.Images.Min().Item() > 0 && made.Images.Max().Item() < 1);
        Assert.True((made.Warped - Batch.SourceX).Abs().Mean().Item() < 0.1);
        Assert.True((made.Images - made.Warped).Abs().Mean().Item() < 0.3);
        Generated other = generator.Forward(Batch.SourceX, Key.From(3));
        Assert.True(Fake.Largest(made.Warped, other.Warped) > 1e-3);
    }

    [Fact]
    public void TheGeneratorsLossesHaveExactDerivatives()
    {
        Generator generator = Doubles(Generator.Create(Key.From(1), size: Size));
        ImageCritic critic = Doubles(ImageCritic.Create(Key.From(2), 2, size: Size));
        var classifier = new Flat(Mlp.Create(
            Key.From(3), [Size * Size, 6, 2], Activation.Tanh, DType.Float64));
        DomainBatch batch = Grey();
        GradCheckResult result = GradCheck.Run(
            (Generator own) => (Tensor.From([1.0, 0.5, 3])
                * GeneratorTraining.GeneratorLosses(own, critic, classifier, batch)).Sum(),
            generator);
        Assert.True(result.Error < 1e-6, result.ToString());
    }

    [Fact]
    public void TheCriticsSlopeIsDifferentiatedAsWell()
    {
        ImageCritic critic = Doubles(ImageCritic.Create(Key.From(2), 2, size: Size));
        DomainBatch batch = Grey();
        GradCheckResult result = GradCheck.Run(
            (ImageCritic own) => GeneratorTraining.CriticLoss(
                own, Target(batch), (batch.SourceX, batch.SourceY), slope: 5),
            critic);
        Assert.True(result.Error < 1e-6, result.ToString());
        double Loss(double slope) => GeneratorTraining.CriticLoss(
            critic, Target(batch), (batch.SourceX, batch.SourceY), slope).Item();
        Tensor slopes = Grad.Of((Tensor x) => critic.Forward(x, Target(batch).Y).Sum())(
            batch.TargetX);
        Assert.Equal(
            slopes.Square().Sum().Item() / batch.TargetX.Shape[0] * 2.5, Loss(5) - Loss(0), 9);
    }

    [Fact]
    public void TheCriticTellsImagesOfAClassApart()
    {
        // Half of the images say nothing of the domain unless the class is known.
        ImageCritic critic = ImageCritic.Create(Key.From(2), 2, size: Size);
        Tensor all = critic.Forward(Batch.SourceX, Tensor.Zeros(8, DType.Int64));
        Tensor others = critic.Forward(Batch.SourceX, Tensor.Ones(8, DType.Int64));
        Tensor h = critic.Second.Forward(
            critic.First.Forward(Batch.SourceX).LeakyRelu(0.2)).LeakyRelu(0.2).Flatten(1);
        Tensor ofClass = critic.OfClass.Forward(h);
        Assert.True(Tree.AllClose(others - all, ofClass[.., 1] - ofClass[.., 0], 1e-5, 1e-6));
        Assert.True(Fake.Largest(all, others) > 1e-3);
    }

    [Fact]
    public void EpisodesHaveExactDerivatives()
    {
        Domains all = Several.Batches(2)(0);
        Domains source = One(0), other = One(1);
        Mlp network = Mlp.Create(
            Key.From(2), [Several.Features, 5, Several.Classes], Activation.Tanh, DType.Float64);
        GradCheckResult Check(bool firstOrder) => GradCheck.Run(
            (Mlp net) => Daml.Losses(net, source, other, DamlPart.Daml, 0.5, firstOrder).Sum(),
            network);
        GradCheckResult exact = Check(firstOrder: false), first = Check(firstOrder: true);
        Assert.True(exact.Error < 1e-6, exact.ToString());
        Assert.True(first.Error > 1e-3, first.ToString());

        Tensor On(Mlp net, Domains domain) =>
            Loss.CrossEntropy(net.Forward(domain.X[0]), domain.Y[0]);
        Mlp After(Domains domain) => network.Zip(
            Grad.Of((Mlp net) => On(net, domain))(network), (w, g) => w - 0.5 * g);
        Tensor losses = Daml.Losses(network, source, other, DamlPart.Daml, 0.5);
        Assert.Equal(
            (On(After(source), other) + On(After(other), source)).Item() / 2, losses[1].Item(), 9);
        Tensor plain = Daml.Losses(network, source, other, DamlPart.GanOnly, 0.5);
        Assert.Equal(losses[0].Item(), plain[0].Item(), 9);
        Assert.Equal(0, plain[1].Item());

        Domains One(int i) => new(
            all.X[i..(i + 1)].Cast(DType.Float64), all.Y[i..(i + 1)], all.Key);
    }

    [Fact]
    public void EachPartMakesOverTheSecondHalf()
    {
        Generator generator = Generator.Create(Key.From(1), size: Size);
        Tensor second = Batch.SourceX[4..];
        foreach (DamlPart part in Enum.GetValues<DamlPart>())
        {
            var (source, other) = Daml.Halves(part, generator, Batch);
            Assert.Equal(0, Fake.Largest(Batch.SourceX[..4], source.X[0]));
            Assert.Equal(Batch.SourceY[4..].ToArray<long>(), other.Y[0].ToArray<long>());
            bool generated = part is DamlPart.GanOnly or DamlPart.Daml;
            Tensor expected = generated ? generator.Forward(second, Batch.Key).Images : second;
            double change = (expected - other.X[0]).Abs().Mean().Item();
            if (generated || part == DamlPart.MetaOnly) Assert.InRange(change, 1e-3, 0.15);
            else Assert.Equal(0, change);
        }
        Assert.Contains("even size", Fake.Error(
            () => Daml.Halves(DamlPart.Daml, generator, Bars(0, 5))));
        Assert.Contains("multiple of 4", Fake.Error(
            () => Generator.Create(Key.From(1), size: 30)));
    }

    [Fact]
    public void OnlySourceOnlyIsReadByTheSourcesStatistics()
    {
        NormalizedLeNet network = NormalizedLeNet.Create(Key.From(0), 2, size: 16, hidden: 8);
        Generator generator = Generator.Create(Key.From(1), size: 16);
        foreach (DamlPart part in new[] { DamlPart.SourceOnly, DamlPart.Control, DamlPart.Daml })
        {
            var method = Daml.Create(network, generator, Optim.Adam(1e-3), part);
            DamlState<NormalizedLeNet> state =
                Adapt.Run(method, step => Bars(step, 4, 16), 2);
            Assert.False(Tree.AllClose(state.Source, state.Target));
            Assert.True(Tree.AllClose(
                part == DamlPart.SourceOnly ? state.Source : state.Target,
                method.Read(state).Statistics, 0, 0));
            Assert.True(Tree.AllClose(generator, state.Generator, 0, 0));
            Assert.False(Tree.AllClose(network, state.Network));
        }
    }

    [Fact]
    public void ResumedRunsHaveTheBitsOfUninterruptedOnes()
    {
        LeNet network = LeNet.Create(Key.From(0), 2, size: 16);
        Generator generator = Generator.Create(Key.From(1), size: 16);
        var training = GeneratorTraining.Create(
            network, generator, ImageCritic.Create(Key.From(2), 2, size: 16),
            Optim.Adam(5e-4, beta1: 0.5), Optim.Adam(1e-3));
        Several.AssertResumes(
            new Training<GeneratorState<LeNet>, DomainBatch>(
                training.Losses, training.Start, training.Step), step => Bars(step, 4, 16));
        var daml = Daml.Create(network, generator, Optim.Adam(1e-3));
        Several.AssertResumes(
            new Training<DamlState<LeNet>, DomainBatch>(daml.Losses, daml.Start, daml.Step),
            step => Bars(step, 4, 16));
    }

    [Fact]
    public void TheGeneratorComesToMoveImagesAsTheTargetHasThem()
    {
        // The target's bars are paler and stand lower: the mean of what is made comes nearer.
        var training = GeneratorTraining.Create(
            LeNet.Create(Key.From(0), 2, size: 16), Generator.Create(Key.From(1), size: 16),
            ImageCritic.Create(Key.From(2), 2, size: 16), Optim.Adam(2e-3, beta1: 0.5),
            Optim.Adam(1e-3));
        Assert.Equal(
            ["critic", "classifier", "adversarial", "task", "content"],
            training.Losses.ToArray());
        IReadOnlyList<double> last = [];
        var state = Adapt.Run(
            training, step => Bars(step, 16, 16), 200, (_, _, losses) => last = losses);
        DomainBatch test = Bars(1_000, 200, 16);
        double Distance(Tensor images) =>
            (images.Mean(0) - test.TargetX.Mean(0)).Square().Mean().Sqrt().Item();
        Tensor made = state.Average.Forward(test.SourceX, Key.From(5)).Images;
        double before = Distance(test.SourceX), after = Distance(made);
        Assert.True(after < 0.6 * before, $"{before} to {after}");
        Assert.True(last[3] < 0.3, $"the classifier's loss on generated images is {last[3]}");
    }

    [Fact]
    public void TheExperimentRunsEveryPart()
    {
        LabelledSet Set(string name, Tensor x) => LabelledSet.FromFloats(
            name, [1, 16, 16], x.ToArray<float>(),
            [.. Enumerable.Range(0, x.Shape[0]).Select(i => i % 2)], ["lying", "standing"]);
        DomainBatch all = Bars(0, 32, 16), test = Bars(1, 32, 16);
        var experiment = new DamlExperiment(
            new(Set("source", all.SourceX), Set("source test", test.SourceX),
                Set("target", all.TargetX), Set("target test", test.TargetX)),
            GeneratorSteps: 2, Steps: 4, BatchSize: 8, PerClass: 2)
        {
            Looks = 2,
        };
        var told = new List<string>();
        DamlFigures figures = experiment.Run(
            LeNet.Create(Key.From(0), 2, size: 16), seed: 1, (name, _, _) => told.Add(name));
        Assert.Equal(Enum.GetValues<DamlPart>(), figures.Rows.Select(row => row.Part));
        Assert.All(figures.Rows, row => Assert.True(
            row.Before is >= 0 and <= 1 && row.After is >= 0 and <= 1 && row.Oracle >= row.Before));
        Assert.Equal(2 + (6 * 4), told.Count);
        OrderCheck order = experiment.CheckOrder(LeNet.Create(Key.From(0), 2, size: 16), seed: 1);
        Assert.True(order.Confirmed, order.ToString());
        // Source-only and its control differ in normalisation alone, and this network has none.
        Assert.Equal(figures.Rows[0].After, figures.Rows[1].After);
    }

    private static (Tensor X, Tensor Y) Target(DomainBatch batch) =>
        (batch.TargetX, 1 - batch.SourceY);

    /// <summary>
    /// White bars, lying (0) or standing (1), anywhere; those of the target are paler and lower.
    /// </summary>
    private static DomainBatch Bars(long seed, int count, int size = Size)
    {
        var random = new SeededRandom(seed);
        float[] Images(bool target)
        {
            var x = new float[count * size * size];
            for (int i = 0; i < count; i++)
            {
                int top = random.Below(size / 4) + (target ? size / 2 - 1 : size / 4);
                int left = random.Below(size / 4) + size / 4, length = size / 3;
                for (int k = 0; k < length; k++)
                    for (int w = 0; w < 2; w++)
                    {
                        int row = top + (i % 2 == 0 ? w : k), column = left + (i % 2 == 0 ? k : w);
                        x[(((i * size) + row) * size) + column] = target ? 0.7f : 1;
                    }
            }
            return x;
        }
        Shape shape = [count, 1, size, size];
        return new(
            Tensor.From(Images(target: false), shape),
            Tensor.From([.. Enumerable.Range(0, count).Select(i => (long)(i % 2))]),
            Tensor.From(Images(target: true), shape), Tensor.Scalar(0f), Key.From(seed));
    }

    /// <summary>
    /// Images without a black background, on which rectifiers would stand at their kinks.
    /// </summary>
    private static DomainBatch Grey()
    {
        Tensor Images(long seed) =>
            Key.From(seed).Uniform([2, 1, Size, Size], 0.1, 0.9, DType.Float64).Eval();
        return new(
            Images(1), Tensor.From([0L, 1L]), Images(2), Tensor.Scalar(0f), Key.From(3));
    }

    private static T Doubles<T>(T tree) where T : ITree => tree.Map((Tensor leaf) =>
        leaf.DType == DType.Float32 ? leaf.Cast(DType.Float64).Eval() : leaf);
}

/// <summary>A perceptron of images.</summary>
public sealed partial record Flat(Mlp Mlp) : IFeatureNetwork
{
    public Linear Head => Mlp.Head;

    public Tensor Features(Tensor x, Normalize normalize) => Mlp.Features(x.Flatten(1));
}
