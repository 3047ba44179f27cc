// Inverse of the standard normal distribution function: dy/dp = 1 / density(y).
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>The inverse of the standard normal distribution function.</summary>
public readonly struct NormalQuantileOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.NormalQuantile(x);
}

internal sealed record NormalQuantile : Unary<NormalQuantileOp>
{
    protected override Tensor Derivative(Tensor x, Tensor y) =>
        Math.Sqrt(2 * Math.PI) * (0.5 * y.Square()).Exp();
}

public sealed partial class Tensor
{
    /// <summary>
    /// The x at which the standard normal distribution function reaches p, for p in (0, 1).
    /// </summary>
    public Tensor NormalQuantile() => Apply(new NormalQuantile(), this);
}
