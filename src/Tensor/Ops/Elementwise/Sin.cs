// Sine: dy/dx = cos x.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>sin x.</summary>
public readonly struct SinOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Sin(x);
}

internal sealed record Sin : Unary<SinOp>
{
    protected override Tensor Derivative(Tensor x, Tensor y) => x.Cos();
}

public sealed partial class Tensor
{
    /// <summary>Sine of an angle in radians, element by element.</summary>
    public Tensor Sin() => Apply(new Sin(), this);
}
