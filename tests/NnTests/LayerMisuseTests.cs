// What layers do at the edges of their use: dropout's chances, masks of everything, empty batches,
// and the texts of their errors.
using Engine.Nn;

namespace Engine.NnTests;

public class LayerMisuseTests
{
    private static readonly Key Any = Key.From(3);

    private static Tensor Normal(long seed, Shape shape) =>
        Key.From(seed).Normal(shape, DType.Float64);

    [Fact]
    public void DropoutScalesWhatItKeeps()
    {
        Tensor x = Normal(1, [100, 200]);
        double[] before = x.ToDoubles();
        double[] after = new Dropout(0.3).Forward(x, Any, training: true).ToDoubles();
        int dropped = 0;
        for (int i = 0; i < after.Length; i++)
        {
            if (after[i] == 0) dropped++;
            else Assert.Equal(before[i] / 0.7, after[i], 1e-12);
        }
        Assert.InRange(dropped / 20000.0, 0.29, 0.31);
        Assert.Same(x, new Dropout(0.3).Forward(x, Any, training: false));
        Assert.Same(x, new Dropout(0).Forward(x, Any, training: true));
        Assert.All(new Dropout(1).Forward(x, Any, true).ToDoubles(), v => Assert.Equal(0, v));
    }

    [Fact]
    public void DropoutOfChannelsDropsThemWhole()
    {
        Tensor x = Tensor.Ones([30, 40, 3, 2], DType.Float64);
        Tensor y = new Dropout(0.25).ForwardChannels(x, Any, training: true);
        Tensor sums = y.Sum([2, 3]);
        Assert.All(sums.ToDoubles(), s => Assert.True(s == 0 || Math.Abs(s - 8) < 1e-12));
        Assert.InRange(sums.EqualTo(0).Cast(DType.Float64).Mean().Item(), 0.2, 0.3);
    }

    [Fact]
    public void DropoutIsAFunctionOfItsKey()
    {
        Tensor x = Normal(1, [4, 5]);
        var layer = Dropout.Create(0.5);
        Tensor Drop(Key key) => layer.Forward(x, key, training: true);
        Assert.Equal(Drop(Any).ToDoubles(), Drop(Any).ToDoubles());
        Assert.NotEqual(Drop(Any).ToDoubles(), Drop(Any.Fold(1)).ToDoubles());
        Key keys = Any.Batch(3);
        Tensor each = Vmap.Of((Key key) => Drop(key))(keys);
        Assert.NotEqual(each[0].ToDoubles(), each[1].ToDoubles());
        Assert.True(GradCheck.Run((Tensor t) => layer.Forward(t, Any, true), x, 1).Error < 1e-7);
        Tensor compiled = Compile.Of((Tensor t, Key key) => layer.Forward(t, key, true))(x, Any);
        Assert.Equal(Drop(Any).ToDoubles(), compiled.ToDoubles());
        Assert.Equal("Dropout: rate 1.5 must lie in 0..1.", Naive.Error(() => Dropout.Create(1.5)));
        Assert.StartsWith("Dropout: channels need (N, C, ...), but got (3).",
            Naive.Error(() => layer.ForwardChannels(Tensor.Zeros(3), Any, true)));
    }

    [Fact]
    public void EmbeddingOfThePaddingIndexBeginsAtZeroAndStays()
    {
        Embedding table = Embedding.Create(Any, 4, 3, padding: 1, DType.Float64);
        Assert.Equal(new double[3], table.Weight[1].ToDoubles());
        Assert.Equal(
            Shape.Of(2, 2, 3),
            table.Forward(Tensor.From(new long[,] { { 0, 1 }, { 1, 3 } })).Shape);
        Embedding g = Grad.Of((Embedding m) => m.Forward(Tensor.From([1, 1, 2])).Sum())(table);
        Assert.Equal([0.0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0], g.Weight.ToDoubles());
        Assert.Equal("Embedding: padding index 4 is outside 0 .. 3.",
            Naive.Error(() => Embedding.Create(Any, 4, 3, padding: 4)));
        Assert.StartsWith("Take: ", Naive.Error(() => table.Forward(Tensor.Zeros(2))));
    }

