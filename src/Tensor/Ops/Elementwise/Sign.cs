// Sign: piecewise constant.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>-1, 0 or 1; zeros and NaN stay as they are.</summary>
public readonly struct SignOp : INumberUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, ILanes<V> =>
        V.Select(
            V.Less(x, V.Const(0)), V.Const(-1),
            V.Select(V.Less(V.Const(0), x), V.Const(1), x));
}

internal sealed record Sign : NumberUnary<SignOp>
{
    protected internal override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t) => null;
}

public sealed partial class Tensor
{
    /// <summary>-1, 0 or 1 by the sign, element by element (NaN stays NaN).</summary>
    public Tensor Sign() => Apply(new Sign(), this);
}
