// Smooth rectifier: dy/dx = sigmoid(x).
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>ln(1 + e^x).</summary>
public readonly struct SoftplusOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Softplus(x);
}

internal sealed record Softplus : Unary<SoftplusOp>
{
    protected override Tensor Derivative(Tensor x, Tensor y) => x.Sigmoid();
}

public sealed partial class Tensor
{
    /// <summary>ln(1 + e^x), element by element, without overflow.</summary>
    public Tensor Softplus() => Apply(new Softplus(), this);
}
