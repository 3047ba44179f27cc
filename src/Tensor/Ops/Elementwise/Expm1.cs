// Exponential less 1: dy/dx = y + 1.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>e^x - 1.</summary>
public readonly struct Expm1Op : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Expm1(x);
}

internal sealed record Expm1 : Unary<Expm1Op>
{
    protected override Tensor Derivative(Tensor x, Tensor y) => y + 1;
}

public sealed partial class Tensor
{
    /// <summary>e^x - 1, element by element, accurate near 0.</summary>
    public Tensor Expm1() => Apply(new Expm1(), this);
}
