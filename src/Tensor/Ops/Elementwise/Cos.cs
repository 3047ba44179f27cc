// Cosine: dy/dx = -sin x.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>cos x.</summary>
public readonly struct CosOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Cos(x);
}

internal sealed record Cos : Unary<CosOp>
{
    protected override Tensor Derivative(Tensor x, Tensor y) => -x.Sin();
}

public sealed partial class Tensor
{
    /// <summary>Cosine of an angle in radians, element by element.</summary>
    public Tensor Cos() => Apply(new Cos(), this);
}
