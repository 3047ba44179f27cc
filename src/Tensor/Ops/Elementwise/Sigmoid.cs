// Logistic function: dy/dx = y (1 - y).
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>1 / (1 + e^-x).</summary>
public readonly struct SigmoidOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Sigmoid(x);
}

internal sealed record Sigmoid : Unary<SigmoidOp>
{
    protected override Tensor Derivative(Tensor x, Tensor y) => y * (1 - y);
}

public sealed partial class Tensor
{
    /// <summary>Logistic function 1 / (1 + e^-x), element by element.</summary>
    public Tensor Sigmoid() => Apply(new Sigmoid(), this);
}