    [Fact]
    public void NormalisationsExplainWrongShapes()
    {
        Assert.Equal("LayerNorm: needs last axes (3, 4), but got (2, 4, 3). Move the features to "
            + "the end.",
            Naive.Error(() => LayerNorm.Create([3, 4]).Forward(Tensor.Zeros([2, 4, 3]))));
        Assert.Equal("GroupNorm: 6 channels do not divide into 4 groups. Choose a divisor.",
            Naive.Error(() => GroupNorm.Create(4, 6)));
        Assert.Equal("GroupNorm: needs (N, 6, ...) with at least 2 axes, but got (2, 5). The "
            + "second axis is the channel.",
            Naive.Error(() => GroupNorm.Create(2, 6).Forward(Tensor.Zeros([2, 5]))));
        Assert.StartsWith("InstanceNorm: needs (N, 3, ...) with at least 3 axes",
            Naive.Error(() => InstanceNorm.Create(3).Forward(Tensor.Zeros([2, 3]))));
        LayerNorm noShift = LayerNorm.Create(4, bias: false);
        Assert.Equal(["Scale"], noShift.Paths());
        Assert.Equal(0, noShift.Forward(Tensor.Ones([2, 4])).Abs().Max().Item());
    }

    [Fact]
    public void EmptyBatchesPassThrough()
    {
        MultiHeadAttention attention = MultiHeadAttention.Create(Any, 6, 2);
        (string, Func<Tensor, Tensor>, int[])[] layers =
        [
            ("Linear", Linear.Create(Any, 6, 2).Forward, [6]),
            ("Conv1d", Conv1d.Create(Any, 6, 4).Forward, [6, 5]),
            ("Conv2d", Conv2d.Create(Any, 6, 4).Forward, [6, 5, 5]),
            ("ConvTranspose2d", ConvTranspose2d.Create(Any, 6, 4).Forward, [6, 5, 5]),
            ("BatchNorm", x => BatchNorm.Create(6).Forward(x, RunningStatistics.Create(6)), [6, 5]),
            ("LayerNorm", LayerNorm.Create(6).Forward, [5, 6]),
            ("GroupNorm", GroupNorm.Create(2, 6).Forward, [6, 5, 5]),
            ("GroupNorm of channels", GroupNorm.Create(2, 6).Forward, [6]),
            ("InstanceNorm", InstanceNorm.Create(6, affine: true).Forward, [6, 5]),
            ("Embedding", x => Embedding.Create(Any, 3, 6).Forward(x.Cast(DType.Int64)), [5]),
            ("Dropout", x => new Dropout(0.5).Forward(x, Any, training: true), [6]),
            ("Attention", x => attention.Forward(x, causal: true), [5, 6]),
            ("Attention of others", x => attention.Forward(x, 2 * x, x), [5, 6]),
            ("Lstm", x => Lstm.Create(Any, 6, 4, bidirectional: true).Forward(x).Output, [5, 6]),
            ("Gru", x => Gru.Create(Any, 6, 4).Forward(x).Output, [5, 6]),
        ];
        foreach (var (name, forward, sizes) in layers)
        {
            Tensor none = Tensor.Zeros([0, .. sizes]);
            Shape one = forward(Tensor.Zeros([1, .. sizes])).Shape;
            Shape actual = forward(none).Eval().Shape;
            Assert.True(actual == [0, .. one.Sizes[1..]], $"{name} gives {actual}");
            Assert.Equal(none.Shape, Grad.Of((Tensor t) => forward(t).Sum())(none).Shape);
        }
    }

    [Fact]
    public void StatisticsMustBelongToTheNetwork()
    {
        Conv4 net = Conv4.Create(Any, 1, 16, 2, 3), wide = Conv4.Create(Any, 1, 16, 3, 3);
        Tensor x = Tensor.Zeros([1, 1, 16, 16]);
        NormStatistics statistics = NormStatistics.For(net);
        Assert.Equal("Blocks.2.Norm", NormStatistics.Paths(net)[2]);
        Assert.Equal("NormStatistics: batch normalisation 0 of the network has channels (3), but "
            + "those of place 0 are (2). Make them with NormStatistics.For(model).",
            Naive.Error(() => wide.Forward(x, statistics)));
        Assert.Contains("but there are only 3", Naive.Error(
            () => net.Forward(x, statistics with { Norms = statistics.Norms[..3] })));
        Assert.Contains("ran 4 batch normalisations, but there are statistics of 5", Naive.Error(
            () => net.Forward(
                x, statistics with { Norms = statistics.Norms.Add(statistics.Norms[0]) })));
    }

