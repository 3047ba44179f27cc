// Exponential: dy/dx = y.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>e^x.</summary>
public readonly struct ExpOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Exp(x);
}

internal sealed record Exp : Unary<ExpOp>
{
    protected override Tensor Derivative(Tensor x, Tensor y) => y;
}

public sealed partial class Tensor
{
    /// <summary>e to the power of x, element by element.</summary>
    public Tensor Exp() => Apply(new Exp(), this);
}
