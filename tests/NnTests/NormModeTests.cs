// Batch normalisations of one network in several modes, and dropout keys of networks.
using System.Collections.Immutable;
using Engine.Nn;

namespace Engine.Tests;

public class NormModeTests
{
    private static readonly Conv4 Net = Conv4.Create(Key.From(0), 1, 16, filters: 3, ways: 2);
    private static readonly Tensor X = Key.From(1).Normal([6, 1, 16, 16]).Eval();

    /// <summary>Statistics that are neither those of a new network nor those of the batch.</summary>
    private static readonly NormStatistics Before =
        NormStatistics.For(Net).Map((Tensor t) => (2 * t + 0.5).Eval());

    [Fact]
    public void ABlockIsFixedWhileTheOthersFollowTheBatch()
    {
        var (logits, after) = Net.Train(X, Before, path =>
            path == "Blocks.0.Norm" ? NormMode.Infer : NormMode.Train);
        // By hand: the first block by its running statistics, what follows as in training.
        Tensor first = Net.Blocks[0].Forward(X, (norm, t) => norm.Forward(t, Before.Norms[0]));
        Tensor rest = first;
        foreach (ConvBlock block in Net.Blocks.AsSpan()[1..])
            rest = block.Forward(rest, (norm, t) => norm.Forward(t));
        Assert.True(Tree.AllClose(Net.Head.Forward(rest.Flatten(1)), logits));
        Assert.True(Tree.AllClose(Before.Norms[0], after.Norms[0], 0, 0));
        Assert.False(Tree.AllClose(Before.Norms[1], after.Norms[1]));
    }

    [Fact]
    public void OneModeForAllIsThatWayToRun()
    {
        NormStatistics Run(NormMode mode, out Tensor logits)
        {
            (logits, NormStatistics after) = Net.Train(X, Before, _ => mode);
            return after;
        }
        Assert.True(Tree.AllClose(Before, Run(NormMode.Infer, out Tensor inferred), 0, 0));
        Assert.True(Tree.AllClose(Net.Forward(X, Before), inferred, 0, 0));
        Assert.True(Tree.AllClose(Before, Run(NormMode.Batch, out Tensor batch), 0, 0));
        Assert.True(Tree.AllClose(Net.Forward(X), batch, 0, 0));
        var (trained, moved) = Net.Train(X, Before);
        Assert.True(Tree.AllClose(moved, Run(NormMode.Train, out Tensor logits), 0, 0));
        Assert.True(Tree.AllClose(trained, logits, 0, 0));
    }

    [Fact]
    public void ModesOfAnotherNetworkAreRefused()
    {
        ImmutableArray<NormMode> modes = NormStatistics.Modes(Net.Blocks[0], _ => NormMode.Batch);
        Assert.Equal("NormStatistics: 1 modes do not suit the statistics of 4 batch "
            + "normalisations. Make them with NormStatistics.Modes(model, path => ...).",
            Assert.Throws<EngineException>(
                () => Before.Run(f => Net.Features(X, f), modes)).Message);
    }

    [Fact]
    public void LeNetDropsChannelsAndUnitsByAKeyAlone()
    {
        LeNet plain = LeNet.Create(Key.From(0), 10, size: 16);
        LeNet net = LeNet.Create(Key.From(0), 10, size: 16, dropout: 0.5);
        NormStatistics none = NormStatistics.For(net);
        Tensor Hidden(LeNet n, Key? key) =>
            none.Train(f => n.Features(X, f, key)).Output;
        Tensor whole = Hidden(plain, null);
        Assert.True(Tree.AllClose(whole, net.Features(X), 0, 0));
        Assert.True(Tree.AllClose(whole, Hidden(plain, Key.From(3)), 0, 0));
        Tensor dropped = Hidden(net, Key.From(3));
        Assert.True(Tree.AllClose(dropped, Hidden(net, Key.From(3)), 0, 0));
        Assert.False(Tree.AllClose(dropped, Hidden(net, Key.From(4))));
        // A unit is off if dropped or rectified: half of them are on without, a quarter with.
        static double On(Tensor t) => (t > 0).Cast(DType.Float32).Mean().Item();
        Assert.InRange(On(whole), 0.4, 0.6);
        Assert.InRange(On(dropped), 0.15, 0.35);
        // A network without dropout takes a key and leaves it.
        Assert.True(Tree.AllClose(
            Net.Train(X, Before).Logits, Net.Train(X, Before, dropout: Key.From(3)).Logits, 0, 0));
        Assert.Equal("Dropout: rate 1.5 must lie in 0..1.", Assert.Throws<EngineException>(
            () => LeNet.Create(Key.From(0), 10, dropout: 1.5)).Message);
    }

    [Fact]
    public void WhatIsKeptOfLeNetIsDoubledAtARateOfAHalf()
    {
        // With an identity the first 50 hidden units are 1 + the channels, which here are numbers.
        LeNet net = LeNet.Create(Key.From(0), 10, size: 16, dropout: 0.5);
        net = net with
        {
            Hidden = new(
                Tensor.Concat([Tensor.Eye(50), Tensor.Zeros([450, 50])], 0), Tensor.Ones(500)),
        };
        float[] Units(Key? key) => NormStatistics.For(net)
            .Train(n => net.Features(X, n, key)).Output[.., ..50].ToArray<float>();
        float[] whole = Units(null), dropped = Units(Key.From(2));
        int units = 0, channels = 0, kept = 0;
        for (int i = 0; i < whole.Length; i++)
        {
            float channel = whole[i] - 1;
            if (channel < 0.01f) continue; // rectified: nothing to drop
            if (dropped[i] == 0) units++;
            else if (dropped[i] == 2) channels++;
            else
            {
                Assert.Equal(2 * (1 + 2 * channel), dropped[i], 1e-4);
                kept++;
            }
        }
        Assert.True(units > 20 && channels > 10 && kept > 10, $"{units} {channels} {kept}");
    }
}
