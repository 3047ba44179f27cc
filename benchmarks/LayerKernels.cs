// Layers as kernels of the table: a recurrent cell, attention, a perceptron and softmax, each
// forward and backward, with the gradients of parameters and inputs. Operations are those of the
// forward products, and twice as many backward; bytes count what a call is given and what it
// returns. The peer's are in peer_layers.py, of the same sizes and with the same biases.
using Engine.Nn;

namespace Engine.Benchmarks;

internal static class LayerKernels
{
    public static Kernel Lstm { get; } = LstmKernel(4096, 64, 128);

    public static Kernel Attention { get; } = AttentionKernel(16, 128, 256, 8);

    public static Kernel GeluMlp { get; } = GeluMlpKernel(1024, 256, 1024);

    public static Kernel Softmax { get; } = new(
        "softmax 4096x1000, forward and backward", 0, 4 * Floats(4096 * 1000), () =>
        {
            Tensor x = KernelCases.Normal(4096, 1000), g = KernelCases.Normal(4096, 1000);
            var both = Compile.Of((Tensor t, Tensor c) =>
            {
                var (y, pullback) = Vjp.Of((Tensor i) => i.Softmax())(t);
                return (y, pullback(c));
            });
            return () => both(x, g);
        }, "softmax_fwd_bwd_4096x1000");

    /// <summary>
    /// With both biases, as PyTorch's cell; the state's gradients are asked for too.
    /// </summary>
    private static Kernel LstmKernel(int batch, int inputs, int hidden)
    {
        double parameters = 4.0 * hidden * (inputs + hidden + 2);
        return new(
            $"LSTM cell {batch}x{inputs}x{hidden}, forward and backward",
            3 * 2.0 * batch * (inputs + hidden) * 4 * hidden,
            2 * Floats(batch * inputs) + 8 * Floats(batch * hidden) + 2 * Floats(parameters),
            () =>
            {
                var cell = LstmCell.Create(Key.From(0), inputs, hidden);
                Tensor x = KernelCases.Normal(batch, inputs);
                Tensor State() => KernelCases.Normal(batch, hidden);
                LstmState s = new(State(), State()), g = new(State(), State());
                var both = Compile.Of((LstmCell l, Tensor a, LstmState b, LstmState c) =>
                {
                    var (next, pullback) = Vjp.Of((LstmCell m, Tensor i, LstmState t) =>
                        m.Forward(i, t))(l, a, b);
                    return (next, pullback(c));
                });
                return () => both(cell, x, s, g);
            }, $"lstm_cell_fwd_bwd_{batch}x{inputs}x{hidden}");
    }

    /// <summary>Of sequences to themselves, no mask: four projections, scores, sums.</summary>
    private static Kernel AttentionKernel(int batch, int length, int features, int heads)
    {
        double tokens = batch * length, parameters = 4.0 * features * (features + 1);
        double projections = 2 * tokens * 4 * features * features;
        double products = 2 * 2 * tokens * length * features;
        return new(
            $"attention block {batch}x{length}x{features}, {heads} heads, forward and backward",
            3 * (projections + products), 4 * Floats(tokens * features) + 2 * Floats(parameters),
            () =>
            {
                var layer = MultiHeadAttention.Create(Key.From(0), features, heads);
                Tensor x = KernelCases.Normal(batch, length, features);
                Tensor g = KernelCases.Normal(batch, length, features);
                var both = Compile.Of((MultiHeadAttention l, Tensor a, Tensor c) =>
                {
                    var (y, pullback) = Vjp.Of((MultiHeadAttention m, Tensor i) =>
                        m.Forward(i))(l, a);
                    return (y, pullback(c));
                });
                return () => both(layer, x, g);
            }, $"attention_fwd_bwd_{batch}x{length}x{features}_{heads}");
    }

    private static Kernel GeluMlpKernel(int batch, int features, int hidden)
    {
        double parameters = 2.0 * features * hidden + features + hidden;
        return new(
            $"GELU MLP {batch}x{features}-{hidden}-{features}, forward and backward",
            3 * 2 * 2.0 * batch * features * hidden,
            4 * Floats(batch * features) + 2 * Floats(parameters),
            () =>
            {
                Mlp mlp = Mlp.Create(
                    Key.From(0), [features, hidden, features], Activation.Gelu);
                Tensor x = KernelCases.Normal(batch, features);
                Tensor g = KernelCases.Normal(batch, features);
                var both = Compile.Of((Mlp l, Tensor a, Tensor c) =>
                {
                    var (y, pullback) = Vjp.Of((Mlp m, Tensor i) => m.Forward(i))(l, a);
                    return (y, pullback(c));
                });
                return () => both(mlp, x, g);
            }, $"gelu_mlp_fwd_bwd_{batch}x{features}_{hidden}_{features}");
    }

    /// <summary>Bytes of so many float32 numbers.</summary>
    private static double Floats(double count) => sizeof(float) * count;
}