    [Fact]
    public void TrainingMovesTheStatisticsOfEveryBlock()
    {
        Conv4 net = Conv4.Create(Any, 1, 16, 2, 3, DType.Float64);
        Tensor x = Normal(5, [4, 1, 16, 16]);
        NormStatistics before = NormStatistics.For(net);
        var (logits, after) = net.Train(x, before, momentum: 1);
        Assert.True(Tree.AllClose(net.Forward(x), logits, 1e-13));
        // With momentum 1 the statistics are the batch's, but for the variance's correction.
        Assert.True((net.Forward(x, after) - logits).Abs().Max().Item() < 0.5);
        Assert.All(after.Leaves().Zip(before.Leaves()), pair =>
            Assert.NotEqual(pair.First.ToDoubles(), pair.Second.ToDoubles()));
    }

    [Fact]
    public void AQueryWithoutAKeyAttendsToAllAlike()
    {
        MultiHeadAttention layer = MultiHeadAttention.Create(Any, 4, 2, type: DType.Float64);
        Tensor x = Normal(2, [1, 3, 4]), none = Tensor.Full([1, 3], 1, DType.Bool);
        Tensor y = layer.Forward(x, none);
        Tensor values = new Linear(layer.PackedWeight[8..], layer.PackedBias![8..]).Forward(x);
        Tensor expected = layer.OutProjection.Forward(values.Mean(1, keepDims: true));
        for (int t = 0; t < 3; t++)
            Assert.True(Tree.AllClose(expected[0], y[.., t..(t + 1)][0], 1e-12));
        Tensor g = Grad.Of((Tensor t) => layer.Forward(t, none).Square().Sum())(x);
        Assert.All(g.ToDoubles(), v => Assert.True(double.IsFinite(v)));
    }

    [Fact]
    public void AttentionExplainsWrongUse()
    {
        MultiHeadAttention layer = MultiHeadAttention.Create(Any, 4, 2);
        Tensor x = Tensor.Zeros([2, 3, 4]);
        Assert.Equal("MultiHeadAttention: 4 features do not divide into 3 heads. Choose a divisor.",
            Naive.Error(() => MultiHeadAttention.Create(Any, 4, 3)));
        Assert.Equal("MultiHeadAttention: needs queries (N, T, 4), keys and values (N, S, 4), but "
            + "got (2, 3, 5), (2, 3, 4) and (2, 3, 4).",
            Naive.Error(() => layer.Forward(Tensor.Zeros([2, 3, 5]), x, x)));
        Assert.Equal("MultiHeadAttention: the padding mask must be bool (2, 3), true where a key "
            + "is padding, but is float32 (2, 3).",
            Naive.Error(() => layer.Forward(x, Tensor.Zeros([2, 3]))));
    }

    [Fact]
    public void RecurrentLayersExplainWrongUse()
    {
        Lstm lstm = Lstm.Create(Any, 3, 4, layers: 2, bidirectional: true);
        Assert.Equal(
            ["Cells.0.InputWeight", "Cells.0.HiddenWeight", "Cells.0.InputBias",
                "Cells.0.HiddenBias"],
            lstm.Paths().Take(4));
        Tensor x = Tensor.Zeros([2, 5, 3]), state = Tensor.Zeros([4, 2, 4]);
        Assert.Equal(Shape.Of(2, 5, 8), lstm.Forward(x, new(state, state)).Output.Shape);
        Assert.Equal("Lstm: needs sequences (N, T, inputs), but got (5, 3).",
            Naive.Error(() => lstm.Forward(x[0])));
        Assert.Equal("Lstm: the state must be (4, 2, 4) for inputs (2, 5, 3), but is (2, 2, 4).",
            Naive.Error(() => lstm.Forward(x, new(state[..2], state[..2]))));
        Assert.Equal("Lstm: needs one integer length for each of 2 sequences, but got int64 (3).",
            Naive.Error(() => lstm.Forward(x, lengths: Tensor.From([1L, 2, 3]))));
        Assert.Equal("GruCell: needs inputs (N, inputs), but got (2, 5, 3). A layer takes whole "
            + "sequences.", Naive.Error(() => GruCell.Create(Any, 3, 4).Forward(x)));
        Assert.Equal("Gru: 3 inputs, 0 hidden units and 1 layers must be at least 1.",
            Naive.Error(() => Gru.Create(Any, 3, 0)));
    }

