// Which op of the engine a case of the reference means.
using Engine.Nn;

namespace Engine.Parity;

/// <summary>The engine's op for each op of a reference file.</summary>
internal static partial class ReferenceOps
{
    /// <summary>
    /// The case's op with its attributes, as a function of its inputs; a test failure if there is
    /// none.
    /// </summary>
    public static Func<Tensor[], Tensor> Of(ReferenceCase c)
    {
        if (Unary(c) is { } unary) return x => unary(x[0]);
        if (Binary(c) is { } binary) return x => binary(x[0], x[1]);
        Func<Tensor[], Tensor>? other = Movement(c) ?? Structured(c) ?? Network(c);
        Assert.True(other is not null, $"no op is known for {c.Name} {c.Attributes}");
        return other;
    }

    private static Func<Tensor, Tensor>? Unary(ReferenceCase c) => c.Op switch
    {
        "Exp" => x => x.Exp(),
        "Log" => x => x.Log(),
        "Sqrt" => x => x.Sqrt(),
        "Rsqrt" => x => x.Rsqrt(),
        "Square" => x => x.Square(),
        "Tanh" => x => x.Tanh(),
        "Sigmoid" => x => x.Sigmoid(),
        "Relu" => x => x.Relu(),
        "Softplus" => x => x.Softplus(),
        "Abs" => x => x.Abs(),
        "Sin" => x => x.Sin(),
        "Cos" => x => x.Cos(),
        "Erf" => x => x.Erf(),
        "Gelu" => x => x.Gelu(),
        "Elu" => x => x.Elu(),
        "Silu" => x => x.Silu(),
        "LeakyRelu" => x => x.LeakyRelu(c.Double("slope")),
        "Log1p" => x => x.Log1p(),
        "Expm1" => x => x.Expm1(),
        "Neg" => x => x.Neg(),
        "Reciprocal" => x => x.Reciprocal(),
        "Clip" => x => x.Clip(c.Double("min"), c.Double("max")),
        "Sum" => x => x.Sum(c.Ints("axes"), c.Bool("keepDims")),
        "Mean" => x => x.Mean(c.Ints("axes"), c.Bool("keepDims")),
        "Max" => x => x.Max(c.Ints("axes"), c.Bool("keepDims")),
        "Min" => x => x.Min(c.Ints("axes"), c.Bool("keepDims")),
        "LogSumExp" => x => x.LogSumExp(c.Ints("axes"), c.Bool("keepDims")),
        "Var" => x => x.Var(c.Ints("axes"), c.Bool("keepDims")),
        "Prod" => x => x.Prod(c.Ints("axes"), c.Bool("keepDims")),
        "Norm" => x => x.Norm(c.Ints("axes"), c.Bool("keepDims")),
        "CumSum" => x => x.CumSum(c.Int("axis")),
        "Softmax" => x => x.Softmax(c.Int("axis")),
        "LogSoftmax" => x => x.LogSoftmax(c.Int("axis")),
        "Sort" => x => x.Sort(c.Int("axis")),
        "TopK" => x => x.TopK(c.Int("k"), c.Int("axis")).Values,
        "Cholesky" => x => Symmetrised(x).Cholesky(),
        "Inverse" => x => x.Inverse(),
        "LogDet" => x => x.LogDet(),
        "EighValues" => x => Symmetrised(x).EighValues(),
        _ => null,
    };

    private static Tensor Symmetrised(Tensor x) => 0.5 * (x + x.SwapAxes(-1, -2));

    private static Func<Tensor, Tensor, Tensor>? Binary(ReferenceCase c) => c.Op switch
    {
        "Add" => (x, y) => x + y,
        "Sub" => (x, y) => x - y,
        "Mul" => (x, y) => x * y,
        "Div" => (x, y) => x / y,
        "Maximum" => Tensor.Maximum,
        "Minimum" => Tensor.Minimum,
        "Atan2" => Tensor.Atan2,
        "Pow" => (x, y) => x.Pow(y),
        "MatMul" => (x, y) => x.MatMul(y),
        "Outer" => (x, y) => x.Outer(y),
        "Solve" => (x, y) => x.Solve(y),
        _ => null,
    };

