// What engine gradcheck checks: representative ops, layers, an optimiser's step and meta-losses, on
// small random inputs in float64.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Cli;

/// <summary>Two tensors to differentiate by.</summary>
internal sealed partial record TensorPair(Tensor A, Tensor B) : ITree;

/// <summary>A convolutional network without kinks, for finite differences.</summary>
internal sealed partial record SmoothNetwork(
    Conv2d Convolution, BatchNorm Norm, Linear Head) : ITree
{
    public static SmoothNetwork Create(Key key)
    {
        Key[] keys = key.Split(2);
        const DType type = DType.Float64;
        return new(
            Conv2d.Create(keys[0], 1, 3, padding: 1, type: type), BatchNorm.Create(3, type),
            Linear.Create(keys[1], 3 * 3 * 3, 3, type: type));
    }

    public Tensor Forward(Tensor x) => Head.Forward(
        Norm.Forward(Convolution.Forward(x)).Softplus().AvgPool2d(2).Flatten(1));
}

/// <summary>A check by name: the result for a seed and an order of derivative.</summary>
internal sealed record GradCheckCase(string Name, Func<long, int, GradCheckResult> Run);

internal static class GradCheckCases
{
    private const DType Double = DType.Float64;
    private static readonly Tensor Labels = Tensor.From(new long[] { 0, 2, 1 });

    public static IReadOnlyList<GradCheckCase> All =>
    [
        Unary("exp", x => x.Exp()),
        Unary("log", x => x.Log(), Positive),
        Unary("sqrt", x => x.Sqrt(), Positive),
        Unary("rsqrt", x => x.Rsqrt(), Positive),
        Unary("square", x => x.Square()),
        Unary("tanh", x => x.Tanh()),
        Unary("sigmoid", x => x.Sigmoid()),
        Unary("softplus", x => x.Softplus()),
        Unary("sin", x => x.Sin()),
        Unary("cos", x => x.Cos()),
        Unary("relu", x => x.Relu(), OffZero),
        Unary("abs", x => x.Abs(), OffZero),
        Binary("add", (a, b) => a + b, [3, 4], [4]),
        Binary("multiply", (a, b) => a * b, [3, 4], [3, 1]),
        Binary("divide", (a, b) => a / (b.Square() + 1), [3, 4], [4]),
        Binary("pow", (a, b) => (a.Square() + 0.5).Pow(b), [3, 4], [4]),
        Binary("maximum", Tensor.Maximum, [3, 4], [3, 4]),
        Unary("sum", x => x.Sum(0) * x.Sum(1)[0]),
        Unary("mean", x => x.Mean(1).Square()),
        Unary("max", x => x.Max(1).Square(), Distinct),
        Unary("var", x => x.Var(0)),
        Unary("log_sum_exp", x => x.LogSumExp(1)),
        Unary("softmax", x => x.Softmax()),
        Unary("log_softmax", x => x.LogSoftmax()),
        Unary("slice_pad_concat", x => Tensor.Concat([x[1..].Square(), x.Pad([0, 0], [1, 0])])),
        Unary("take", x => x.Take(Labels).Square()),
        Binary("matmul", (a, b) => a.MatMul(b), [3, 4], [4, 2]),
        Binary("batched_matmul", (a, b) => a.MatMul(b), [2, 3, 4], [4, 2]),
        Binary("conv2d", (x, w) => x.Conv2d(w, 2, 1), [2, 2, 5, 5], [2, 2, 3, 3]),
        Binary("grouped_conv2d", (x, w) => x.Conv2d(w, 1, 1, 1, 2), [1, 4, 4, 4], [2, 2, 3, 3]),
        Image("max_pool2d", x => x.MaxPool2d(2).Square()),
        Image("avg_pool2d", x => x.AvgPool2d(2).Square()),
        Image("batch_norm", x => BatchNorm.Create(2, Double).Forward(x)),
        Unary("cross_entropy", x => Loss.CrossEntropy(x, Labels)),
        Binary("mse", Loss.Mse, [3, 4], [3, 4]),
        Network("sgd_step", Optim.Sgd(0.1, momentum: 0.9)),

        // The first step of Adam divides by |gradient|: a large epsilon keeps that smooth.
        Network("adam_step", Optim.Adam(0.1, epsilon: 0.1)),
        MamlMlp("maml_mlp", steps: 2),
        MamlConv("maml_conv_batch_norm", steps: 1),
    ];

