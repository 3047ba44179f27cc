// Absolute value: dy/dx = sign x, zero at zero.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>|x|.</summary>
public readonly struct AbsOp : INumberUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, ILanes<V> => V.Abs(x);
}

internal sealed record Abs : NumberUnary<AbsOp>
{
    protected internal override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t) =>
        t * x[0].Sign();
}

public sealed partial class Tensor
{
    /// <summary>Absolute value, element by element; its derivative at zero is zero.</summary>
    public Tensor Abs() => Apply(new Abs(), this);
}