    private static Func<Tensor[], Tensor>? Movement(ReferenceCase c) => c.Op switch
    {
        "Reshape" => x => x[0].Reshape(c.Ints("shape")),
        "Transpose" => x => x[0].Transpose(c.Ints("permutation")),
        "BroadcastTo" => x => x[0].BroadcastTo(c.Ints("shape")),
        "Slice" => x => x[0].Slice(c.Ints("start"), c.Ints("stop"), c.Ints("step")),
        "Pad" => x => x[0].Pad(c.Ints("before"), c.Ints("after")),
        "Flip" => x => x[0].Flip(c.Ints("axes")),
        "Roll" => x => x[0].Roll(c.Int("shift"), c.Int("axis")),
        "Concat" => x => Tensor.Concat(x, c.Int("axis")),
        "Stack" => x => Tensor.Stack(x, c.Int("axis")),
        "Tile" => x => x[0].Tile(c.Ints("repeats")),
        "Triu" => x => x[0].Triu(c.Int("offset")),
        "Tril" => x => x[0].Tril(c.Int("offset")),
        "Diagonal" => x => x[0].Diagonal(),
        "Take" => x => x[0].Take(x[1], c.Int("axis")),
        "TakeAlongAxis" => x => x[0].TakeAlongAxis(x[1], c.Int("axis")),
        "ScatterAdd" => x => x[0].ScatterAdd(x[1], x[2], c.Int("axis")),
        "Where" => x => Tensor.Where(x[0] > 0, x[1], x[2]),
        _ => null,
    };

    private static Func<Tensor[], Tensor>? Structured(ReferenceCase c) => c.Op switch
    {
        "Einsum" => x => Tensor.Einsum(c.Attributes.GetProperty("equation").GetString()!, x),
        "Conv2d" => x => x[0].Conv2d(
            x[1], c.Int("stride"), c.Int("padding"), c.Int("dilation"), c.Int("groups")),
        "Conv1d" => x => x[0].Conv1d(
            x[1], c.Int("stride"), c.Int("padding"), c.Int("dilation"), c.Int("groups")),
        "ConvTranspose2d" => x => x[0].ConvTranspose2d(x[1], c.Int("stride"), c.Int("padding")),
        "MaxPool2d" => x => x[0].MaxPool2d(c.Int("window"), c.Int("stride")),
        "AvgPool2d" => x => x[0].AvgPool2d(c.Int("window"), c.Int("stride")),
        _ => null,
    };

    private static Func<Tensor[], Tensor>? Network(ReferenceCase c) => c.Op switch
    {
        "BatchNorm" => x => new BatchNorm(x[1], x[2], c.Double("epsilon")).Forward(x[0]),
        "LayerNorm" => x => new LayerNorm(x[1], x[2], c.Double("epsilon")).Forward(x[0]),
        "GroupNorm" => x =>
            new GroupNorm(x[1], x[2], c.Int("groups"), c.Double("epsilon")).Forward(x[0]),
        "CrossEntropy" => x => Loss.CrossEntropy(x[0], x[1], c.Double("labelSmoothing", 0)),
        "Mse" => x => Loss.Mse(x[0], x[1]),
        "Huber" => x => Loss.Huber(x[0], x[1], c.Double("delta")),
        "BceWithLogits" => x => Loss.BceWithLogits(x[0], x[1]),
        // The file's first input is the target.
        "KlDivergence" => x => Loss.KlDivergence(x[1], x[0]),
        "Embedding" => x => new Embedding(x[1]).Forward(x[0]),
        "LstmCell" => x =>
            new LstmCell(x[3], x[4], x[5], null).Forward(x[0], new(x[1], x[2])).Hidden,
        "Attention" => x => (x[0].MatMul(x[1].SwapAxes(-1, -2)) / Math.Sqrt(x[0].Shape[^1]))
            .Softmax().MatMul(x[2]),
        _ => null,
    };
}
