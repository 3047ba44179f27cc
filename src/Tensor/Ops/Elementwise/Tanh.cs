// Hyperbolic tangent: dy/dx = 1 - y^2.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>tanh x.</summary>
public readonly struct TanhOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Tanh(x);
}

internal sealed record Tanh : Unary<TanhOp>
{
    protected override Tensor Derivative(Tensor x, Tensor y) => 1 - y.Square();
}

public sealed partial class Tensor
{
    /// <summary>Hyperbolic tangent, element by element.</summary>
    public Tensor Tanh() => Apply(new Tanh(), this);
}