    [Fact]
    public void AStateCarriesASequenceOn()
    {
        Gru gru = Gru.Create(Any, 3, 4, layers: 2, type: DType.Float64);
        Tensor x = Normal(7, [2, 6, 3]);
        var (whole, end) = gru.Forward(x);
        var (first, middle) = gru.Forward(x[.., ..2]);
        var (second, last) = gru.Forward(x[.., 2..], middle);
        Assert.True(Tree.AllClose(whole, Tensor.Concat([first, second], 1), 1e-13));
        Assert.True(Tree.AllClose(end, last, 1e-13));
    }

    [Theory, InlineData(double.NaN), InlineData(double.PositiveInfinity)]
    public void WhatStandsBehindTheEndOfASequenceCountsNothing(double padding)
    {
        Lstm lstm = Lstm.Create(Any, 3, 4, layers: 2, bidirectional: true, type: DType.Float64);
        Gru gru = Gru.Create(Any, 3, 4, layers: 2, bidirectional: true, type: DType.Float64);
        Tensor lengths = Tensor.From([2, 4]), x = Normal(7, [2, 4, 3]);
        Tensor behind = (Tensor.Arange(4, DType.Int32) >= lengths.ExpandDims(1)).ExpandDims(2);
        Tensor Of(Lstm layer, Tensor t)
        {
            var (output, state) = layer.Forward(t, lengths: lengths);
            return output.Square().Sum() + (state.Hidden * state.Cell).Sum();
        }
        Tensor Run(Gru layer, Tensor t)
        {
            var (output, state) = layer.Forward(t, lengths: lengths);
            return output.Square().Sum() + state.Sin().Sum();
        }
        Tensor zeros = Tensor.Where(behind, 0, x), bad = Tensor.Where(behind, padding, x);
        Assert.Equal(Of(lstm, zeros).Item(), Of(lstm, bad).Item());
        Assert.Equal(Run(gru, zeros).Item(), Run(gru, bad).Item());
        Assert.True(Tree.AllClose(
            Grad.Of((Lstm m) => Of(m, zeros))(lstm), Grad.Of((Lstm m) => Of(m, bad))(lstm), 0));
        Assert.True(Tree.AllClose(
            Grad.Of((Gru m) => Run(m, zeros))(gru), Grad.Of((Gru m) => Run(m, bad))(gru), 0));
        Assert.True(Tree.AllClose(
            Grad.Of((Tensor t) => Of(lstm, t) + Run(gru, t))(zeros),
            Grad.Of((Tensor t) => Of(lstm, t) + Run(gru, t))(bad), 0));
    }

    [Fact]
    public void ASequenceOfNoStepsLeavesTheStateAlone()
    {
        Lstm lstm = Lstm.Create(Any, 3, 4, layers: 2, bidirectional: true);
        Gru gru = Gru.Create(Any, 3, 4);
        Tensor x = Tensor.Zeros([2, 0, 3]), start = Tensor.Ones([4, 2, 4]);
        var (output, state) = lstm.Forward(x, new(start, 2 * start));
        Assert.Equal(Shape.Of(2, 0, 8), output.Eval().Shape);
        Assert.Same(start, state.Hidden); // nothing is cut up and put together again
        Assert.Equal((2 * start).ToDoubles(), state.Cell.ToDoubles());
        Gru wide = Gru.Create(Any, 3, 4, type: DType.Float64);
        Assert.Equal(DType.Float64, wide.Forward(x.Cast(DType.Float64)).Output.DType);
        var (none, zeros) = gru.Forward(x, lengths: Tensor.From([0, 0]));
        Assert.Equal(Shape.Of(2, 0, 4), none.Eval().Shape);
        Assert.Equal(new double[8], zeros.ToDoubles());
        Assert.StartsWith("MatMul: ", Naive.Error(() => gru.Forward(Tensor.Zeros([2, 0, 5]))));
    }
}
