// Rectifier. Its derivative is written on its output, so the input need not be kept.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>max(x, 0); NaN stays NaN.</summary>
public readonly struct ReluOp : INumberUnaryOp
{
    /// <inheritdoc/>
    public static AffineRole Affine => AffineRole.Rectifier;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, ILanes<V> => V.Max(x, V.Const(0));
}

internal sealed record Relu : NumberUnary<ReluOp>
{
    protected internal override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t) =>
        Tensor.Where(y > 0, t, 0);
}

public sealed partial class Tensor
{
    /// <summary>max(x, 0), element by element; its derivative at zero is zero.</summary>
    public Tensor Relu() => Apply(new Relu(), this);
}
