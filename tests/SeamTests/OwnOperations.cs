// Element-wise operations of a user's own: of one input, of two, and on numbers of any type.
using Engine;
using Engine.Kernels;

namespace Seams;

/// <summary>x / (1 + |x|).</summary>
public readonly struct SoftsignOp : IUnaryOp
{
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => x / (V.Const(1) + V.Abs(x));
}

public sealed record Softsign : Unary<SoftsignOp>
{
    // 1 / (1 + |x|) is 1 - |y|.
    protected override Tensor Derivative(Tensor x, Tensor y) => (1 - y.Abs()).Square();
}

/// <summary>The root of x² + y².</summary>
public readonly struct HypotOp : IBinaryOp
{
    public static V Invoke<V>(V x, V y) where V : struct, IFloatLanes<V> => V.Sqrt(x * x + y * y);
}

public sealed record Hypot : Binary<HypotOp>
{
    protected override Tensor Chain(int i, Tensor[] x, Tensor y, Tensor t) => t * x[i] / y;
}

/// <summary>The square of x - y.</summary>
public readonly struct SquaredDifferenceOp : INumberBinaryOp
{
    public static V Invoke<V>(V x, V y) where V : struct, ILanes<V> => (x - y) * (x - y);
}

public sealed record SquaredDifference : NumberBinary<SquaredDifferenceOp>
{
    protected override Tensor Chain(int i, Tensor[] x, Tensor y, Tensor t) =>
        (i == 0 ? 2 : -2) * t * (x[0] - x[1]);
}

/// <summary>x, or 6 where it is larger.</summary>
public readonly struct AtMostSixOp : INumberUnaryOp
{
    public static V Invoke<V>(V x) where V : struct, ILanes<V> => V.Min(x, V.Const(6));
}

public sealed record AtMostSix : NumberUnary<AtMostSixOp>
{
    protected override Tensor Chain(int i, Tensor[] x, Tensor y, Tensor t) =>
        Tensor.Where(x[0] < 6, t, 0);
}

/// <summary>A derivative that is wrong, for gradient checks to find.</summary>
public sealed record WrongSoftsign : Unary<SoftsignOp>
{
    protected override Tensor Derivative(Tensor x, Tensor y) => 1 - y.Abs();
}

/// <summary>As methods, like those of the library.</summary>
public static class OwnOperations
{
    public static Tensor Softsign(this Tensor x) => Tensor.Apply(new Softsign(), x);

    public static Tensor Hypot(this Tensor x, Tensor y) => Tensor.Apply(new Hypot(), x, y);

    public static Tensor SquaredDifference(this Tensor x, Tensor y) =>
        Tensor.Apply(new SquaredDifference(), x, y);

    public static Tensor AtMostSix(this Tensor x) => Tensor.Apply(new AtMostSix(), x);

    /// <summary>
    /// log(sum(exp(x))) over the last axis, composed of the library's operations, with a derivative
    /// of its own: the softmax.
    /// </summary>
    public static Func<Tensor, Tensor> LogSumExp { get; } = CustomRule.Of(
        (Tensor x) =>
        {
            Tensor top = x.Max(-1, keepDims: true).StopGradient();
            return (x - top).Exp().Sum(-1).Log() + top.Squeeze(-1);
        },
        (x, y, g) => g.ExpandDims(-1) * (x - y.ExpandDims(-1)).Exp());
}
