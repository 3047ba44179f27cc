// Layers against PyTorch: outputs and gradients by the inputs and by every parameter, in float64,
// with parameters that come in under PyTorch's names. Each layer is then differentiated twice,
// mapped over and compiled.
using Engine.Nn;

namespace Engine.NnTests;

internal sealed partial record Call<T>(T Layer, Tensor X) : ITree where T : ITree;

public class LayerFixtureTests
{
    private static readonly Key Any = Key.From(9);

    private static Tensor Joined(params Tensor[] parts) =>
        Tensor.Concat([.. parts.Select(part => part.Flatten())]);

    private static void Check<T>(string name, T like, Func<T, Tensor, Tensor> forward)
        where T : ITree
    {
        T layer = StateDict.Load(Float64(like), Fixture.State(name, "p."));
        CheckCall(name, new Call<T>(layer, Fixture.Of(name, "x")), c => forward(c.Layer, c.X));
    }

    private static void CheckCall<T>(string name, Call<T> call, Func<Call<T>, Tensor> forward)
        where T : ITree
    {
        Tensor y = forward(call);
        Fixture.Near(Fixture.Of(name, "y").Reshape(y.Shape), y);
        Tensor weights = Fixture.Of(name, "r").Reshape(y.Shape);
        Call<T> g = Grad.Of((Call<T> c) => (forward(c) * weights).Sum())(call);
        Dictionary<string, Tensor> gradients = StateDict.Of(g.Layer);
        Dictionary<string, Tensor> expected = Fixture.State(name, "g.");
        Assert.Equal(expected.Keys.Order(), gradients.Keys.Order());
        foreach (var (key, gradient) in gradients) Fixture.Near(expected[key], gradient, 1e-11);
        if (call.X.DType.IsFloat()) Fixture.Near(Fixture.Of(name, "gx"), g.X, 1e-11);
        CheckTransforms(call, forward);
    }

    /// <summary>Second derivatives, Vmap over inputs and over parameters too, Compile.</summary>
    private static void CheckTransforms<T>(Call<T> call, Func<Call<T>, Tensor> forward)
        where T : ITree
    {
        var check = GradCheck.Run(forward, call, order: 2);
        Assert.True(check.Error < 1e-6, $"{check}");
        Tensor y = forward(call);
        Assert.True(Tree.AllClose(y, Compile.Of(forward)(call), 1e-13, 1e-14));

        Call<T> other = call.Map((Tensor leaf) => leaf.DType.IsFloat() ? leaf * 0.9 + 0.05 : leaf);
        Call<T> both = call.Zip(other, (a, b) => Tensor.Stack([a, b]));
        Tensor expected = Tensor.Stack([y, forward(other)]);
        Assert.True(Tree.AllClose(expected, Vmap.Of(forward)(both), 1e-12, 1e-13));
        Tensor shared = Vmap.Of((Tensor x) => forward(call with { X = x }))(both.X);
        expected = Tensor.Stack([y, forward(call with { X = other.X })]);
        Assert.True(Tree.AllClose(expected, shared, 1e-12, 1e-13));
        Assert.Contains(call.Layer.GetType().Name, call.Layer.ToString());
    }

    private static T Float64<T>(T tree) where T : ITree =>
        tree.Map(leaf => leaf.Cast(DType.Float64));

    [Fact]
    public void Linear() => Check("linear", Nn.Linear.Create(Any, 5, 3), (m, x) => m.Forward(x));

    [Fact]
    public void LayerNorm() =>
        Check("layer_norm", Nn.LayerNorm.Create([3, 4]), (m, x) => m.Forward(x));

    [Fact]
    public void GroupNorm() =>
        Check("group_norm", Nn.GroupNorm.Create(2, 6), (m, x) => m.Forward(x));

    [Fact]
    public void InstanceNorm()
    {
        Check("instance_norm", Nn.InstanceNorm.Create(3, affine: true), (m, x) => m.Forward(x));
        Check("instance_norm_plain", Nn.InstanceNorm.Create(3), (m, x) => m.Forward(x));
    }

