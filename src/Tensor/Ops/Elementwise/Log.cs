// Natural logarithm: dy/dx = 1/x.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>ln x.</summary>
public readonly struct LogOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Log(x);
}

internal sealed record Log : Unary<LogOp>
{
    protected override Tensor Derivative(Tensor x, Tensor y) => 1 / x;
}

public sealed partial class Tensor
{
    /// <summary>Natural logarithm, element by element; NaN below zero, -infinity at zero.</summary>
    public Tensor Log() => Apply(new Log(), this);
}
