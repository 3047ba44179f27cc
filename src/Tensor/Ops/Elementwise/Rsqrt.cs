// Reciprocal square root: dy/dx = -y / (2 x).
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>1 over the square root of x.</summary>
public readonly struct RsqrtOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => V.Const(1) / V.Sqrt(x);
}

internal sealed record Rsqrt : Unary<RsqrtOp>
{
    protected override Tensor Derivative(Tensor x, Tensor y) => -0.5 * y / x;
}

public sealed partial class Tensor
{
    /// <summary>1 / sqrt(x), element by element.</summary>
    public Tensor Rsqrt() => Apply(new Rsqrt(), this);
}