    private static GradCheckCase Unary(
        string name, Func<Tensor, Tensor> f, Func<Key, Shape, Tensor>? draw = null) =>
        Of(name, f, key => (draw ?? Normal)(key, [3, 4]));

    private static GradCheckCase Image(string name, Func<Tensor, Tensor> f) =>
        Of(name, f, key => Distinct(key, [2, 2, 4, 4]));

    private static GradCheckCase Binary(
        string name, Func<Tensor, Tensor, Tensor> f, Shape a, Shape b) =>
        Of(name, (TensorPair p) => f(p.A, p.B), key =>
        {
            Key[] keys = key.Split();
            return new TensorPair(Normal(keys[0], a), Normal(keys[1], b));
        });

    /// <summary>The loss after two steps of an optimiser, by the parameters before them.</summary>
    private static GradCheckCase Network(string name, Optimizer optimizer) =>
        Of(name, (Mlp start) =>
        {
            Tensor x = Points(0), y = x.Sin();
            Tensor LossOf(Mlp model) => Loss.Mse(model.Forward(x), y);
            var state = optimizer.Init(start);
            for (int i = 0; i < 2; i++)
                (start, state) = optimizer.Step(start, Grad.Of((Mlp m) => LossOf(m))(start), state);
            return LossOf(start);
        }, SmallMlp);

    private static GradCheckCase MamlMlp(string name, int steps)
    {
        var maml = new Maml<Mlp>(Objective.Regression, steps, 0.1);
        var tasks = new Episode(Points(0), Points(0).Sin(), Points(1), Points(1).Sin());
        return Of(name, (Mlp m) => maml.Method.MetaLoss(m, One(tasks)), SmallMlp);
    }

    private static GradCheckCase MamlConv(string name, int steps)
    {
        var maml = new Maml<SmoothNetwork>(
            new((m, x) => m.Forward(x), (z, y) => Loss.CrossEntropy(z, y),
                BatchNormMode.Transductive),
            steps, 0.4);
        Key[] keys = Key.From(7).Split();
        var task = new Episode(
            Normal(keys[0], [3, 1, 6, 6]), Labels, Normal(keys[1], [3, 1, 6, 6]), Labels);
        return Of(
            name, (SmoothNetwork m) => maml.Method.MetaLoss(m, One(task)), SmoothNetwork.Create);
    }

    private static GradCheckCase Of<T>(string name, Func<T, Tensor> f, Func<Key, T> draw)
        where T : ITree =>
        new(name, (seed, order) => GradCheck.Run(f, draw(Key.From(seed)), order, seed: seed));

    private static Episode One(Episode task) => task.Map((Tensor leaf) => leaf.ExpandDims(0));

    private static Mlp SmallMlp(Key key) => Mlp.Create(key, [1, 5, 1], Activation.Tanh, Double);

    private static Tensor Points(long seed) => Normal(Key.From(seed), [6, 1]);

    private static Tensor Normal(Key key, Shape shape) => key.Normal(shape, Double).Eval();

    private static Tensor Positive(Key key, Shape shape) =>
        key.Uniform(shape, 0.5, 2, Double).Eval();

    private static Tensor OffZero(Key key, Shape shape)
    {
        Tensor x = key.Normal(shape, Double);
        return (x + 0.1 * x.Sign()).Eval();
    }

    /// <summary>Values that are all far apart, so that a small step changes no maximum.</summary>
    private static Tensor Distinct(Key key, Shape shape)
    {
        int n = (int)shape.Count;
        return (key.Permutation(n).Cast(Double) * (4.0 / n) - 2).Reshape(shape).Eval();
    }
}
