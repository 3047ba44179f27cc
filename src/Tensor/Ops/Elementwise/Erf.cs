// Error function: dy/dx = 2 / sqrt(pi) e^(-x^2).
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x.</summary>
public readonly struct ErfOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Erf(x);
}

internal sealed record Erf : Unary<ErfOp>
{
    protected override Tensor Derivative(Tensor x, Tensor y) =>
        2 / Math.Sqrt(Math.PI) * (-x.Square()).Exp();
}

public sealed partial class Tensor
{
    /// <summary>
    /// Error function, 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x, element by element.
    /// </summary>
    public Tensor Erf() => Apply(new Erf(), this);
}
