// Prototypical networks against PyTorch in float64 (Fixtures/protonet.py): loss, gradients, and
// predictions by batch and by running statistics.
using System.Collections.Immutable;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Parity;

public class MetricParityTests
{
    private static readonly Dictionary<string, Tensor> Peer = NpzFile.Read(
        Path.Combine(AppContext.BaseDirectory, "Fixtures", "protonet.npz"));

    private static readonly Episode Task =
        new(Peer["xs"], Peer["ys"], Peer["xq"], Peer["yq"], Ways: 4);

    private static readonly Conv4 Model = new(
        Enumerable.Range(0, 4).Select(i => new ConvBlock(
            new Conv2d(Peer[$"p{2 * i}"], Peer[$"p{2 * i + 1}"], Padding: 1),
            new BatchNorm(Peer[$"p{8 + 2 * i}"], Peer[$"p{9 + 2 * i}"]))).ToImmutableArray(),
        Linear.Create(Key.From(0), 4, 4, type: DType.Float64));

    private static readonly Episode Batch = Task.Map((Tensor leaf) => leaf.ExpandDims(0));

    [Theory]
    [InlineData(BatchNormMode.Transductive)]
    [InlineData(BatchNormMode.Inductive)]
    public void LossAndGradientEqualPyTorch(BatchNormMode mode)
    {
        var learner = new ProtoNet<Conv4>(Features.Of<Conv4>(), mode);
        MetaStep<Running<Conv4>> step = learner.Method.Step(learner.Begin(Model), Batch);
        Assert.InRange(step.Loss.Item() / Peer["loss"].Item() - 1, -1e-9, 1e-9);
        var blocks = step.Gradient.Model.Blocks;
        Tensor[] actual =
        [
            .. blocks.SelectMany(b => (Tensor[])[b.Convolution.Weight, b.Convolution.Bias!]),
            .. blocks.SelectMany(b => (Tensor[])[b.Norm.Scale, b.Norm.Shift]),
        ];
        Tensor[] expected = [.. Enumerable.Range(0, 16).Select(i => Peer[$"g{i}"])];
        double scale = expected.Max(g => g.Abs().Max().Item());
        for (int i = 0; i < 16; i++)
            Assert.InRange((actual[i] - expected[i]).Abs().Max().Item() / scale, 0, 1e-9);
    }

    [Fact]
    public void PredictionsInBothModesEqualPyTorch()
    {
        var byBatch = new ProtoNet<Conv4>(Features.Of<Conv4>(), BatchNormMode.Transductive);
        Close("by_batch", byBatch.Method.Predictions(byBatch.Begin(Model), Task, [0])[0]);

        var byRunning = new ProtoNet<Conv4>(Features.Of<Conv4>());
        Running<Conv4> moved =
            byRunning.Method.Step(byRunning.Begin(Model), Batch).Moved;
        for (int i = 0; i < 4; i++)
        {
            Assert.True(Tree.AllClose(Peer[$"mean{i}"], moved.Statistics.Norms[i].Mean, 1e-9));
            Assert.True(
                Tree.AllClose(Peer[$"variance{i}"], moved.Statistics.Norms[i].Variance, 1e-9));
        }
        Close("by_running", byRunning.Method.Predictions(moved, Task, [0])[0]);

        static void Close(string name, Tensor logits) => Assert.InRange(
            (logits.LogSoftmax() - Peer[name]).Abs().Max().Item(), 0, 1e-9);
    }
}