    [Fact]
    public void BatchNormByTheBatch()
    {
        var (norm, before) = StateDict.LoadWithStatistics(
            BatchNorm.Create(3, DType.Float64), BeforeTraining());
        CheckCall(
            "batch_norm_train", new Call<BatchNorm>(norm, Fixture.Of("batch_norm_train", "x")),
            c => c.Layer.Forward(c.X));
        var (y, after) = before.Train(
            normalize => normalize(norm, Fixture.Of("batch_norm_train", "x")), momentum: 0.3);
        Fixture.Near(Fixture.Of("batch_norm_train", "y"), y);
        Fixture.Near(Fixture.Of("batch_norm_train", "after.running_mean"), after.Norms[0].Mean);
        Fixture.Near(Fixture.Of("batch_norm_train", "after.running_var"), after.Norms[0].Variance);
    }

    private static Dictionary<string, Tensor> BeforeTraining() =>
        Fixture.State("batch_norm_train", "p.");

    [Fact]
    public void BatchNormByRunningStatistics()
    {
        const string name = "batch_norm_infer";
        var (norm, statistics) = StateDict.LoadWithStatistics(
            BatchNorm.Create(3, DType.Float64, epsilon: 1e-3), Fixture.State(name, "p."));
        CheckCall(name, new Call<BatchNorm>(norm, Fixture.Of(name, "x")),
            c => statistics.Infer(normalize => normalize(c.Layer, c.X)));
    }

    [Fact]
    public void Embedding() =>
        Check("embedding", Nn.Embedding.Create(Any, 7, 4, padding: 2), (m, x) => m.Forward(x));

    [Fact]
    public void Conv1d() => Check(
        "conv1d", Nn.Conv1d.Create(Any, 4, 6, stride: 2, padding: 2, dilation: 2, groups: 2),
        (m, x) => m.Forward(x));

    [Fact]
    public void ConvTranspose2d() => Check(
        "conv_transpose2d", Nn.ConvTranspose2d.Create(
            Any, 4, 6, stride: 2, padding: 1, outputPadding: 1, groups: 2), (m, x) => m.Forward(x));

    [Fact]
    public void LstmCell() => Check("lstm_cell", Nn.LstmCell.Create(Any, 4, 3), (m, x) =>
    {
        LstmState state = m.Forward(x);
        return Tensor.Concat([state.Hidden, state.Cell]);
    });

    [Fact]
    public void GruCell() =>
        Check("gru_cell", Nn.GruCell.Create(Any, 4, 3), (m, x) => m.Forward(x));

    [Fact]
    public void Lstm()
    {
        Check("lstm", Nn.Lstm.Create(Any, 3, 4), (m, x) => All(m, x, null));
        Check("lstm_packed", Nn.Lstm.Create(Any, 3, 4, layers: 2, bidirectional: true),
            (m, x) => All(m, x, Fixture.Of("lstm_packed", "lengths")));

        static Tensor All(Nn.Lstm m, Tensor x, Tensor? lengths)
        {
            var (output, state) = m.Forward(x, lengths: lengths);
            return Joined(output, state.Hidden, state.Cell);
        }
    }

    [Fact]
    public void Gru()
    {
        Check("gru", Nn.Gru.Create(Any, 3, 4, bias: false), (m, x) => All(m, x, null));
        Check("gru_packed", Nn.Gru.Create(Any, 3, 4, layers: 2, bidirectional: true),
            (m, x) => All(m, x, Fixture.Of("gru_packed", "lengths")));

        static Tensor All(Nn.Gru m, Tensor x, Tensor? lengths)
        {
            var (output, state) = m.Forward(x, lengths: lengths);
            return Joined(output, state);
        }
    }

    [Fact]
    public void Attention()
    {
        Check("attention", MultiHeadAttention.Create(Any, 6, 2), (m, x) => m.Forward(x));
        Tensor padding = Fixture.Of("attention_masked", "padding");
        Check("attention_masked", MultiHeadAttention.Create(Any, 6, 3),
            (m, x) => m.Forward(x, padding, causal: true));
        Tensor memory = Fixture.Of("attention_cross", "memory");
        Check("attention_cross", MultiHeadAttention.Create(Any, 6, 2, bias: false),
            (m, x) => m.Forward(x, memory, memory.Flip(2)));
    }
}
