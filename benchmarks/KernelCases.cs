// The other kernels of the table: element-wise chains, pooling, normalisation, a loss, and what the
// smallest operation costs. Bytes count what must be read or written at least once.
using Engine.Nn;

namespace Engine.Benchmarks;

internal static class KernelCases
{
    private const int Long = 10_000_000, Additions = 1000;
    private const double Images = 4.0 * 75 * 32 * 84 * 84, Pooled = Images / 4;
    private const double Normalised = 4.0 * 75 * 32 * 42 * 42, Logits = 4.0 * 4096 * 1000;

    public static Kernel Chain { get; } = new(
        "relu(a * x + b) * c on 1e7", 0, 5 * 4.0 * Long, () =>
        {
            Tensor[] inputs = [.. Enumerable.Range(0, 4).Select(_ => Normal(Long))];
            var chain = Compile.Of((Tensor[] t) => (t[0] * t[1] + t[2]).Relu() * t[3]);
            return () => chain(inputs);
        }, "chain_relu(a*x+b)*c_1e7_tensors")
    { GoalMs = 10 };

    public static Kernel Tanh { get; } = new(
        "tanh on 1e7", 0, 2 * 4.0 * Long, () =>
        {
            Tensor x = Normal(Long);
            var tanh = Compile.Of((Tensor t) => t.Tanh());
            return () => tanh(x);
        }, "tanh_1e7_out")
    { GoalMs = 6 };

    public static Kernel MaxPool { get; } = new(
        "max-pool 2x2 75x32x84x84, forward", 0, Images + Pooled, () =>
        {
            Tensor x = Normal(75, 32, 84, 84);
            var pool = Compile.Of((Tensor t) => t.MaxPool2d(2));
            return () => pool(x);
        }, "maxpool2_fwd_75x32x84x84", "nhwc_maxpool2_fwd_75x32x84x84")
    { GoalMs = 3.6 };

    /// <summary>On its own it has to find the maxima, which the peer kept.</summary>
    public static Kernel MaxPoolBackward { get; } = new(
        "max-pool 2x2 75x32x84x84, backward", 0, 2 * Images + Pooled, () =>
        {
            Tensor x = Normal(75, 32, 84, 84), g = Normal(75, 32, 42, 42);
            var backward = Compile.Of((Tensor t, Tensor c) =>
                Vjp.Of((Tensor i) => i.MaxPool2d(2))(t).Pullback(c));
            return () => backward(x, g);
        }, "maxpool2_bwd_75x32x84x84", "nhwc_maxpool2_bwd_75x32x84x84")
    { GoalMs = 3.7 };

    public static Kernel MaxPoolBoth { get; } = new(
        "max-pool 2x2 75x32x84x84, forward and backward", 0, 2 * Images + 2 * Pooled, () =>
        {
            Tensor x = Normal(75, 32, 84, 84), g = Normal(75, 32, 42, 42);
            var both = Compile.Of((Tensor t, Tensor c) =>
            {
                var (y, pullback) = Vjp.Of((Tensor i) => i.MaxPool2d(2))(t);
                return (y, pullback(c));
            });
            return () => both(x, g);
        },
        "maxpool2_fwd_75x32x84x84+maxpool2_bwd_75x32x84x84",
        "nhwc_maxpool2_fwd_75x32x84x84+nhwc_maxpool2_bwd_75x32x84x84")
    { GoalMs = 7.3 };

    public static Kernel BatchNorm { get; } = new(
        "batch norm training 75x32x42x42, forward and backward", 0, 4 * Normalised, () =>
        {
            Tensor x = Normal(75, 32, 42, 42), g = Normal(75, 32, 42, 42);
            var norm = Engine.Nn.BatchNorm.Create(32);
            var both = Compile.Of((BatchNorm n, Tensor t, Tensor c) =>
            {
                var (y, pullback) = Vjp.Of((BatchNorm m, Tensor i) => m.Forward(i))(n, t);
                return (y, pullback(c));
            });
            return () => both(norm, x, g);
        },
        "batchnorm_train_fwd_bwd_75x32x42x42", "nhwc_batchnorm_train_fwd_bwd_75x32x42x42")
    { GoalMs = 6 };

    public static Kernel CrossEntropy { get; } = new(
        "softmax cross-entropy 4096x1000, forward and backward", 0, 2 * Logits, () =>
        {
            Tensor x = Normal(4096, 1000);
            Tensor labels = (Key.From(2).Uniform([4096]) * 1000).Cast(DType.Int64).Eval();
            var gradient = Compile.Of(Grad.WithValue((Tensor t, Tensor y) =>
                Loss.CrossEntropy(t, y)));
            return () => gradient(x, labels);
        }, "softmax_xent_fwd_bwd_4096x1000")
    { GoalMs = 5 };

    public static Kernel AddAlone { get; } = new(
        "x + y on 10 elements, evaluated alone", 0, 0, () =>
        {
            Tensor x = Normal(10), y = Normal(10);
            return () => (x + y).Eval();
        }, "overhead_add10_nograd")
    { GoalMs = 0.3e-3 };

    /// <summary>As many as a plan may well have, in a row: they run as a few steps.</summary>
    public static Kernel AddInPlan { get; } = new(
        $"x + y on 10 elements, in a plan of {Additions}", 0, 0, () =>
        {
            Tensor x = Normal(10), y = Normal(10);
            var sum = Compile.Of((Tensor a, Tensor b) =>
            {
                for (int i = 0; i < Additions; i++) a = a + b;
                return a;
            });
            return () => sum(x, y);
        }, "overhead_add10_nograd")
    { GoalMs = 0.02e-3, Times = Additions };

    /// <summary>Standard normal numbers, evaluated.</summary>
    public static Tensor Normal(params int[] shape) => Key.From(1).Normal([.. shape]).Eval();
}
