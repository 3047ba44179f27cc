// Tests of LoRA: that merged weights are the paper's, that adapters come off again, live beside one
// another, and are learned through by any transform.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public class LoraTests
{
    private static readonly string[] Weights =
        ["First.Weight", "Second.Weight", "Hidden.Weight", "Head.Weight"];

    private static Lora Random<T>(
        long seed, T model, Func<string, bool> where, int rank = 2, double alpha = 3)
        where T : ITree
    {
        Lora zero = Lora.Create(Key.From(seed), model, where, rank, alpha);
        Key key = Key.From(seed + 77);
        return zero.Map((path, leaf) => leaf + 0.1 * key.Fold(path.Length).Normal(
            leaf.Shape, leaf.DType));
    }

    [Fact]
    public void NewAdaptersChangeNothingAndAreOfTheirRank()
    {
        LeNet net = Digits.LeNet();
        Lora lora = Lora.Create(Key.From(1), net, Weights.Contains, rank: 4, alpha: 8);
        Assert.True(Fake.Same(net, lora.Merge(net)));
        Assert.Equal(Weights.SelectMany(w => (string[])[w + ".Down", w + ".Up"]), lora.Paths());
        LoraPair second = lora.Pairs[1];
        Assert.Equal(Shape.Of(4, 20, 5, 5), second.Down.Shape);
        Assert.Equal(Shape.Of(50, 4, 1, 1), second.Up.Shape);
        double bound = 1 / Math.Sqrt(20 * 25);
        Assert.InRange(second.Down.Abs().Max().Item(), 0.95 * bound, bound);
        Assert.False(Fake.Same(lora.Pairs[0].Down, lora.Pairs[1].Down));
    }

    [Fact]
    public void ALinearLayersChangeIsThePapersProduct()
    {
        var layer = Linear.Create(Key.From(0), 5, 4, type: DType.Float64);
        Lora lora = Random(1, layer, path => path == "Weight");
        Tensor x = Key.From(2).Normal([3, 5], DType.Float64).Eval();
        Tensor low = x.MatMul(lora.Pairs[0].Down.Transpose())
            .MatMul(lora.Pairs[0].Up.Transpose());
        Assert.True(Tree.AllClose(
            layer.Forward(x) + 3.0 / 2 * low, lora.Merge(layer).Forward(x), 1e-12, 1e-12));
    }

    [Fact]
    public void AConvolutionsChangeIsTwoConvolutions()
    {
        var layer = Conv2d.Create(
            Key.From(0), 3, 4, kernel: 3, stride: 2, padding: 1, type: DType.Float64);
        Lora lora = Random(1, layer, path => path == "Weight");
        Tensor x = Key.From(2).Normal([2, 3, 8, 8], DType.Float64).Eval();
        // PEFT's forward pass: few filters with the layer's stride and padding, then 1x1.
        Tensor low = x.Conv2d(lora.Pairs[0].Down, 2, 1).Conv2d(lora.Pairs[0].Up);
        Assert.True(Tree.AllClose(
            layer.Forward(x) + 3.0 / 2 * low, lora.Merge(layer).Forward(x), 1e-12, 1e-12));

        var series = Conv1d.Create(Key.From(0), 3, 4, type: DType.Float64);
        Lora ofSeries = Random(1, series, path => path == "Weight");
        Tensor s = Key.From(2).Normal([2, 3, 8], DType.Float64).Eval();
        Assert.True(Tree.AllClose(
            series.Forward(s)
                + 3.0 / 2 * s.Conv1d(ofSeries.Pairs[0].Down).Conv1d(ofSeries.Pairs[0].Up),
            ofSeries.Merge(series).Forward(s), 1e-12, 1e-12));
    }

    [Fact]
    public void AttentionIsAdaptedAsOnePackedMatrix()
    {
        var attention = MultiHeadAttention.Create(Key.From(0), 6, heads: 2, type: DType.Float64);
        Lora lora = Random(1, attention, path => path.EndsWith("Weight"));
        Assert.Equal(Shape.Of(2, 6), lora.Pairs[0].Down.Shape);
        Assert.Equal(Shape.Of(18, 2), lora.Pairs[0].Up.Shape);
        MultiHeadAttention merged = lora.Merge(attention);
        Tensor change = 3.0 / 2 * lora.Pairs[0].Up.MatMul(lora.Pairs[0].Down);
        Assert.True(Tree.AllClose(
            attention.PackedWeight + change, merged.PackedWeight, 1e-12, 1e-12));
        Assert.True(GradCheck.Run(
            (Lora l) => l.Merge(attention).Forward(Key.From(3).Normal([2, 3, 6], DType.Float64)),
            lora, order: 2).Error < 1e-6);
    }

    [Fact]
    public void UnmergingGivesTheModelBackToRounding()
    {
        LeNet net = Digits.LeNet();
        Lora lora = Random(1, net, Weights.Contains);
        LeNet merged = lora.Merge(net), back = lora.Unmerge(merged);
        double scale = merged.Leaves().Max(leaf => leaf.Abs().Max().Item());
        foreach (var (a, b) in net.Leaves().Zip(back.Leaves()))
            Assert.InRange(Fake.Largest(a, b), 0, scale * Math.Pow(2, -23));
        Assert.Same(net.Head.Bias, back.Head.Bias);
        Assert.True(Fake.Largest(net.Head.Weight, merged.Head.Weight) > 1e-3);
    }

    [Fact]
    public void AllAdaptersRunAtOnceByVmap()
    {
        LeNet net = Digits.LeNet();
        Lora[] adapters = [.. Enumerable.Range(0, 3).Select(i => Random(i, net, Weights.Contains))];
        Tensor x = Fake.Batch(0).X;
        Tensor all = Vmap.Of(
            (Lora l, Tensor x) => l.Merge(net).Forward(x), (0, Axis.Shared))(
                Lora.Stack(adapters), x);
        for (int i = 0; i < 3; i++)
            Assert.True(Tree.AllClose(
                adapters[i].Merge(net).Forward(x), all[i].Eval(), 1e-4, 1e-5));
        Assert.Contains("do not stack", Fake.Error(() => Lora.Stack(
            adapters[0], Random(1, net, Weights.Contains, rank: 3))));
    }

    [Fact]
    public void MamlOverAdaptersIsExact()
    {
        Mlp net = Mlp.Create(Key.From(0), [3, 5, 4], Activation.Tanh, DType.Float64);
        Lora lora = Random(1, net, path => path.EndsWith("Weight"));
        Objective<Lora> objective = new Objective<Mlp>(
            (m, x) => m.Forward(x), (z, y) => Loss.CrossEntropy(z, y), BatchNormMode.None)
            .On<Lora>(l => l.Merge(net));
        Key[] keys = Key.From(2).Split(4);
        var tasks = new Episode(
            keys[0].Normal([2, 6, 3], DType.Float64).Eval(), keys[1].Integers([2, 6], 0, 4).Eval(),
            keys[2].Normal([2, 6, 3], DType.Float64).Eval(), keys[3].Integers([2, 6], 0, 4).Eval(),
            4);
        Method<Lora> method = new Maml<Lora>(objective, InnerSteps: 2, InnerRate: 0.5).Method;
        GradCheckResult check = GradCheck.Run((Lora l) => method.MetaLoss(l, tasks), lora);
        Assert.True(check.Error < 1e-6, check.ToString());
    }

    [Fact]
    public void AnAdaptedNetworkIsFineTunedInItsAdaptersAlone()
    {
        LeNet net = LeNet.Create(Key.From(0), 10);
        var adapted = new WithLora<LeNet>(
            net, Lora.Create(Key.From(1), net, Weights.Contains, 4, 8));
        var tuning = new FineTuning<WithLora<LeNet>>(
            adapted, NormStatistics.For(adapted),
            TunePlan.Of(path => path.StartsWith("Lora.", StringComparison.Ordinal)),
            Optim.Adam(1e-2));
        var losses = new List<double>();
        TuneState state = tuning.Run(
            tuning.Begin(), Digits.FontDigits(0), 50, (_, loss) => losses.Add(loss));
        Assert.True(losses[^1] < 0.6 * losses[0], $"{losses[0]} {losses[^1]}");
        WithLora<LeNet> tuned = tuning.Network(state);
        Assert.Same(net.Hidden.Weight, tuned.Base.Hidden.Weight);
        Assert.True(Tree.AllClose(
            tuned.Merged.Forward(Digits.FontDigits(1)(0).X, state.Statistics),
            tuning.Predict(state, Digits.FontDigits(1)(0).X), 1e-3, 1e-4));
        Assert.Contains("is not a part of its tree", Fake.Error(() => Heads.In(adapted)));
    }

    [Fact]
    public void WhatHasNoAdapterIsRefused()
    {
        LeNet net = Digits.LeNet();
        Lora Of<T>(T model, string path, int rank = 2, double alpha = 1) where T : ITree =>
            Lora.Create(Key.From(0), model, p => p == path, rank, alpha);
        Assert.Contains("no leaf of LeNet was chosen", Fake.Error(() => Of(net, "Body")));
        Assert.Equal("Lora: 'Head.Bias', float32 (10), is no weight. Choose weights of linear "
            + "layers, convolutions and attention.", Fake.Error(() => Of(net, "Head.Bias")));
        var grouped = Conv2d.Create(Key.From(0), 4, 4, groups: 4);
        Assert.Contains("a convolution in groups", Fake.Error(() => Of(grouped, "Weight")));
        var embedding = Embedding.Create(Key.From(0), 5, 3);
        Assert.Contains("an embedding", Fake.Error(() => Of(embedding, "Weight")));
        Assert.Contains("give a rank of at least 1", Fake.Error(() => Of(net, "Head.Weight", 0)));
        Assert.Contains("alpha other than 0", Fake.Error(
            () => Of(net, "Head.Weight", 1, double.NaN)));
    }

    [Fact]
    public void AnAdapterOfAnotherModelIsRefused()
    {
        LeNet net = Digits.LeNet(), larger = LeNet.Create(Key.From(0), 10, size: 28);
        Lora lora = Random(1, net, path => path == "Hidden.Weight");
        Assert.Equal("Lora: 'Hidden.Weight' is float32 (500, 800), but its adapter of rank 2 has "
            + "float32 (2, 50) and (500, 2). The adapter is of another model.",
            Fake.Error(() => lora.Merge(larger)));
        Assert.Contains("Mlp has no 'Hidden.Weight', only [Layers.0.Weight, Layers.0.Bias]. The "
            + "adapter is of another model.",
            Fake.Error(() => lora.Merge(Mlp.Create(Key.From(0), [2, 2]))));
    }
}
