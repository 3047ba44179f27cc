// Logarithm of 1 + x: dy/dx = 1 / (1 + x).
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>ln(1 + x).</summary>
public readonly struct Log1pOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Log1p(x);
}

internal sealed record Log1p : Unary<Log1pOp>
{
    protected override Tensor Derivative(Tensor x, Tensor y) => 1 / (1 + x);
}

public sealed partial class Tensor
{
    /// <summary>
    /// ln(1 + x), element by element, accurate near 0; -infinity at -1, NaN below.
    /// </summary>
    public Tensor Log1p() => Apply(new Log1p(), this);
}
