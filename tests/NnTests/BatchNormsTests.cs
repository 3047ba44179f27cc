// The batch normalisations of a network as a tree, and networks run with others.
using System.Collections.Immutable;
using Engine.Nn;

namespace Engine.NnTests;

/// <summary>A network with one set of batch normalisations for each inner step.</summary>
internal sealed partial record Stepped(Conv4 Network, ImmutableArray<BatchNorms> Steps) : ITree;

public class BatchNormsTests
{
    private static readonly Conv4 Net =
        Conv4.Create(Key.From(1), channels: 1, size: 16, filters: 2, ways: 2, DType.Float64);

    private static readonly Tensor X = Key.From(2).Normal([4, 1, 16, 16], DType.Float64).Eval();

    private static readonly Tensor Labels = Tensor.From([0, 1, 1, 0]);

    private static BatchNorms Other(long seed) => BatchNorms.Of(Net).Map((Tensor t) =>
        t + 0.3 * Key.From(seed).Normal(t.Shape, DType.Float64));

    [Fact]
    public void TheyStandInTheOrderOfTheTree()
    {
        BatchNorms norms = BatchNorms.Of(Net);
        Assert.Equal(4, norms.Norms.Length);
        for (int i = 0; i < 4; i++) Assert.Same(Net.Blocks[i].Norm, norms.Norms[i]);
        Assert.Equal("Norms.2.Shift", norms.Paths()[5]);
        Assert.Same(Net, norms.In(Net));
        Assert.Empty(BatchNorms.Of(Mlp.Create(Key.From(1), [2, 3])).Norms);
        Assert.Same(norms.Norms[1], BatchNorms.Of(norms.Norms[1]).Norms[0]);
    }

    [Fact]
    public void ANetworkRunsWithOthersInTheirPlaces()
    {
        BatchNorms other = Other(3);
        Conv4 by = other.In(Net);
        Conv4 hand = Net with
        {
            Blocks = [.. Net.Blocks.Select((b, i) => b with { Norm = other.Norms[i] })],
        };
        Assert.Equal(hand.Forward(X).ToArray<double>(), by.Forward(X).ToArray<double>());
        Assert.NotEqual(Net.Forward(X).ToArray<double>(), by.Forward(X).ToArray<double>());
        Assert.Same(Net.Head, by.Head);
        NormStatistics statistics = NormStatistics.For(Net);
        Assert.Equal(hand.Forward(X, statistics).ToArray<double>(),
            by.Forward(X, statistics).ToArray<double>());

        Tensor LossOf(Conv4 m) => Loss.CrossEntropy(m.Forward(X), Labels);
        BatchNorms g = Grad.Of((BatchNorms n) => LossOf(n.In(Net)))(other);
        Assert.True(Tree.AllClose(BatchNorms.Of(Grad.Of((Conv4 m) => LossOf(m))(hand)), g, 1e-12));
    }

    /// <summary>
    /// As in MAML++: inner steps each with their own scales and shifts, all learned.
    /// </summary>
    [Fact]
    public void SetsForEachInnerStepAreDifferentiatedExactly()
    {
        // Smooth in place of the rectifier and the pooling, whose kinks no difference bears.
        var net = new Smooth(
            Linear.Create(Key.From(4), 3, 4, type: DType.Float64),
            BatchNorm.Create(4, DType.Float64),
            Linear.Create(Key.From(5), 4, 1, type: DType.Float64));
        Tensor x = Key.From(6).Normal([5, 3], DType.Float64), y = x.Sum(1, keepDims: true).Sin();
        Tensor MetaLoss((Smooth Net, BatchNorms First, BatchNorms Last) p)
        {
            var inner = Grad.Of((Smooth m) => Loss.Mse(p.First.In(m).Forward(x), y),
                where: path => !path.StartsWith("Norm", StringComparison.Ordinal));
            Smooth adapted = p.Net.Zip(inner(p.Net), (w, g) => w - 0.1 * g);
            return Loss.Mse(p.Last.In(adapted).Forward(0.5 * x), y);
        }
        BatchNorms sets = BatchNorms.Of(net);
        var start = new Sets(net, sets.Map((Tensor t) => t + 0.2), sets.Map((Tensor t) => t - 0.3));
        GradCheckResult check = GradCheck.Run(
            (Sets s) => MetaLoss((s.Net, s.First, s.Last)), start);
        Assert.InRange(check.Error, 0, 1e-8);
        Sets g = Grad.Of((Sets s) => MetaLoss((s.Net, s.First, s.Last)))(start);
        Assert.All(g.First.Leaves().Concat(g.Last.Leaves()),
            leaf => Assert.True(leaf.Square().Sum().Item() > 0));
        Sets compiled = Compile.Of(Grad.Of(
            (Sets s) => MetaLoss((s.Net, s.First, s.Last))))(start);
        Assert.True(Tree.AllClose(g, compiled, 1e-10));
    }

    [Fact]
    public void SeveralSetsAreATree()
    {
        var stepped = new Stepped(Net, [BatchNorms.Of(Net), Other(3)]);
        Assert.Contains("Steps.1.Norms.3.Scale", stepped.Paths());
        Assert.Equal(Other(3).In(Net).Forward(X).ToArray<double>(),
            stepped.Steps[1].In(stepped.Network).Forward(X).ToArray<double>());
    }

    [Fact]
    public void SetsThatDoNotFitAreExplained()
    {
        BatchNorms norms = BatchNorms.Of(Net);
        Assert.Equal("BatchNorms: 3 batch normalisations do not take the places of [Blocks.0.Norm, "
            + "Blocks.1.Norm, Blocks.2.Norm, Blocks.3.Norm]. Make them with "
            + "BatchNorms.Of(network).",
            Naive.Error(() => new BatchNorms(norms.Norms[..3]).In(Net)));
        Assert.Equal("BatchNorms: 'Blocks.1.Norm' has channels (2), but got scales (5) and shifts "
            + "(5). Make them with BatchNorms.Of(network).", Naive.Error(() =>
            new BatchNorms(norms.Norms.SetItem(1, BatchNorm.Create(5))).In(Net)));
    }
}

internal sealed partial record Smooth(Linear First, BatchNorm Norm, Linear Last) : ITree
{
    public Tensor Forward(Tensor x) => Last.Forward(Norm.Forward(First.Forward(x)).Tanh());
}

internal sealed partial record Sets(Smooth Net, BatchNorms First, BatchNorms Last) : ITree;
