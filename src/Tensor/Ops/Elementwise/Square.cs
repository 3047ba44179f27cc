// Square: dy/dx = 2 x.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>x^2.</summary>
public readonly struct SquareOp : INumberUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, ILanes<V> => x * x;
}

internal sealed record Square : NumberUnary<SquareOp>
{
    protected internal override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t) =>
        2 * x[0] * t;
}

public sealed partial class Tensor
{
    /// <summary>x squared, element by element.</summary>
    public Tensor Square() => Apply(new Square(), this);
}
