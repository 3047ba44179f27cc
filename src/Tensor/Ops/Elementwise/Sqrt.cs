// Square root: dy/dx = 1 / (2 y).
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>The square root of x.</summary>
public readonly struct SqrtOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => V.Sqrt(x);
}

internal sealed record Sqrt : Unary<SqrtOp>
{
    protected override Tensor Derivative(Tensor x, Tensor y) => 0.5 / y;
}

public sealed partial class Tensor
{
    /// <summary>Square root, element by element; NaN below zero.</summary>
    public Tensor Sqrt() => Apply(new Sqrt(), this);
}
